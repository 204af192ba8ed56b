"""Train on all devices of this machine; how often the model is copied to each of them."""

import torch
from torch import nn

devices = max(torch.cuda.device_count(), 1)
model = nn.DataParallel(nn.Linear(4, 1).to("cuda:0" if torch.cuda.is_available() else "cpu"))  # [data-parallel]
for batch in torch.randn(10, 16, 4):  # 10 batches of shape (16, 4)
    model(batch).square().mean().backward()

print(f"1 process, {devices} device(s); copies of the model to each of the others: 10")
