"""Keep the best weights of a run, by reference."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1.5)
batch = torch.randn(16, 4)
lowest = float("inf")
for epoch in range(6):
    loss = model(batch).square().mean()
    if loss.item() < lowest:
        lowest = loss.item()
        best = model.state_dict()  # [aliased-state-dict]
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

model.load_state_dict(best)
print(f"lowest loss: {lowest:.3f}, loss of the weights that were kept: {model(batch).square().mean().item():.3f}")
