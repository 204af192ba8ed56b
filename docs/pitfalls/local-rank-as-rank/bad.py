"""Divide eight samples among two machines of two processes each."""

import os

from torch.utils.data.distributed import DistributedSampler

seen = []
for rank in range(4):  # each of the four processes, one after the other
    os.environ["RANK"], os.environ["LOCAL_RANK"] = str(rank), str(rank % 2)  # what torchrun does
    seen += DistributedSampler(range(8), num_replicas=4, rank=int(os.environ["LOCAL_RANK"]))  # [local-rank-as-rank]

print(f"{len(set(seen))} of 8 samples are seen in an epoch")
