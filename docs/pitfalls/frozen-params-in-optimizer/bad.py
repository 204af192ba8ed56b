"""Train on with the first layer frozen."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
batches = torch.randn(50, 16, 4)  # 50 batches of shape (16, 4)
model(batches[0]).square().mean().backward()  # the first layer was trained before, so it has gradients

model[0].requires_grad_(False)
frozen = model[0].weight.clone()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)  # [frozen-params-in-optimizer]
for batch in batches:
    optimizer.zero_grad(set_to_none=False)
    model(batch).square().mean().backward()
    optimizer.step()

print(f"the frozen weights shrank by {1 - model[0].weight.norm() / frozen.norm():.0%}")
