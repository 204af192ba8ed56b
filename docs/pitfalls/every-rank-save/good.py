"""Save a model from two processes that have trained it together."""

import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn


def work(rank, folder):
    """Be one of two ranks."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    model = nn.Linear(4, 1)
    written = torch.zeros(())
    if rank == 0:
        torch.save(model.state_dict(), Path(folder) / "model.pt")
        written += 1
    dist.all_reduce(written)
    if rank == 0:
        print(f"{int(written)} processes wrote model.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, args=(folder,), nprocs=2)
