"""Compute in bfloat16 on every device: what a replica's thread knows of the autocast around the call."""

import threading

import torch
from torch import nn


class Net(nn.Module):
    """A layer that notes in which type it computes."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.types = []

    def forward(self, x):
        self.types.append(torch.get_autocast_dtype("cuda"))
        return self.layer(x)


def replicate(module, x):
    """Run a module in a thread of its own, as DataParallel does for each of several devices."""
    thread = threading.Thread(target=module, args=(x,))
    thread.start()
    thread.join()


net = Net()
# pylint: disable-next=data-parallel
model = nn.DataParallel(net)
x = torch.randn(8, 4)
with torch.autocast("cuda", dtype=torch.bfloat16):
    model(x.to(next(net.parameters()).device))  # [autocast-outside-replica]
    replicate(net, x.to(next(net.parameters()).device))

print(f"the type under autocast: {net.types[0]}; in a replica: {net.types[1]}")
