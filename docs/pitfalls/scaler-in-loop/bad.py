"""Train with a scaled loss, where the first scale is too large for half precision."""

import torch
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(0)
loader = DataLoader(torch.randn(64, 4) * 30, batch_size=8)
model = nn.Linear(4, 1).half()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
skipped = 0
for _ in range(5):
    scaler = torch.amp.GradScaler("cpu")  # [scaler-in-loop]
    for batch in loader:
        optimizer.zero_grad()
        loss = model(batch.half()).float().square().mean()
        scaler.scale(loss).backward()
        before = scaler.get_scale()
        model.float()
        scaler.step(optimizer)
        scaler.update()
        model.half()
        skipped += scaler.get_scale() < before

print(f"{skipped} of {5 * len(loader)} steps were skipped")
