"""Ask the module to be lenient, and look at what it left out."""

import tempfile
from pathlib import Path

import torch
from torch import nn

model = nn.Linear(4, 2)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.pt"
    torch.save({"weight": torch.ones(2, 4)}, path)  # no bias
    weights = torch.load(path, weights_only=True)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    print(f"missing: {missing}")

print(f"weights loaded: {bool((model.weight == 1).all())}")
