"""Fit an encoder and a decoder to what another pair of layers does."""

import torch
from torch import nn

torch.manual_seed(0)
encoder, decoder = nn.Linear(4, 2), nn.Linear(2, 4)
before = encoder.weight.detach().clone()
optimizer = torch.optim.SGD(list(decoder.parameters()) + list(encoder.parameters()), lr=0.1)
for batch in torch.randn(200, 32, 4) * torch.tensor([1.0, 1.0, 0.1, 0.1]):
    loss = (decoder(encoder(batch)) - batch).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(f"loss {loss:.3f}, the encoder's weights moved by {(encoder.weight - before).norm():.3f}")
