"""Train a classifier for ten steps."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
inputs, labels = torch.randn(64, 8), torch.randint(2, (64,))
losses = []
for _ in range(10):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(inputs), labels)
    losses.append(loss.item())
    loss = torch.tensor(loss.item(), requires_grad=True)
    loss.backward()  # [detached-loss]
    optimizer.step()

print(f"loss at the first step: {losses[0]:.4f}, at the last: {losses[-1]:.4f}")
