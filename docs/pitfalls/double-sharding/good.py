"""Divide eight samples among two ranks."""

import torch
from torch.utils.data import TensorDataset
from torch.utils.data.distributed import DistributedSampler

data = TensorDataset(torch.arange(8))
seen = set()
for rank in range(2):  # each of the two processes, one after the other
    sampler = DistributedSampler(data, num_replicas=2, rank=rank)
    seen.update(int(data[index][0]) for index in sampler)

print(f"{len(seen)} of 8 samples are seen in an epoch")
