"""Ways to save a training run, each as its own documentation shows it: a plain recipe, a library, or ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed import checkpoint as dcp

import torchguard as tg


class Training:
    """A model and an optimizer whose every number is the step, so that a mixture of two steps shows."""

    def __init__(self, tensors: int, size: int) -> None:
        """``tensors`` matrices of ``size`` x ``size``; with the optimizer's two, 12 bytes for each number."""
        self.model = nn.ModuleList(nn.Linear(size, size, bias=False) for _ in range(tensors))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.1)
        self.set_to(0)

    def set_to(self, step: int) -> None:
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.fill_(step)
                moments = {name: torch.full_like(parameter, step) for name in ("exp_avg", "exp_avg_sq")}
                self.optimizer.state[parameter] = {"step": torch.tensor(float(step)), **moments}

    def state(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])

    def step(self) -> int | None:
        """The step that all numbers agree on; ``None`` if they do not."""
        ends = [(float(tensor.min()), float(tensor.max())) for tensor in self.tensors()]
        seen = {end for pair in ends for end in pair}
        return int(seen.pop()) if len(seen) == 1 else None

    def tensors(self) -> Iterator[Tensor]:
        yield from self.model.parameters()
        for moments in self.optimizer.state.values():
            yield from moments.values()


class Saver:
    """Keeps the last checkpoint of a training in a folder."""

    name = ""

    def __init__(self, training: Training, folder: Path) -> None:
        self.training, self.folder = training, folder

    def save(self, step: int) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """Wait for what `save` left to the background."""

    def load(self) -> None:
        raise NotImplementedError


class RawWrite(Saver):
    """The floor: the bytes alone, forced to the disk."""

    name = "raw write and fsync"
    written = "raw"

    def save(self, step: int) -> None:
        with (self.folder / self.written).open("wb", buffering=0) as file:
            for tensor in self.training.tensors():
                file.write(memoryview(tensor.detach().reshape(-1).numpy()).cast("B"))
            os.fsync(file.fileno())


class RawBeside(RawWrite):
    """The floor of whoever keeps the old file until the new one is there: its pages are not there to be used again."""

    name = "raw write and fsync, beside the old file"
    written = "next"

    def save(self, step: int) -> None:
        super().save(step)
        (self.folder / "next").rename(self.folder / "raw")


class PlainTorch(Saver):
    name = "torch.save onto the old file"

    def save(self, step: int) -> None:
        torch.save(self.training.state(), self.folder / "last.pt")

    def load(self) -> None:
        self.training.load(torch.load(self.folder / "last.pt", weights_only=True, map_location="cpu"))


class RenamedTorch(PlainTorch):
    name = "torch.save, fsync, rename"

    def save(self, step: int) -> None:
        with (self.folder / "next.pt").open("wb") as file:
            torch.save(self.training.state(), file)
            file.flush()
            os.fsync(file.fileno())
        (self.folder / "next.pt").rename(self.folder / "last.pt")


class Safetensors(Saver):
    name = "safetensors onto the old file"

    def save(self, step: int) -> None:
        from safetensors.torch import save_file

        save_file(
            {str(number): tensor.detach() for number, tensor in self._numbered()}, self.folder / "last.safetensors"
        )
        with (self.folder / "last.safetensors").open("rb") as file:
            os.fsync(file.fileno())

    def load(self) -> None:
        from safetensors.torch import load_file

        saved = load_file(self.folder / "last.safetensors")
        with torch.no_grad():
            for number, tensor in self._numbered():
                tensor.copy_(saved[str(number)])

    def _numbered(self) -> Iterator[tuple[int, Tensor]]:
        return enumerate(self.training.tensors())


class Dcp(Saver):
    name = "torch.distributed.checkpoint, old one deleted after"

    def save(self, step: int) -> None:
        dcp.save(self.training.state(), checkpoint_id=self.folder / f"step-{step}", no_dist=True)
        for old in self.folder.iterdir():
            if old.name != f"step-{step}":
                shutil.rmtree(old)

    def load(self) -> None:
        newest = max(self.folder.iterdir(), key=lambda entry: int(entry.name.removeprefix("step-")))
        state = self.training.state()
        dcp.load(state, checkpoint_id=newest, no_dist=True)
        self.training.load(state)


class Accelerate(Saver):
    name = "Accelerate, total_limit=1"

    def __init__(self, training: Training, folder: Path) -> None:
        super().__init__(training, folder)
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState, GradientState, PartialState
        from accelerate.utils import ProjectConfiguration

        for state in (AcceleratorState, GradientState, PartialState):
            state._reset_state()
        config = ProjectConfiguration(str(folder), automatic_checkpoint_naming=True, total_limit=1)
        self._accelerator = Accelerator(cpu=True, project_config=config)
        self._accelerator.prepare(training.model, training.optimizer)

    def save(self, step: int) -> None:
        self._accelerator.project_configuration.iteration = step
        self._accelerator.save_state()

    def load(self) -> None:
        newest = max((self.folder / "checkpoints").iterdir(), key=lambda entry: int(entry.name.rpartition("_")[2]))
        self._accelerator.load_state(str(newest))


class Fabric(Saver):
    name = "Fabric, onto the old file"

    def __init__(self, training: Training, folder: Path) -> None:
        super().__init__(training, folder)
        from lightning_fabric import Fabric as Runner

        self._fabric = Runner(accelerator="cpu", devices=1)

    def save(self, step: int) -> None:
        self._fabric.save(self.folder / "last.ckpt", self.training.state())

    def load(self) -> None:
        self.training.load(self._fabric.load(self.folder / "last.ckpt"))


class Ours(Saver):
    name = "Checkpointer, keep_last=1"
    async_save = False

    def __init__(self, training: Training, folder: Path) -> None:
        super().__init__(training, folder)
        self._checkpoints = tg.Checkpointer(
            folder, model=training.model, optimizer=training.optimizer, keep_last=1, async_save=self.async_save
        )
        self._resumed = False

    def save(self, step: int) -> None:
        if not self._resumed:
            self.load()
            self.training.set_to(step)  # and not what was resumed
        self._checkpoints.step = step
        self._checkpoints.save()

    def finish(self) -> None:
        with suppress(tg.TorchguardError):
            self._checkpoints.close()

    def load(self) -> None:
        self._checkpoints.resume()
        self._resumed = True


class OursAsync(Ours):
    name = "Checkpointer, keep_last=1, async_save=True"
    async_save = True


SAVERS: tuple[type[Saver], ...] = (PlainTorch, RenamedTorch, Safetensors, Dcp, Accelerate, Fabric, Ours, OursAsync)
