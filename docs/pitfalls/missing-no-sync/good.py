"""Accumulate the gradients of four batches; how often they are averaged over the ranks."""

from contextlib import nullcontext

import torch
import torch.distributed as dist
from torch import nn


def average(calls, bucket):
    """Count one exchange of gradients; in a group of one there is nothing to do."""
    calls.append(bucket.index())
    done = torch.futures.Future()
    done.set_result(bucket.buffer())
    return done


dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
model = nn.parallel.DistributedDataParallel(nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
calls = []
model.register_comm_hook(calls, average)
for index, batch in enumerate(torch.randn(12, 16, 4)):  # 12 batches of shape (16, 4)
    with nullcontext() if index % 4 == 3 else model.no_sync():
        loss = model(batch).square().mean() / 4
        loss.backward()
    if index % 4 == 3:
        optimizer.step()
        optimizer.zero_grad()

if dist.get_rank() == 0:
    print(f"{len(calls)} exchanges for 3 steps")
dist.destroy_process_group()
