"""A training script for ``verify-resume`` with two Checkpointers: python resumes_twice.py FOLDER."""

import sys
from pathlib import Path

import torch
from torch import nn

import torchguard as tg


def main(folder: Path) -> None:
    tg.seed_everything(0)
    nets = [nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5)) for _ in range(2)]
    optimizers = [torch.optim.AdamW(net.parameters(), lr=0.01) for net in nets]
    both = [
        tg.Checkpointer(folder / name, every_steps=4, model=net, optimizer=optimizer)
        for name, net, optimizer in zip(("generator", "critic"), nets, optimizers, strict=True)
    ]
    for checkpoints in both:
        checkpoints.resume()
    while both[-1].step < 12:
        for net, optimizer, checkpoints in zip(nets, optimizers, both, strict=True):
            optimizer.zero_grad()
            net(torch.randn(4, 6)).square().mean().backward()
            optimizer.step()
            checkpoints.tick()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
