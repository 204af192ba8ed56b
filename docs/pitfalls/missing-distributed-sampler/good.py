"""Train a DDP model in two processes on a data set of eight samples."""

import tempfile

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler


def work(rank, folder):
    """Be one of two ranks."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    data = TensorDataset(torch.arange(32.0).view(8, 4))
    loader = DataLoader(data, batch_size=2, sampler=DistributedSampler(data))
    model = nn.parallel.DistributedDataParallel(nn.Linear(4, 1))
    computed = torch.zeros(())
    for (batch,) in loader:
        model(batch).square().mean().backward()
        computed += len(batch)
    dist.all_reduce(computed)
    if rank == 0:
        print(f"{int(computed)} samples were computed, of {len(data)}")
    dist.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, args=(folder,), nprocs=2)
