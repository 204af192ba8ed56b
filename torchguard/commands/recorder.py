"""Runs a training script and writes down, step by step, everything that has to be the same after a resume.

    python -m torchguard.commands.recorder RECORD FOLDER KILL_AT EVERY SCRIPT [ARGUMENT...]

For ``verify-resume``, in a process of its own: it changes classes of torch and torchguard for good. Each line of the
record is a JSON object; its ``what`` says at which moment it was written, its ``which`` by which Checkpointer, in the
order in which they were made. Under torchrun each rank writes a record of its own, RECORD-0.jsonl, RECORD-1.jsonl.
KILL_AT is such a number and a step, as 0:120; 0:0 kills at none.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import dataloader

from torchguard.checkpoint import Checkpointer, ResumeReport
from torchguard.commands.digests import Digest, crc32_of, digest
from torchguard.rng import rng_state
from torchguard.stateful import Stateful
from torchguard.step import TrainStep

_PLAIN = (bool, int, float, str, type(None))
_PATIENCE_S = 60.0  # for the other ranks to come to the step at which all are killed, or to the end

Moment = tuple[int, int]  # which Checkpointer, and its step


class Recorder:
    """Notes what goes on between two steps, and writes it down at each one.

    Args:
        record: where the lines go; the rank is added.
        folder: where the script's checkpoints go, instead of its own folders.
        kill_at: the moment at whose end the process is killed.
        every: save once in so many steps; 0: as the script says.
    """

    def __init__(self, record: Path, folder: Path, kill_at: Moment, every: int) -> None:
        self._record, self._rank, self._ranks = record, _number("RANK", 0), _number("WORLD_SIZE", 1)
        # pylint: disable-next=consider-using-with  # open until the process ends, however it ends
        self._lines = record.with_name(f"{record.name}-{self._rank}.jsonl").open("x", encoding="utf-8")
        self._folder, self._kill_at, self._every = folder, kill_at, every
        self._folders: list[Path] = []  # of the script's Checkpointers, without repetitions
        self._followed: list[tuple[object, str]] = []  # the Checkpointers, and their folders as the script wrote them
        self._subjects: dict[str, object] = {}
        self._saved = False
        self._batches: list[int] = []
        self._losses: list[str] = []

    def install(self) -> None:
        """From now on, every Checkpointer, DataLoader and backward pass of this process is noted."""
        self._watch_checkpointer()
        batches: Any = vars(dataloader)["_BaseDataLoaderIter"]  # of all DataLoaders, with workers and without
        following, backward = batches.__next__, Tensor.backward

        def noted_next(iterator: Any) -> Any:
            batch = following(iterator)
            self._batches.append(crc32_of(batch))
            return batch

        def noted_backward(loss: Tensor, *args: Any, **options: Any) -> None:
            if loss.numel() == 1:
                self._losses.append(float(loss.detach()).hex())
            backward(loss, *args, **options)  # type: ignore[no-untyped-call]

        batches.__next__ = noted_next
        Tensor.backward = noted_backward  # type: ignore[assignment]

    def write_end(self) -> None:
        """The script has come to its end, on all ranks: torchrun ends those that have not when another one fails."""
        self._write("end", (0, 0), state=self._state(), batches=self._batches, losses=self._losses)
        self._meet("ended")

    def _watch_checkpointer(self) -> None:
        make, tick = Checkpointer.__init__, Checkpointer.tick
        save, resume = Checkpointer.save, Checkpointer.resume

        def noted_make(checkpointer: Any, folder: Any, /, **options: Any) -> None:
            if self._every:
                options |= {"every_steps": self._every}
            make(checkpointer, self._own_folder(Path(folder)), **options)
            self._follow(checkpointer, Path(folder), {name: options[name] for name in vars(checkpointer)["_parts"]})

        def noted_tick(checkpointer: Any) -> Any:
            saving = tick(checkpointer)
            which, folder = self._place_of(checkpointer)
            moment = which, checkpointer.step
            self._write_step("step", moment, folder=folder, saved=self._saved)
            self._saved = False
            if moment == self._kill_at:
                self._die()
            return saving

        def noted_save(checkpointer: Any, *args: Any, **options: Any) -> Any:
            self._saved = True
            return save(checkpointer, *args, **options)

        def noted_resume(checkpointer: Any, **options: Any) -> ResumeReport:
            report = resume(checkpointer, **options)
            which, folder = self._place_of(checkpointer)
            self._write_step(
                "resumed", (which, report.step), folder=folder, path=str(report.path or ""), report=str(report)
            )
            return report

        Checkpointer.__init__, Checkpointer.tick = noted_make, noted_tick  # type: ignore[method-assign,assignment]
        Checkpointer.save, Checkpointer.resume = noted_save, noted_resume  # type: ignore[method-assign,assignment]

    def _own_folder(self, folder: Path) -> Path:
        """Each folder of the script has one in ours."""
        if (whole := folder.resolve()) not in self._folders:
            self._folders.append(whole)
        return self._folder / str(self._folders.index(whole))

    def _follow(self, checkpointer: object, folder: Path, subjects: Mapping[str, object]) -> None:
        self._followed.append((checkpointer, str(folder)))
        for name, subject in subjects.items():
            number = len(self._followed)
            self._subjects[name if name not in self._subjects else f"{name} of Checkpointer {number}"] = subject

    def _place_of(self, checkpointer: object) -> tuple[int, str]:
        return next((i, folder) for i, (followed, folder) in enumerate(self._followed) if followed is checkpointer)

    def _die(self) -> None:
        """Together with the other ranks: one that lived on would see their death, and could still do something."""
        self._meet("ready")
        os.kill(os.getpid(), signal.SIGKILL)

    def _meet(self, what: str) -> None:
        """Wait for the other ranks."""
        marks = [self._record.with_name(f"{self._record.name}-{rank}.{what}") for rank in range(self._ranks)]
        marks[self._rank].touch()
        end = time.monotonic() + _PATIENCE_S
        while not all(mark.exists() for mark in marks) and time.monotonic() < end:
            time.sleep(0.001)

    def _write_step(self, what: str, moment: Moment, **more: Any) -> None:
        objects, values = _variables(sys._getframe(2), self._covered())  # pylint: disable=protected-access
        rates = [
            group["lr"] for one in self._subjects.values() if isinstance(one, Optimizer) for group in one.param_groups
        ]
        more |= {"batches": self._batches, "losses": self._losses, "rates": [float(rate).hex() for rate in rates]}
        self._write(
            what, moment, state=self._state(), others=objects, values=values, random=digest(rng_state()), **more
        )
        self._batches, self._losses = [], []

    def _write(self, what: str, moment: Moment, **more: Any) -> None:
        which, step = moment
        self._lines.write(json.dumps({"what": what, "which": which, "step": step, **more}) + "\n")
        self._lines.flush()

    def _state(self) -> dict[str, Digest]:
        return {name: digest(_state_of(subject)) for name, subject in self._subjects.items()}

    def _covered(self) -> set[int]:
        """What the checkpoint holds, by ``id``: the objects, and what is saved as a part of them."""
        covered = {id(subject) for subject in self._subjects.values()}
        for subject in self._subjects.values():
            if isinstance(subject, nn.Module):
                covered |= {id(module) for module in subject.modules()}
            if isinstance(subject, TrainStep):
                covered |= {id(value) for value in vars(subject).values()}
        return covered


def _variables(frame: FrameType | None, covered: set[int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The script's variables that the checkpoint does not hold: objects with state, and plain values."""
    objects: dict[str, Any] = {}
    values: dict[str, Any] = {}
    while frame is not None and frame.f_globals.get("__name__") != "runpy":
        for name, value in {**frame.f_globals, **frame.f_locals}.items() if _is_script(frame) else ():
            if name.startswith("__") or id(value) in covered:
                continue
            if isinstance(value, _PLAIN):
                values.setdefault(name, value)
            elif _has_state(value):
                objects.setdefault(name, {"kind": type(value).__name__, "state": digest(_state_of(value))})
        frame = frame.f_back
    return objects, values


def _is_script(frame: FrameType) -> bool:
    return not frame.f_globals.get("__name__", "").startswith(("torch.", "torchguard."))


def _has_state(value: object) -> bool:
    if isinstance(value, nn.Module):
        return bool(value.state_dict())
    return isinstance(value, (Stateful, torch.Generator)) and not isinstance(value, (type, Checkpointer))


def _state_of(subject: object) -> Any:
    if isinstance(subject, torch.Generator):
        return subject.get_state()
    return subject.state_dict() if isinstance(subject, (nn.Module, Stateful)) else repr(subject)


def _number(variable: str, otherwise: int) -> int:
    """What torchrun tells this process."""
    value = os.environ.get(variable, "")
    return int(value) if value.isdigit() else otherwise


def main() -> None:
    """Run the script as ``python SCRIPT ARGUMENT...`` would."""
    record, folder, kill_at, every, script, *arguments = sys.argv[1:]
    which, _, step = kill_at.partition(":")
    recorder = Recorder(Path(record), Path(folder), (int(which), int(step)), int(every))
    recorder.install()
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:  # sys.exit(main())
        if ended.code not in (None, 0):
            raise
    recorder.write_end()


if __name__ == "__main__":
    main()
