"""Train for ten epochs with a rate that falls along a cosine, once."""

import torch
from torch import nn
from torch.utils.data import DataLoader

epochs = 10
model = nn.Linear(4, 1)
loader = DataLoader(torch.randn(80, 4), batch_size=8)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
rates = []
for _ in range(epochs):
    for batch in loader:
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        optimizer.step()
        scheduler.step()  # [scheduler-cadence]
    rates.append(round(scheduler.get_last_lr()[0], 3))

print(f"learning rates after each epoch: {rates}")
