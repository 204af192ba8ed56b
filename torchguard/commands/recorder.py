"""Runs a training script and writes down, step by step, everything that has to be the same after a resume.

    python -m torchguard.commands.recorder RECORD FOLDER KILL_AT EVERY SCRIPT [ARGUMENT...]

For ``verify-resume``, in a process of its own: it changes classes of torch and torchguard for good. Each line of RECORD
is a JSON object; its ``what`` says at which moment it was written.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import dataloader

from torchguard.checkpoint import Checkpointer, ResumeReport
from torchguard.rng import rng_state
from torchguard.sharded import is_sharded
from torchguard.stateful import Stateful
from torchguard.step import TrainStep

_PLAIN = (bool, int, float, str, type(None))

Digest = dict[str, int]  # the path of a tensor or value to its checksum


class Recorder:
    """Notes what goes on between two steps, and writes it down at each one.

    Args:
        record: the file of lines.
        folder: where the script's checkpoints go, instead of its own folder.
        kill_at: the step at whose end the process is killed; 0: at none.
        every: save once in so many steps; 0: as the script says.
    """

    def __init__(self, record: Path, folder: Path, kill_at: int, every: int) -> None:
        # pylint: disable-next=consider-using-with  # open until the process ends, however it ends
        self._lines = record.open("a", encoding="utf-8")
        self._folder, self._kill_at, self._every = folder, kill_at, every
        self._subjects: dict[str, object] = {}
        self._batches: list[int] = []
        self._losses: list[str] = []

    def install(self) -> None:
        """From now on, every Checkpointer, DataLoader and backward pass of this process is noted."""
        self._watch_checkpointer()
        batches: Any = vars(dataloader)["_BaseDataLoaderIter"]  # of all DataLoaders, with workers and without
        following, backward = batches.__next__, Tensor.backward

        def noted_next(iterator: Any) -> Any:
            batch = following(iterator)
            self._batches.append(_crc32(batch))
            return batch

        def noted_backward(loss: Tensor, *args: Any, **options: Any) -> None:
            if loss.numel() == 1:
                self._losses.append(float(loss.detach()).hex())
            backward(loss, *args, **options)  # type: ignore[no-untyped-call]

        batches.__next__ = noted_next
        Tensor.backward = noted_backward  # type: ignore[assignment]

    def write_end(self) -> None:
        """The script has come to its end."""
        if self._subjects:
            self._write("end", 0, state=self._state(), batches=self._batches, losses=self._losses)

    def _watch_checkpointer(self) -> None:
        make, tick, resume = Checkpointer.__init__, Checkpointer.tick, Checkpointer.resume

        def noted_make(checkpointer: Any, _: Any, /, **options: Any) -> None:
            if self._subjects:
                raise SystemExit("the script makes a second Checkpointer; verify-resume follows one")
            if self._every:
                options |= {"every_steps": self._every}
            make(checkpointer, self._folder, **options)
            kept = vars(checkpointer)["_parts"]
            self._subjects = {name: options[name] for name in kept}

        def noted_tick(checkpointer: Any) -> Any:
            saving = tick(checkpointer)
            self._write_step("step", checkpointer.step, saved=saving is not None)
            if checkpointer.step == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return saving

        def noted_resume(checkpointer: Any, **options: Any) -> ResumeReport:
            report = resume(checkpointer, **options)
            self._write_step("resumed", report.step, report=str(report))
            return report

        Checkpointer.__init__, Checkpointer.tick = noted_make, noted_tick  # type: ignore[method-assign,assignment]
        Checkpointer.resume = noted_resume  # type: ignore[method-assign,assignment]

    def _write_step(self, what: str, step: int, **more: Any) -> None:
        objects, values = _variables(sys._getframe(2), self._covered())  # pylint: disable=protected-access
        rates = [
            group["lr"] for one in self._subjects.values() if isinstance(one, Optimizer) for group in one.param_groups
        ]
        more |= {"batches": self._batches, "losses": self._losses, "rates": [float(rate).hex() for rate in rates]}
        self._write(what, step, state=self._state(), others=objects, values=values, random=_digest(rng_state()), **more)
        self._batches, self._losses = [], []

    def _write(self, what: str, step: int, **more: Any) -> None:
        self._lines.write(json.dumps({"what": what, "step": step, **more}) + "\n")
        self._lines.flush()

    def _state(self) -> dict[str, Digest]:
        return {name: _digest(_state_of(subject)) for name, subject in self._subjects.items()}

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
                objects.setdefault(name, {"kind": type(value).__name__, "state": _digest(_state_of(value))})
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


def _digest(state: object) -> Digest:
    return dict(_leaves(state, ""))


def _leaves(state: object, path: str) -> Iterator[tuple[str, int]]:
    match state:
        case Mapping():
            for key, value in state.items():
                yield from _leaves(value, f"{path}.{key}" if path else str(key))
        case list() | tuple():
            for index, value in enumerate(state):
                yield from _leaves(value, f"{path}[{index}]")
        case Tensor():
            yield path, _crc32_of_tensor(state)
        case _:
            yield path, zlib.crc32(repr(state).encode())


def _crc32(state: object) -> int:
    return zlib.crc32(repr(sorted(_digest(state).items())).encode())


def _crc32_of_tensor(tensor: Tensor) -> int:
    local: Any = tensor.to_local() if is_sharded(tensor) else tensor  # type: ignore[attr-defined]
    if local.layout != torch.strided:
        return zlib.crc32(repr(local).encode())
    content = local.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return zlib.crc32(content.numpy().tobytes(), zlib.crc32(f"{tensor.dtype}{tuple(tensor.shape)}".encode()))


def main() -> None:
    """Run the script as ``python SCRIPT ARGUMENT...`` would."""
    record, folder, kill_at, every, script, *arguments = sys.argv[1:]
    recorder = Recorder(Path(record), Path(folder), int(kill_at), int(every))
    recorder.install()
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    runpy.run_path(script, run_name="__main__")
    recorder.write_end()


if __name__ == "__main__":
    main()
