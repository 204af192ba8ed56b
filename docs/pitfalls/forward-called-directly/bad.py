"""Record the output of a layer with a hook."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
recorded = []
model.register_forward_hook(lambda module, inputs, output: recorded.append(output.mean().item()))
for _ in range(5):
    model.forward(torch.randn(16, 8))  # [forward-called-directly]

print(f"outputs recorded: {len(recorded)} of 5")
