"""Train a classifier and report the mean loss."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
total, steps = 0.0, 0
try:
    for _ in range(10):
        inputs, labels = torch.randn(16, 8), torch.randint(2, (16,))
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
        steps += 1
except IndexError as error:
    print(f"IndexError: {error}")

print(f"steps counted: {steps} of 10, mean loss: {total / max(steps, 1):.3f}")
