"""Train in half precision, as it was written for torch 1.6."""

import warnings

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    scaler = torch.cuda.amp.GradScaler(enabled=torch.cuda.is_available())  # [deprecated-cuda-amp]
    for batch in torch.randn(10, 16, 4):  # 10 batches of shape (16, 4)
        optimizer.zero_grad()
        with torch.cuda.amp.autocast(enabled=torch.cuda.is_available()):  # [deprecated-cuda-amp]
            loss = model(batch).square().mean()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

print(f"{sum(issubclass(one.category, FutureWarning) for one in seen)} warnings in 10 batches")
