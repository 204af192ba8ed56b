"""Train a head on a frozen backbone."""

import torch
from torch import nn

torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU())
head = nn.Linear(8, 1)
backbone.requires_grad_(False)
optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
before = backbone[1].running_mean.clone()
for batch in torch.randn(50, 16, 4) + 3:  # 50 batches of shape (16, 4)
    optimizer.zero_grad()
    loss = head(backbone(batch)).square().mean()  # [frozen-batchnorm-updates]
    loss.backward()
    optimizer.step()

print(f"the frozen running_mean moved by {(backbone[1].running_mean - before).norm():.3f}")
