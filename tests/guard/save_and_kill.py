"""Saves without end in a child process, kills it at random moments, and checks what is left after each kill.

    python save_and_kill.py FOLDER KILLS SEED

Prints how many kills left a half-written or half-deleted folder behind; fails if a whole checkpoint is not there, or is
older than one that was there before.
"""

import os
import random
import signal
import sys
import time
from itertools import count, islice
from pathlib import Path

import torch
from torch import nn

import torchguard as tg


def build(folder: Path) -> tuple[nn.Module, torch.optim.Optimizer, tg.Checkpointer]:
    model = nn.Linear(300, 300, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
    return model, optimizer, tg.Checkpointer(folder, every_steps=1, keep_last=1, model=model, optimizer=optimizer)


def save(folder: Path, times: int | None = None) -> None:
    """Each checkpoint says in every number at which step it was saved."""
    model, optimizer, checkpoints = build(folder)
    checkpoints.resume()
    for step in islice(count(checkpoints.step + 1), times):
        nn.init.constant_(model.weight, step)
        optimizer.state[model.weight]["momentum_buffer"] = torch.full((300, 300), float(step))
        checkpoints.tick()


def save_until_killed(folder: Path, seconds: float) -> None:
    child = os.fork()
    if child == 0:
        save(folder)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def check(folder: Path, at_least: int) -> int:
    model, optimizer, checkpoints = build(folder)
    report = checkpoints.resume()
    momentum = optimizer.state[model.weight]["momentum_buffer"]

    assert report.step >= at_least, report
    assert not report.skipped, report
    assert (model.weight == report.step).all(), report
    assert (momentum == report.step).all(), report
    return report.step


def main(folder: Path, kills: int, seed: int) -> None:
    torch.set_num_threads(1)
    moments, step, leftovers = random.Random(seed), 0, 0
    save(folder, times=1)  # also imports what torch imports late, so that the children begin at once
    for _ in range(kills):
        save_until_killed(folder, moments.uniform(0.01, 0.15))
        leftovers += any(".tmp-" in entry.name for entry in folder.iterdir())
        step = check(folder, at_least=step)
    print(f"{kills} kills, {leftovers} in the middle of a save, step {step}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
