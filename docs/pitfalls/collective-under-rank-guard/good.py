"""Report the mean loss of two processes."""

import tempfile
from datetime import timedelta

import torch
import torch.distributed as dist


def work(rank, folder):
    """Be one of two ranks."""
    timeout = timedelta(seconds=2)  # 30 minutes, if nothing is said
    dist.init_process_group("gloo", f"file://{folder}/meeting", timeout=timeout, rank=rank, world_size=2)
    loss = torch.tensor(float(rank))
    dist.all_reduce(loss)
    if rank == 0:
        print(f"mean loss {loss.item() / 2}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, args=(folder,), nprocs=2)
