"""Fit a line to noisy points, for thirty steps."""

import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(64, 1)
targets = 3 * inputs + 0.1 * torch.randn(64, 1)
model = nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(30):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(inputs), targets)
    loss.backward()
    optimizer.step()

print(f"loss {loss:.3f}")
