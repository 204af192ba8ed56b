"""Collect a model's outputs as arrays."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 2)
arrays = []
try:
    for _ in range(10):
        outputs = model(torch.randn(16, 8))
        arrays.append(outputs.numpy())  # [numpy-of-live-tensor]
except RuntimeError as error:
    print(f"RuntimeError: {error}")

print(f"arrays collected: {len(arrays)} of 10")
