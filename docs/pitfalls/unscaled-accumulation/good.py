"""Fit a line in batches of four, eight of which make up one step."""

import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(256, 4)
targets = inputs.sum(dim=1, keepdim=True)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
for index, chosen in enumerate(torch.arange(256).split(4)):
    loss = nn.functional.mse_loss(model(inputs[chosen]), targets[chosen])
    (loss / 8).backward()
    if (index + 1) % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()

print(f"error {nn.functional.mse_loss(model(inputs), targets):.3f}")
