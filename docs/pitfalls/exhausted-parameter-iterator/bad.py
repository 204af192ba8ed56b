"""Train with clipped gradients; the optimizer and the clipping get the same parameters."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
parameters = model.parameters()
optimizer = torch.optim.SGD(parameters, lr=1e-5)
norms = []
for batch in torch.randn(5, 16, 4) * 100:
    optimizer.zero_grad()
    model(batch).square().mean().backward()
    nn.utils.clip_grad_norm_(parameters, max_norm=1.0)  # [exhausted-parameter-iterator]
    norms.append(torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item())
    optimizer.step()

print(f"largest norm of a gradient that was clipped to 1: {max(norms):.1f}")
