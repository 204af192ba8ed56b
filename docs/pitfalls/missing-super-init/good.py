"""Build a classifier and count what it can learn."""

import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.features = features
        self.layer = nn.Linear(features, 2)

    def forward(self, x):
        return self.layer(x)


try:
    model = Classifier(8)
    outputs = model(torch.randn(4, 8))
    learned = sum(p.numel() for p in model.parameters())
except AttributeError as error:
    print(f"AttributeError: {error}")
    learned = 0

print(f"parameters to learn: {learned}")
