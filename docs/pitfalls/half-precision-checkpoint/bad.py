"""Save a checkpoint to resume from, with weights in half precision."""

import copy
import tempfile
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(64, 64)
optimizer = torch.optim.Adam(model.parameters())
model(torch.randn(8, 64)).square().mean().backward()
optimizer.step()
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "last.pt"
    small = copy.deepcopy(model).half()
    torch.save({"model": small.state_dict(), "optimizer": optimizer.state_dict()}, path)  # [half-precision-checkpoint]
    resumed = nn.Linear(64, 64)
    resumed.load_state_dict(torch.load(path, map_location="cpu")["model"])

changed = (resumed.weight != model.weight).sum()
print(f"weights that are not as they were: {int(changed)} of {model.weight.numel()}")
