"""Classify the same inputs twice in eval mode."""

import torch
from torch import nn
from torch.nn import functional as F


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 32)
        self.out = nn.Linear(32, 2)

    def forward(self, x):
        x = F.relu(self.hidden(x))
        x = F.dropout(x, 0.5, training=self.training)
        return self.out(x)


torch.manual_seed(0)
model = Classifier().eval()
inputs = torch.randn(1000, 8)
with torch.no_grad():
    first, second = (model(inputs).argmax(dim=1) for _ in range(2))

print(f"{(first != second).sum().item()} of 1000 answers differ between two runs")
