"""Save weights from host memory, to which each of them is copied."""

import tempfile
from pathlib import Path

import torch
from torch import nn


class Counted(nn.Linear):
    """Counts how often its own weights are moved."""

    moves = 0

    def _apply(self, *arguments, **keywords):
        self.moves += 1
        return super()._apply(*arguments, **keywords)


device = "cuda" if torch.cuda.is_available() else "cpu"
model = Counted(4, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
before = model.moves
with tempfile.TemporaryDirectory() as folder:
    for epoch in range(2):
        loss = model(torch.zeros(16, 4, device=model.weight.device)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        weights = {key: value.cpu() for key, value in model.state_dict().items()}
        torch.save(weights, Path(folder) / "model.pt")

print(f"the live weights were moved {model.moves - before} times, and lie on {model.weight.device} for {device}")
