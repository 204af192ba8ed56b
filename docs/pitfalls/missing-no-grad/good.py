"""Validate a classifier batch by batch."""

import torch
from torch import nn
from torch.utils.data import DataLoader


@torch.no_grad()
def validate(model, loader):
    model.eval()
    found = 0
    for batch in loader:
        found += model(batch).argmax(dim=1).sum().item()
    return found


kept = []
model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(), nn.Linear(256, 2))
model.register_forward_hook(lambda module, inputs, output: kept.append(output.requires_grad))
validate(model, DataLoader(torch.randn(1024, 64), batch_size=64))

print(f"{sum(kept)} of {len(kept)} batches kept their activations for a backward pass")
