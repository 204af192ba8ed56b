"""Train in half precision with a gradient scaler."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
steps = 0
try:
    for batch in torch.randn(50, 16, 4):  # 50 batches of shape (16, 4)
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            output = model(batch)
        loss = (output.float() - 1).square().mean()
        scaler.scale(loss).backward()
        scaler.step(optimizer)  # [missing-scaler-update]
        steps += 1
except RuntimeError as error:
    print(error)

print(f"{steps} of 50 steps were taken")
