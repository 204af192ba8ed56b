"""Save the weights of a wrapped module, under their own names."""

import tempfile
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(0)
# pylint: disable-next=data-parallel
model = torch.compile(nn.Linear(4, 2))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.pt"
    torch.save(model._orig_mod.state_dict(), path)
    bare = nn.Linear(4, 2)
    try:
        bare.load_state_dict(torch.load(path, map_location="cpu"))
        print("loaded into a bare module")
    except RuntimeError as error:
        print(str(error).splitlines()[1].strip())
