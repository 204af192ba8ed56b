"""Give a pretrained model a new head, and train it."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 16)
        self.head = nn.Linear(16, 1000)

    def forward(self, x):
        return self.head(self.body(x).relu())


torch.manual_seed(0)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model.head = nn.Linear(16, 2)
before = model.head.weight.clone()
for inputs in torch.randn(20, 16, 8):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(inputs), (inputs.sum(dim=1) > 0).long()).backward()
    optimizer.step()  # [stale-optimizer]

print(f"the new head has moved by {(model.head.weight - before).norm():.3f}")
