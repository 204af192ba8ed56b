"""Resume with the model and the optimizer, and not the scheduler."""

import tempfile
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(0)


def build():
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
    return model, optimizer, scheduler


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "last.pt"
    model, optimizer, scheduler = build()
    for batch in torch.randn(3, 16, 4):
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        optimizer.step()
        scheduler.step()
    torch.save(
        {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, path
    )

    model, optimizer, scheduler = build()
    saved = torch.load(path, map_location="cpu")  # [incomplete-resume]
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    print(f"epochs that the resumed schedule knows of: {scheduler.last_epoch} of 3")
