"""Evaluate a model without keeping the graph."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 2).eval()
with torch.no_grad():
    inputs = torch.randn(16, 8)
    outputs = model(inputs)

print(f"type: {type(inputs).__name__}, the outputs hold on to a graph: {outputs.requires_grad}")
