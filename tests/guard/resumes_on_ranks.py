"""A training script for ``verify-resume`` under torchrun, with one thing left out: resumes_on_ranks.py FOLDER WHAT."""

import sys

import torch
from torch import nn

import torchguard as tg


def main(folder: str, left_out: str) -> None:
    with tg.distributed(seed=0, device="cpu", timeout_s=60) as env:
        data = list(torch.randn(24, 6, generator=torch.Generator().manual_seed(0)))
        model = tg.ddp(nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 3)))
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        loader = tg.ResumableLoader(data, batch_size=4, seed=0, shuffle=True)
        noise = torch.Generator().manual_seed(env.rank)
        parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "loader": loader, "noise": noise}
        parts.pop(left_out, None)
        with tg.Checkpointer(folder, every_steps=2, timeout=60, **parts) as checkpoints:
            checkpoints.resume()
            for _ in loader.epochs(3):
                for x in loader:
                    optimizer.zero_grad()
                    noisy = x + torch.rand(x.shape, generator=noise) * env.rank  # none on rank 0
                    model(noisy).square().mean().backward()
                    optimizer.step()
                    scheduler.step()
                    checkpoints.tick()


if __name__ == "__main__":
    main(*sys.argv[1:])
