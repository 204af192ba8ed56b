"""Compute the gradients of a DDP model in two processes."""

import tempfile

import torch
import torch.distributed as dist
from torch import nn


def work(rank, folder):
    """Be one of two ranks."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(nn.Linear(4, 1))
    batch = torch.ones(8, 4) * (rank + 1)
    model.module(batch).mean().backward()  # [bypassed-ddp]
    weight = model.module.weight
    gradients = [torch.empty_like(weight) for _ in range(2)]
    dist.all_gather(gradients, weight.grad)
    if rank == 0:
        print(f"the gradients of the ranks differ by {(gradients[0] - gradients[1]).abs().max().item()}")
    dist.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, args=(folder,), nprocs=2)
