"""Save every epoch over the file of the epoch before."""

import os
import tempfile

import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


class Killed(Exception):
    """Stands for a kill in the middle of a save."""


class Fragile:
    """Cannot be written: the process is killed here."""

    def __reduce__(self):
        raise Killed


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    try:
        for epoch in range(2):
            model(torch.randn(16, 4)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
            state = {"model": model.state_dict(), "epoch": Fragile() if epoch else epoch}
            torch.save(state, "last.pt")  # [overwritten-checkpoint]
    except Killed:
        print("killed while saving epoch 1")
    try:
        print(f"epoch in the file: {torch.load('last.pt', map_location='cpu')['epoch']}")
    except Exception as error:
        print(f"no checkpoint left: {type(error).__name__}")
    os.chdir("/")
