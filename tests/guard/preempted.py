"""A training run that saves and ends at SIGTERM: torchrun --nproc-per-node 2 preempted.py FOLDER

Into FOLDER go the process id of each rank, the last step of rank 0, and at the end what each rank has and has seen.
"""

import os
import sys
import time
from pathlib import Path

import torch
from torch import nn

import torchguard as tg


class Numbered(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 160

    def __getitem__(self, index: int) -> tuple[int, torch.Tensor]:
        return index, torch.full((6,), index / 160) + torch.randn(6)


def main(folder: Path) -> None:
    with tg.distributed(seed=0, device="cpu", timeout_s=60) as env:
        model = tg.ddp(nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 3)))
        optimizer = torch.optim.AdamW(tg.param_groups(model, weight_decay=0.01), lr=0.01)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
        step = tg.TrainStep(model, optimizer, scheduler, accumulate=2)
        loader = tg.ResumableLoader(Numbered(), batch_size=4, seed=0, shuffle=True)
        parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "step": step, "loader": loader}
        checkpoints = tg.Checkpointer(folder / "run", signals=["SIGTERM"], timeout=60, **parts)
        (folder / f"pid-{env.rank}").write_text(str(os.getpid()))
        print(checkpoints.resume(), flush=True)
        seen = []
        for epoch in loader.epochs(4):
            for indices, x in loader:
                step.backward(model(x).square().mean())
                seen.append((epoch, indices.tolist()))
                checkpoints.tick()
                tg.print_once("step", checkpoints.step)
                time.sleep(0.01)
        end = {"model": model.state_dict(), "optimizer": optimizer.state_dict()["state"], "seen": seen}
        torch.save(end, folder / f"end-{env.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    print("finished", os.environ["RANK"], flush=True)
