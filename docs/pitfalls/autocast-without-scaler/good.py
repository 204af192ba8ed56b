"""Train in half precision where the gradients are small."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
start = model.weight.detach().clone()
optimizer = torch.optim.SGD(model.parameters(), lr=1e6)
scaler = torch.amp.GradScaler("cpu")
for batch in torch.randn(50, 16, 4):  # 50 batches of shape (16, 4)
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        output = model(batch)
    loss = 1e-7 * (output.float() - 1).square().mean()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()

print(f"loss {loss.item():.2e}; the weights moved by {(model.weight - start).norm():.6f}")
