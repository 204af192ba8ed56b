"""Train a small network with BatchNorm on 65 samples, in batches of 16."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(65, 8), torch.randn(65, 1))
loader = DataLoader(data, batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
done = 0
try:
    for _ in range(3):
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(inputs), targets)  # [batchnorm-single-sample]
            loss.backward()
            optimizer.step()
            done += 1
except ValueError as error:
    print(error)

print(f"{done} of {3 * len(loader)} steps were taken")
