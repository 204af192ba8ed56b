"""Accumulate the gradients of four batches for each step."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
shares = []
window = torch.zeros_like(model.weight)
for index, batch in enumerate(torch.randn(40, 16, 4)):
    loss = model(batch).square().mean() / 4
    window += torch.autograd.grad(loss, model.weight, retain_graph=True)[0]
    loss.backward()
    if (index + 1) % 4 == 0:
        shares.append((model.weight.grad.norm() / window.norm()).item())
        optimizer.step()
        optimizer.zero_grad()
        window.zero_()

print(f"share of the window's gradient that a step follows: {sum(shares) / len(shares):.2f}")
