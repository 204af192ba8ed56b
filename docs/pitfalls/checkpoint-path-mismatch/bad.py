"""Save under one name and load under another."""

import os
import tempfile

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 2)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    torch.save(model.state_dict(), "model.pt")
    try:
        weights = torch.load("./model.pth", map_location="cpu")  # [checkpoint-path-mismatch]
        print(f"tensors loaded: {len(weights)}")
    except FileNotFoundError as error:
        print(f"tensors loaded: 0 ({error.strerror}: {error.filename})")
    os.chdir("/")
