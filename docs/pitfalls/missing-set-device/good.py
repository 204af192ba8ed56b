"""Say which GPU each rank computes on; run it with: torchrun --nproc-per-node 2 good.py."""

import os

import torch
import torch.distributed as dist
from torch import nn

if torch.cuda.is_available():
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl")
    model = nn.Linear(4, 1).cuda()
    print(f"rank {dist.get_rank()} computes on {model.weight.device}")
    dist.destroy_process_group()
else:
    print("this needs GPUs")
