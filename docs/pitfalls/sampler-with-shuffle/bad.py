"""Load the share of one of two ranks, in a shuffled order."""

import torch
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

data = torch.arange(8)
sampler = DistributedSampler(data, num_replicas=2, rank=0)
batches = 0
try:
    loader = DataLoader(data, batch_size=2, sampler=sampler, shuffle=True)  # [sampler-with-shuffle]
    batches = len(list(loader))
except ValueError as error:
    print(error)

print(f"{batches} batches")
