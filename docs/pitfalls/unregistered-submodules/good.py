"""Build a network of three hidden layers and train it."""

import torch
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.head(x)


torch.manual_seed(0)
model = Network()
before = model.hidden[0].weight.clone()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
inputs, labels = torch.randn(64, 8), torch.randint(2, (64,))
for _ in range(20):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(inputs), labels).backward()
    optimizer.step()

moved = (model.hidden[0].weight - before).norm().item()
print(f"layers in the state dict: {len(model.state_dict()) // 2} of 4, first layer moved by {moved:.3f}")
