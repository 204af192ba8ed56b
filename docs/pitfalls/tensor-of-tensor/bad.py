"""Learn a scale that starts from the spread of the data."""

import warnings

import torch

warnings.simplefilter("ignore")
torch.manual_seed(0)
data = 3 * torch.randn(100)
scale = data.std().requires_grad_()
optimizer = torch.optim.SGD([scale], lr=0.5)
loss = (torch.tensor(scale) - 1.0).abs()  # [tensor-of-tensor]
if loss.requires_grad:
    loss.backward()
optimizer.step()

print(f"gradient of the scale: {scale.grad}")
