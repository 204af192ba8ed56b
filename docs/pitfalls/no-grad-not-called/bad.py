"""Evaluate a model and keep its outputs."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 2).eval()
torch.no_grad()  # [no-grad-not-called]
outputs = [model(torch.randn(16, 8)) for _ in range(10)]

print(f"outputs that hold on to their graph: {sum(output.requires_grad for output in outputs)} of {len(outputs)}")
