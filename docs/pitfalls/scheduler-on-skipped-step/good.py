"""Warm the learning rate up over four steps, in half precision."""

import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")
torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=4)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**20)  # too large at first, as it happens with large gradients
rates = []
for batch in torch.randn(10, 16, 4):  # 10 batches of shape (16, 4)
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        output = model(batch)
    loss = (output - 10).square().mean()
    scaler.scale(loss).backward()
    before, rate = model.weight.detach().clone(), optimizer.param_groups[0]["lr"]
    scaler.step(optimizer)
    scale = scaler.get_scale()
    scaler.update()
    if not before.equal(model.weight):
        rates.append(rate)
    if scaler.get_scale() >= scale:
        scheduler.step()

print("learning rates of the first steps taken: " + ", ".join(f"{rate:.3f}" for rate in rates[:3]))
