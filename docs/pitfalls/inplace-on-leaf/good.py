"""Fit a line by gradient descent, written by hand."""

import torch

torch.manual_seed(0)
x = torch.randn(64, 1)
y = 3 * x + 1
weight, bias = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
steps = 0
try:
    for _ in range(100):
        loss = (x * weight + bias - y).pow(2).mean()
        loss.backward()
        with torch.no_grad():
            weight -= 0.1 * weight.grad
            bias -= 0.1 * bias.grad
        weight.grad.zero_()
        bias.grad.zero_()
        steps += 1
except RuntimeError as error:
    print(f"RuntimeError: {error}")

print(f"steps taken: {steps} of 100, weight: {weight.item():.3f}, wanted: 3")
