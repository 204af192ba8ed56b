"""Accumulate the gradients of four batches in half precision, and clip them."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
steps = 0
try:
    for index, batch in enumerate(torch.randn(48, 16, 4)):  # 48 batches of shape (16, 4)
        with torch.autocast("cpu", dtype=torch.float16):
            output = model(batch)
        loss = (output.float() - 1).square().mean() / 4
        scaler.scale(loss).backward()
        if index % 4 == 3:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            steps += 1
except RuntimeError as error:
    print(error)

print(f"{steps} of 12 steps were taken")
