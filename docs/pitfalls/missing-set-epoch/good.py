"""Train for five epochs on the share of the data that one of two ranks has."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

torch.manual_seed(0)
data = torch.randn(8, 4)
sampler = DistributedSampler(data, num_replicas=2, rank=0)
loader = DataLoader(data, batch_size=2, sampler=sampler)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
orders = set()
for epoch in range(5):
    sampler.set_epoch(epoch)
    orders.add(tuple(sampler))
    for batch in loader:
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        optimizer.step()

print(f"{len(orders)} different orders in 5 epochs")
