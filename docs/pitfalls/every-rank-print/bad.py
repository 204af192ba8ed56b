"""Say from two processes what they have computed together."""

import tempfile

import torch
import torch.distributed as dist


def work(rank, folder):
    """Be one of two ranks."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    total = torch.tensor(float(rank))
    dist.all_reduce(total)
    print(f"the sum is {total.item()}")  # [every-rank-print]
    dist.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, args=(folder,), nprocs=2)
