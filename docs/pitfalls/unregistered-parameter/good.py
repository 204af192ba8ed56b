"""Learn the scale of a signal."""

import torch
from torch import nn


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1))
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.scale * x + self.shift


torch.manual_seed(0)
model = Scale()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
inputs = torch.randn(64)
for _ in range(100):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs), 3 * inputs).backward()
    optimizer.step()

print(f"learned scale: {model.scale.item():.2f} of 3.00, saved: {list(model.state_dict())}")
