"""Put a model in train mode after a validation."""

import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5))
model.eval()
model.train()

outputs = model(torch.ones(100, 8))
print(f"in train mode: {model.training}, outputs dropped: {(outputs == 0).float().mean().item():.0%}")
