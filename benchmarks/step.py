"""What a training step costs: TrainStep and the frameworks against the loop that is written by hand.

    python benchmarks/step.py                       # every framework that is installed
    python benchmarks/step.py --rounds 40 --models mlp --clip

It runs in the interpreter that it is started with: install torch, and what is to be compared
(``pip install lightning accelerate pytorch-ignite torchtnt "setuptools<80"``). It prints Markdown.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import logging
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
import torch.nn.functional as F
from tables import number, table
from torch import Tensor, nn

import torchguard as tg

Batch = tuple[Tensor, Tensor]
PlainSteps = Callable[[int], None]  # takes so many steps on one batch


@dataclass(frozen=True)
class Job:
    """What is trained, the same for all."""

    build: Callable[[], nn.Module]
    batch: Batch
    clip: float | None

    def parts(self) -> tuple[nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(0)
        model = self.build()
        return model, torch.optim.AdamW(model.parameters(), lr=1e-3)


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
    )  # (B, 64) to (B, 10)


def conv() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(512, 10),
    )  # (B, 1, 8, 8) to (B, 10)


MODELS = {"mlp": (mlp, (32, 64)), "conv": (conv, (32, 1, 8, 8))}


def job_of(name: str, clip: float | None) -> Job:
    build, shape = MODELS[name]
    generator = torch.Generator().manual_seed(1)
    batch = torch.randn(shape, generator=generator), torch.randint(0, 10, shape[:1], generator=generator)
    return Job(build, batch, clip)


class Repeated:
    """The same batch so many times, as a loader; a list would be taken for several loaders by Lightning."""

    def __init__(self, batch: Batch, count: int) -> None:
        self._batch, self._count = batch, count

    def __iter__(self) -> Iterator[Batch]:
        return itertools.repeat(self._batch, self._count)

    def __len__(self) -> int:
        return self._count


# Each of these does the same arithmetic: forward, cross entropy, backward, clip if asked for, AdamW, clear.


def plain(job: Job) -> PlainSteps:
    model, optimizer = job.parts()
    x, y = job.batch

    def steps(count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            if job.clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), job.clip)
            optimizer.step()

    return steps


def torchguard(job: Job) -> PlainSteps:
    model, optimizer = job.parts()
    step = tg.TrainStep(model, optimizer, clip_norm=job.clip)
    x, y = job.batch

    def steps(count: int) -> None:
        for _ in range(count):
            with step.autocast():
                loss = F.cross_entropy(model(x), y)
            step.backward(loss)

    return steps


def fabric(job: Job) -> PlainSteps:
    from lightning.fabric import Fabric

    framework = Fabric(accelerator="cpu", devices=1)
    model, optimizer = framework.setup(*job.parts())
    x, y = job.batch

    def steps(count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            framework.backward(loss)
            if job.clip is not None:
                framework.clip_gradients(model, optimizer, max_norm=job.clip)
            optimizer.step()

    return steps


def accelerate(job: Job) -> PlainSteps:
    from accelerate import Accelerator

    framework = Accelerator(cpu=True)
    model, optimizer = framework.prepare(*job.parts())
    x, y = job.batch

    def steps(count: int) -> None:
        for _ in range(count):
            with framework.accumulate(model):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                framework.backward(loss)
                if job.clip is not None:
                    framework.clip_grad_norm_(model.parameters(), job.clip)
                optimizer.step()

    return steps


def ignite(job: Job) -> PlainSteps:
    from ignite.engine import Engine

    model, optimizer = job.parts()

    def update(_engine: Engine, batch: Batch) -> float:
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        if job.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), job.clip)
        optimizer.step()
        return loss.item()

    engine = Engine(update)
    return lambda count: engine.run(Repeated(job.batch, count), max_epochs=1) and None


def torchtnt(job: Job) -> PlainSteps:
    from torchtnt.framework.auto_unit import AutoUnit
    from torchtnt.framework.train import train

    class Unit(AutoUnit[Batch]):
        def compute_loss(self, state: object, data: Batch) -> tuple[Tensor, Tensor]:
            output = self.module(data[0])
            return F.cross_entropy(output, data[1]), output

        def configure_optimizers_and_lr_scheduler(self, module: nn.Module) -> tuple[torch.optim.Optimizer, None]:
            return torch.optim.AdamW(module.parameters(), lr=1e-3), None

    module = job.parts()[0]

    def steps(count: int) -> None:
        unit = Unit(module=module, device=torch.device("cpu"), clip_grad_norm=job.clip)  # it remembers its epochs
        train(unit, Repeated(job.batch, count), max_epochs=1)

    return steps


def lightning(job: Job) -> PlainSteps:
    from lightning.pytorch import LightningModule, Trainer

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model, self._optimizer = job.parts()

        def training_step(self, batch: Batch, _index: int) -> Tensor:
            return F.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return self._optimizer

    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    module = Module()

    def steps(count: int) -> None:
        trainer = Trainer(accelerator="cpu", devices=1, max_epochs=1, gradient_clip_val=job.clip, **quiet)
        trainer.fit(module, Repeated(job.batch, count))

    return steps


# What is measured, and the package that it needs. `fit` of a trainer costs time to begin, which is no step's.
PEERS: dict[str, tuple[Callable[[Job], PlainSteps], str, bool]] = {
    "by hand": (plain, "torch", False),
    "torchguard": (torchguard, "torch", False),
    "ignite": (ignite, "pytorch-ignite", True),
    "Fabric": (fabric, "lightning", False),
    "Accelerate": (accelerate, "accelerate", False),
    "torchtnt AutoUnit": (torchtnt, "torchtnt", True),
    "Lightning Trainer": (lightning, "lightning", True),
}


def seconds_a_step(steps: PlainSteps, count: int, has_a_beginning: bool) -> float:
    """CPU seconds of this thread; of a trainer the difference between a long and a short run."""
    began = time.thread_time()
    steps(count)
    whole = time.thread_time() - began
    if not has_a_beginning:
        return whole / count
    began = time.thread_time()
    steps(1)
    return (whole - (time.thread_time() - began)) / (count - 1)


def rounds(job: Job, names: Sequence[str], count: int, repeat: int) -> dict[str, list[float]]:
    """All in turn, round after round, each round in another order, so that a load that drifts falls on all alike."""
    built = {name: (PEERS[name][0](job), PEERS[name][2]) for name in names}
    for steps, has_a_beginning in built.values():
        seconds_a_step(steps, 20, has_a_beginning)
    measured: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeat):
        start = turn % len(names)
        for name in (*names[start:], *names[:start]):
            measured[name].append(seconds_a_step(built[name][0], count, built[name][1]))
    return measured


def report(measured: dict[str, list[float]]) -> str:
    base = measured["by hand"]
    rows = []
    for name, times in measured.items():
        low, middle, high = quantiles([own / plain for own, plain in zip(times, base, strict=True)], n=4)
        micro = [f"{1e6 * seconds:.0f}" for seconds in quantiles(times, n=4)]
        rows.append([name, micro[1], f"{micro[0]} to {micro[2]}", f"{middle:.3f} x", f"{low:.3f} to {high:.3f}"])
    return table(("a step", "us (median)", "quartiles", "against by hand (median)", "quartiles"), rows)


def installed() -> Iterator[str]:
    modules = {"pytorch-ignite": "ignite"}
    for name, (_, package, _) in PEERS.items():
        if importlib.util.find_spec(modules.get(package, package)):
            yield name
        else:
            print(f"{name} is left out: {package} is not installed", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--clip", action="store_true", help="with gradients clipped, too")
    parser.add_argument("--steps", type=int, default=50, help="in one measurement")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args(arguments)

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    names = list(installed())
    for model in options.models:
        for clip in (None, 1.0) if options.clip else (None,):
            print(f"\n{model}, batch of 32, {'clipped' if clip else 'not clipped'}, {options.rounds} rounds:\n")
            print(report(rounds(job_of(model, clip), names, options.steps, options.rounds)), flush=True)
    packages = ", ".join(f"{package} {version(package)}" for package in sorted({PEERS[name][1] for name in names}))
    load = ", ".join(number(value) for value in os.getloadavg())
    print(f"\nPython {platform.python_version()}, {packages}; one thread, CPU time of it; load {load}")


if __name__ == "__main__":
    main()
