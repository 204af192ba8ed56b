"""Load weights that were saved from a wrapped module."""

import tempfile
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(0)
trained = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "weights.pt"
    # pylint: disable-next=data-parallel
    torch.save(nn.DataParallel(trained).state_dict(), path)  # each key begins with "module."
    weights = torch.load(path, map_location="cpu")

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
missing, unexpected = model.load_state_dict(weights, strict=False)
if missing or unexpected:
    model.load_state_dict({key.removeprefix("module."): tensor for key, tensor in weights.items()})

loaded = [torch.equal(mine, saved) for mine, saved in zip(model.parameters(), trained.parameters(), strict=True)]
print(f"parameters loaded: {sum(loaded)} of {len(loaded)}")
