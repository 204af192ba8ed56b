"""Save a module's weights, and load them where its class has another name."""

import tempfile
from pathlib import Path

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)


model = Net()
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.pt"
    torch.save(model.state_dict(), path)
    Renamed = Net
    del Net
    try:
        Renamed().load_state_dict(torch.load(path))
        print("weights loaded")
    except Exception as error:
        print(f"nothing loaded: {type(error).__name__}")
