"""Train a new head on a backbone that stays as it is."""

import torch
from torch import nn

torch.manual_seed(0)
backbone = nn.Linear(8, 16)
head = nn.Linear(16, 2)
backbone.requires_grad_(False)
before = backbone.weight.clone()
optimizer = torch.optim.SGD([*backbone.parameters(), *head.parameters()], lr=0.1)
inputs, labels = torch.randn(64, 8), torch.randint(2, (64,))
for _ in range(20):
    optimizer.zero_grad()
    nn.functional.cross_entropy(head(backbone(inputs)), labels).backward()
    optimizer.step()

print(f"the frozen backbone has moved by {(backbone.weight - before).norm().item():.3f}")
