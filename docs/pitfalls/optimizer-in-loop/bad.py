"""Fit a narrow valley with momentum."""

import torch
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(0)
inputs = torch.randn(256, 2) * torch.tensor([1.0, 0.1])
loader = DataLoader(list(zip(inputs, inputs.sum(dim=1, keepdim=True))), batch_size=64)
model = nn.Linear(2, 1)
for _ in range(50):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.95)  # [optimizer-in-loop]
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()

print(f"distance to the solution: {(model.weight - 1).norm():.3f}")
