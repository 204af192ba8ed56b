"""Time twenty calls of a network, on a GPU if there is one: only there the clock is read too early."""

import time

import torch
from torch import nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = nn.Sequential(*[nn.Linear(512, 512) for _ in range(8)]).to(device)
batch = torch.randn(256, 512, device=device)
model(batch)
if device.type == "cuda":
    torch.cuda.synchronize()
start = time.perf_counter()
for _ in range(20):
    output = model(batch)
if device.type == "cuda":
    torch.cuda.synchronize()
seconds = time.perf_counter() - start
output.sum().item()
waited = time.perf_counter() - start - seconds

print(f"{waited / (seconds + waited):.0%} of the work was still to do when the clock was read")
if device.type == "cpu":
    print("which is measured on a CPU, whose calls come back when the work is done: the harm shows on a GPU only")
