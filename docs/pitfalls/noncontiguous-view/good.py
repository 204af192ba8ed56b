"""Flatten the pixels of feature maps, the channels last."""

import torch
from torch import nn

torch.manual_seed(0)
convolution = nn.Conv2d(3, 8, 3)
pixels = 0
try:
    for _ in range(4):
        features = convolution(torch.randn(2, 3, 10, 10))
        rows = features.permute(0, 2, 3, 1).reshape(-1, 8)
        pixels += len(rows)
except RuntimeError as error:
    print(f"RuntimeError: {error}")

print(f"pixels seen: {pixels} of {4 * 2 * 8 * 8}")
