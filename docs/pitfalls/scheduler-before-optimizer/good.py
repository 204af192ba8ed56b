"""Train for three epochs with a rate that falls tenfold after each."""

import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")  # torch warns of this, once, in the middle of everything else
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.1)
rates = []
for _ in range(3):
    for batch in torch.randn(4, 8, 4):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        optimizer.step()
    scheduler.step()

print(f"learning rates of the epochs: {[round(rate, 6) for rate in rates[::4]]}")
