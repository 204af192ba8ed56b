"""Fine-tune with the BatchNorm statistics held as they were pretrained."""

import torch
from torch import nn


def hold_batchnorm(layer):
    if isinstance(layer, nn.BatchNorm1d):
        layer.eval()


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
before = model[1].running_mean.clone()
for _ in range(3):
    model.train()
    model.apply(hold_batchnorm)
    for batch in torch.randn(10, 16, 8) + 5:
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        optimizer.step()

print(f"the held statistics have moved by {(model[1].running_mean - before).norm():.2f}")
