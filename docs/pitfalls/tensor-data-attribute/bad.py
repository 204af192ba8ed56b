"""Keep a model's outputs within bounds for a plot, and train on them."""

import torch

torch.manual_seed(0)
weight = torch.randn(8, requires_grad=True)
outputs = weight.exp()
shown = outputs.data  # [tensor-data-attribute]
wanted = outputs.detach().clone()  # exp is its own derivative
shown /= shown.max()
try:
    outputs.sum().backward()
    print(f"gradient is off by {(weight.grad - wanted).abs().max():.3f}, and nothing was said")
except RuntimeError as error:
    print(f"RuntimeError: {error}")
