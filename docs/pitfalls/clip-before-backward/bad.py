"""Fit a line whose data hold one outlier, with clipped gradients."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
largest = 0.0
for step in range(50):
    x = torch.randn(16, 1)
    y = 2 * x + (10_000 if step == 25 else 0)
    before = model.bias.item()
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)  # [clip-before-backward]
    loss.backward()
    optimizer.step()
    largest = max(largest, abs(model.bias.item() - before))

print(f"largest change of the bias in one step, clipped to 0.1: {largest:.1f}")
