"""Train two models in half precision with one gradient scaler."""

import torch
from torch import nn

torch.manual_seed(0)
first, second = nn.Linear(4, 1), nn.Linear(4, 1)
start = second.weight.detach().clone()
first_optimizer = torch.optim.SGD(first.parameters(), lr=0.1)
second_optimizer = torch.optim.SGD(second.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for batch in torch.randn(50, 16, 4):  # 50 batches of shape (16, 4)
    first_optimizer.zero_grad()
    second_optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        first_output, second_output = first(batch), second(batch)
    scaler.scale((first_output.float() - 1).square().mean()).backward()
    loss = (second_output.float() - 1).square().mean()
    scaler.scale(loss).backward()
    scaler.step(first_optimizer)
    scaler.step(second_optimizer)
    scaler.update()

print(f"loss {loss.item():.4f}; the weights moved by {(second.weight - start).norm():.6f}")
