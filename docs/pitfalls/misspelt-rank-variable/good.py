"""Choose a device by the local rank, as the second of two processes that torchrun has started."""

import os

import torch

os.environ["LOCAL_RANK"] = "1"  # what torchrun does
local_rank = int(os.environ["LOCAL_RANK"])

device = torch.device("cuda", local_rank)
print(f"local rank 1 takes {device}")
