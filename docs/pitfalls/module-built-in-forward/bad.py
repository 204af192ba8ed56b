"""Predict twice with the same trained model."""

import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 32)
        self.head = nn.Linear(32, 2)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        x = nn.Dropout(0.5)(x)  # [module-built-in-forward]
        return self.head(x)


torch.manual_seed(0)
model = Classifier().eval()
inputs = torch.randn(100, 8)
with torch.no_grad():
    first, second = model(inputs).argmax(dim=1), model(inputs).argmax(dim=1)

print(f"predictions that differ between two runs in eval mode: {(first != second).sum().item()} of 100")
