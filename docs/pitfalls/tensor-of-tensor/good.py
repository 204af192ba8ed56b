"""Learn a scale that starts from the spread of the data."""

import torch

torch.manual_seed(0)
data = 3 * torch.randn(100)
scale = data.std().requires_grad_()
optimizer = torch.optim.SGD([scale], lr=0.5)
loss = (scale - 1.0).abs()
if loss.requires_grad:
    loss.backward()
optimizer.step()

print(f"gradient of the scale: {scale.grad}")
