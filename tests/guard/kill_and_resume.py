"""Kills training runs in the middle of an epoch and compares the resumed ones, bit for bit, with runs left alone.

    python kill_and_resume.py FOLDER RUNS SEED

Takes RUNS out of all the combinations below (0: all). A run is killed by SIGKILL, in the middle of its first epoch or
of its second, inside an accumulation window or between two; the rest of it may have another number of workers.
"""

import os
import random
import signal
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import nn

import torchguard as tg

SAMPLES, BATCH, EPOCHS = 44, 4, 2  # 11 batches an epoch
WORKERS = [(0, 0), (0, 2), (2, 0), (2, 4), (4, 2), (4, 4)]  # before the kill and after it


@dataclass(frozen=True)
class Case:
    shuffle: bool
    dropout: bool
    amp: str
    kill_at: int  # checkpoints every third batch, windows of two: resumes at 6, or at 15 inside a window
    workers: tuple[int, int]
    persistent: bool

    @property
    def is_possible(self) -> bool:
        return not self.persistent or all(self.workers)


def cases() -> list[Case]:
    combined = product([True, False], [True, False], ["off", "fp16"], [8, 17], WORKERS, [True, False])
    return [case for case in (Case(*values) for values in combined) if case.is_possible]


class Augmented(torch.utils.data.Dataset):
    """Random by python, numpy, torch, and a generator of its own."""

    def __init__(self) -> None:
        self.inputs = torch.randn(SAMPLES, 6, generator=torch.Generator().manual_seed(0))
        self.own = np.random.default_rng(0)

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> torch.Tensor:
        noise = random.random() + np.random.rand() + self.own.random()
        return self.inputs[index].roll(random.randrange(6)) + torch.randn(6) * noise


def train(case: Case, folder: Path, workers: int, kill_at: int | None) -> None:
    tg.seed_everything(0 if not folder.exists() else 99)  # a resume must not rest on the seed of the script
    persistent = case.persistent and workers > 0
    loader = tg.ResumableLoader(
        Augmented(), batch_size=BATCH, seed=0, shuffle=case.shuffle, num_workers=workers, persistent_workers=persistent
    )
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5 * case.dropout), nn.Linear(8, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 11)
    step = tg.TrainStep(model, optimizer, scheduler, amp=case.amp, accumulate=2)
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "step": step, "loader": loader}
    checkpoints = tg.Checkpointer(folder, every_steps=3, **parts)
    report = checkpoints.resume()
    assert report.exact, report
    for _ in loader.epochs(EPOCHS):
        for x in loader:
            with step.autocast():
                loss = model(x).square().mean()
            step.backward(loss, weight=len(x))
            checkpoints.tick()
            if checkpoints.step == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        step.flush()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, folder / "end.pt")


def in_a_child(*arguments: object) -> int:
    """Train in a process of its own, so that it can die; returns how it ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            train(*arguments)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run_left_alone(case: Case, folder: Path) -> dict:
    """It does not depend on how samples are fetched, so it has no workers, and cases share it."""
    shared = folder / f"{case.shuffle}-{case.dropout}-{case.amp}"
    if not shared.exists():
        assert in_a_child(case, shared, 0, None) == 0
    return torch.load(shared / "end.pt", weights_only=True)


def run_killed(case: Case, folder: Path) -> dict:
    before, after = case.workers
    assert in_a_child(case, folder, before, case.kill_at) == -signal.SIGKILL
    assert in_a_child(case, folder, after, None) == 0
    return torch.load(folder / "end.pt", weights_only=True)


def tensors(value: object) -> list[torch.Tensor]:
    match value:
        case torch.Tensor():
            return [value]
        case dict():
            return [tensor for inner in value.values() for tensor in tensors(inner)]
    return []


def is_same(one: dict, other: dict) -> bool:
    return all(torch.equal(a, b) for a, b in zip(tensors(one), tensors(other), strict=True))


def main(folder: Path, runs: int, seed: int) -> None:
    torch.set_num_threads(1)
    every = cases()
    train(every[0], folder / "first", 0, None)  # imports what torch imports late, so that the children need not
    chosen = random.Random(seed).sample(every, runs or len(every))
    wrong = []
    for number, case in enumerate(chosen):
        if not is_same(run_left_alone(case, folder), run_killed(case, folder / str(number))):
            wrong.append(case)
    assert not wrong, "\n".join(map(str, wrong))
    print(f"{len(chosen)} of {len(every)} resumed runs are bit for bit those that were left alone")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
