"""Train a deep network on ten batches, and count the activations that wait for a backward pass."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(*[layer for _ in range(8) for layer in (nn.Linear(64, 64), nn.Tanh())])
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
waiting = most = 0


class Kept:
    """An activation that the graph keeps."""

    def __init__(self, tensor):
        global waiting, most
        self.tensor, self.size = tensor, tensor.numel()
        waiting += self.size
        most = max(most, waiting)

    def __del__(self):
        global waiting
        waiting -= self.size


with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.tensor):
    for batch in torch.randn(10, 256, 64):  # 10 batches of shape (256, 64)
        optimizer.zero_grad()
        loss = model(batch).square().mean()
        loss.backward()
        optimizer.step()

print(f"{most / 1e6:.2f} million numbers kept at once")
