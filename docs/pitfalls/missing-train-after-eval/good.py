"""Train a classifier, and validate it after each epoch."""

import torch
from torch import nn


def train_epoch(model, optimizer, batches):
    model.train()
    for inputs in batches:
        optimizer.zero_grad()
        model(inputs).square().mean().backward()
        optimizer.step()


@torch.no_grad()
def validate(model, inputs):
    model.eval()
    return model(inputs).square().mean().item()


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.Dropout(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
updates = []
for _ in range(3):
    train_epoch(model, optimizer, torch.randn(10, 16, 8))
    validate(model, torch.randn(64, 8))
    updates.append(model[1].num_batches_tracked.item())

print(f"batches that BatchNorm had seen after each epoch: {updates}")
