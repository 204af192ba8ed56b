"""Train a recurrent network on one long sequence, a piece at a time."""

import torch
from torch import nn

torch.manual_seed(0)
network = nn.GRU(4, 8)
optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
hidden = torch.zeros(1, 1, 8)
steps = 0
try:
    for piece in torch.randn(20, 5, 1, 4):
        optimizer.zero_grad()
        output, hidden = network(piece, hidden)  # [hidden-state-not-detached]
        loss = output.pow(2).mean()
        loss.backward()
        optimizer.step()
        steps += 1
except RuntimeError as error:
    print(f"RuntimeError: {str(error)[:60]}...")

print(f"steps made: {steps} of 20")
