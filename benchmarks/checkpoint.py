"""What a checkpoint costs, and who loses one: torchguard beside what others use, in one run.

    python benchmarks/checkpoint.py [--only cost,kills,damage] [--rounds 5] [--kills 200] [--mb 500] [--folder DIR]

Needs torch; a library that is not installed is left out, and said so. Prints Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import torch
from savers import SAVERS, Ours, OursAsync, RawBeside, RawWrite, Saver, Training
from tables import number, ratio, table
from torch.distributed.checkpoint.api import CheckpointException

FAILURES = (Exception, CheckpointException)  # the latter is none of the former
SIZE = 1024  # of the matrices whose saving is timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="cost,kills,damage")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--mb", type=int, default=500)
    parser.add_argument("--folder", help="where to write; on the disk that is to be measured")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder, savers = Path(name), list(_installed())
        for section in options.only.split(","):
            print(f"\n{SECTIONS[section](folder / section, savers, options)}", flush=True)
    print(f"\nload average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _installed() -> Iterator[type[Saver]]:
    for saver in SAVERS:
        with tempfile.TemporaryDirectory() as name:
            try:
                _quietly(lambda saver=saver, name=name: saver(Training(1, 2), Path(name)))
            except ImportError as error:
                print(f"left out: {saver.name} ({error})")
                continue
        yield saver


# what it costs


def cost(folder: Path, savers: list[type[Saver]], options: argparse.Namespace) -> str:
    training = Training(round(options.mb * 1e6 / 12 / SIZE**2), SIZE)
    timed: dict[str, list[float]] = {}
    whole: dict[str, list[float]] = {}
    loaded: dict[str, list[float]] = {}
    kinds = [RawWrite, RawBeside, *savers]
    made = {kind: kind(training, _fresh(folder / kind.__name__)) for kind in kinds}
    for step in range(options.rounds + 1):  # the first round warms up, and does not count
        for kind, saver in made.items():
            training.set_to(step + 1)
            blocked, until_durable = _timed_save(saver, step + 1)
            if step:
                timed.setdefault(kind.name, []).append(blocked)
                whole.setdefault(kind.name, []).append(until_durable)
    for kind, saver in made.items():
        if kind not in (RawWrite, RawBeside, OursAsync):
            loaded[kind.name] = [_seconds(lambda saver=saver: _quietly(saver.load)) for _ in range(options.rounds)]
        saver.finish()
    floor, beside = timed[RawWrite.name], timed[RawBeside.name]
    rows = [
        [
            name,
            *(number(value) for value in (median(values), min(values), max(values))),
            ratio(values, floor),
            f"{number(min(values) / min(floor))} x",
            ratio(values, beside),
            number(median(whole[name])),
            number(median(loaded[name])) if name in loaded else "",
        ]
        for name, values in timed.items()
    ]
    megabytes = sum(tensor.nbytes for tensor in training.tensors()) / 1e6
    heads = [
        "saver",
        "save blocks s (median)",
        "min",
        "max",
        "of the floor",
        "least of the least",
        "of the floor beside",
        "durable after s",
        "load s",
    ]
    tensors = len(list(training.tensors()))
    return f"{megabytes:.0f} MB in {tensors} tensors, {options.rounds} rounds\n\n{table(heads, rows)}"


def _timed_save(saver: Saver, step: int) -> tuple[float, float]:
    """How long the training waits, and how long until the checkpoint is there."""
    os.sync()  # else a saver pays for what the one before it left in the page cache
    if not isinstance(saver, OursAsync):
        seconds = _seconds(lambda: _quietly(lambda: saver.save(step)))
        return seconds, seconds
    began = time.perf_counter()
    saver.save(step)
    blocked = time.perf_counter() - began
    saver._checkpoints._background.settle()
    return blocked, time.perf_counter() - began


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# who loses one


def kills(folder: Path, savers: list[type[Saver]], options: argparse.Namespace) -> str:
    rows = []
    for kind in savers:
        rows.append(_killed(kind, _fresh(folder / kind.__name__), options))
        if kind is Ours:
            elsewhere = {"TMPDIR": "/dev/shm"} if Path("/dev/shm").is_dir() else {}
            rows.append(_killed(kind, _fresh(folder / "elsewhere"), options, elsewhere))
    heads = ["saver", "kills", "newest whole", "an older one", "nothing to load", "a mixture, unnoticed"]
    return f"killed by SIGKILL while saving without pause\n\n{table(heads, rows)}"


def _killed(
    kind: type[Saver], folder: Path, options: argparse.Namespace, environment: dict[str, str] | None = None
) -> list[object]:
    """Kill, look what is there, start again from that; after a loss start afresh."""
    moments, outcomes, step = random.Random(options.seed), Counter[str](), 1
    training = Training(4, 300)
    marks = folder.parent / f"{folder.name}.done"
    for _ in range(options.kills):
        before = marks.read_text() if marks.exists() else ""
        child = os.fork()
        if child == 0:
            os.environ.update(environment or {})
            _save_without_end(kind, training, folder, marks, step)
        _wait_for_change(marks, before)  # it saves by now, however busy the machine is
        time.sleep(moments.uniform(0.0, 0.1))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        done = int(marks.read_text() or 0) if marks.exists() else 0
        outcome, found = _look(kind, training, folder, done)
        outcomes[outcome] += 1
        if outcome in ("lost", "mixture"):
            shutil.rmtree(folder)
            _fresh(folder)
            marks.unlink(missing_ok=True)
        step = max(found, done) + 1
    name = f"{kind.name}{', TMPDIR on another disk' if environment else ''}"
    return [name, options.kills, *(outcomes[key] for key in ("newest", "older", "lost", "mixture"))]


def _wait_for_change(marks: Path, before: str) -> None:
    for _ in range(5000):
        if marks.exists() and marks.read_text() != before:
            return
        time.sleep(0.002)


def _save_without_end(kind: type[Saver], training: Training, folder: Path, marks: Path, step: int) -> None:
    saver = kind(training, folder)
    while True:
        training.set_to(step)
        _quietly(lambda step=step: saver.save(step))
        durable = step - 1 if isinstance(saver, OursAsync) else step  # one in flight: the one before is done
        mark = marks.with_suffix(".next")
        mark.write_text(str(durable))
        mark.rename(marks)
        step += 1


def _look(kind: type[Saver], training: Training, folder: Path, done: int) -> tuple[str, int]:
    training.set_to(-1)
    try:
        saver = kind(training, folder)
        _quietly(saver.load)
        saver.finish()
    except FAILURES:
        return ("lost" if done else "newest"), done
    found = training.step()
    if found is None:
        return "mixture", done
    if found < 0:
        return ("lost" if done else "newest"), done
    return ("newest" if found >= done else "older"), found


# who notices damage


def damage(folder: Path, savers: list[type[Saver]], options: argparse.Namespace) -> str:
    rows = []
    for kind in savers:
        if kind is OursAsync:
            continue
        noticed = [_damaged(kind, _fresh(folder / kind.__name__ / how), how, options.seed) for how in DAMAGES]
        rows.append([kind.name, *noticed])
    return f"the largest file damaged in its middle, then loaded\n\n{table(['saver', *DAMAGES], rows)}"


DAMAGES = ("one bit flipped", "64 bytes zeroed", "cut in half", "deleted")


def _damaged(kind: type[Saver], folder: Path, how: str, seed: int) -> str:
    training = Training(4, 300)
    training.set_to(7)  # a value of its own, unlike those of padding and names
    saver = kind(training, folder)
    _quietly(lambda: saver.save(7))
    saver.finish()
    largest = max((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
    content = bytearray(largest.read_bytes())
    values = struct.pack("f", 7) * 16
    middle = content.find(values, len(content) // 2) + random.Random(seed).randrange(32)
    match how:
        case "one bit flipped":
            content[middle] ^= 1
        case "64 bytes zeroed":
            content[middle : middle + 64] = bytes(64)
        case "cut in half":
            del content[middle:]
    largest.write_bytes(content)
    if how == "deleted":
        largest.unlink()
    training.set_to(-1)
    try:
        saver = kind(training, folder)
        _quietly(saver.load)
    except FAILURES as error:
        return type(error).__name__
    return "nothing to load" if training.step() == -1 else "loaded" if training.step() == 7 else "wrong numbers loaded"


def _fresh(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _quietly(work: Callable[[], object]) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        work()


SECTIONS = {"cost": cost, "kills": kills, "damage": damage}

if __name__ == "__main__":
    sys.exit(main())
