"""Seed again after a resume."""

import tempfile
from pathlib import Path

import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def train(epochs):
    order = []
    for _ in range(epochs):
        order.append(torch.randperm(100)[0].item())
        optimizer.zero_grad()
        model(torch.randn(16, 4)).square().mean().backward()
        optimizer.step()
    return order


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "last.pt"
    torch.manual_seed(0)
    first = train(3)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": torch.get_rng_state()}, path)

    saved = torch.load(path, map_location="cpu")
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.manual_seed(0)  # [reseeded-resume]
    print(f"shuffles that come again after the resume: {sum(a == b for a, b in zip(first, train(3)))} of 3")
