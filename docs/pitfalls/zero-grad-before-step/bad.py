"""Train a linear model."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
start = model.weight.detach().clone()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for batch in torch.randn(50, 16, 4):  # 50 batches of shape (16, 4)
    loss = model(batch).square().mean()
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()  # [zero-grad-before-step]

print(f"loss {loss.item():.6f}; the weights moved by {(model.weight - start).norm():.6f}")
