"""A training script for ``verify-resume``, with one thing left out: python resumes.py FOLDER WHAT."""

import copy
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader

import torchguard as tg


def main(folder: str, left_out: str) -> None:
    if left_out != "seed":
        tg.seed_everything(0)
    data = list(torch.randn(24, 6, generator=torch.Generator().manual_seed(0)))
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 3))
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    loader = tg.ResumableLoader(data, batch_size=4, seed=0, shuffle=True)
    if left_out == "loader":
        loader = DataLoader(data, 4, shuffle=True)
    parts = {"model": model, "average": average, "optimizer": optimizer, "scheduler": scheduler, "loader": loader}
    parts.pop(left_out, None)
    checkpoints = tg.Checkpointer(folder, every_steps=4, **parts)
    if left_out != "resume":
        checkpoints.resume()
    while checkpoints.step < 12:
        for x in loader:
            optimizer.zero_grad()
            loss = model(x).square().mean() + average(x).square().mean()
            loss.backward()
            optimizer.step()
            scheduler.step()
            average.load_state_dict(model.state_dict())
            checkpoints.tick()
            if checkpoints.step >= 12:
                break


if __name__ == "__main__":
    main(*sys.argv[1:])
