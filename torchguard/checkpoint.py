"""Checkpoints that survive a kill at any moment, hold all the state, and are proven whole before they are used."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler

from torchguard.errors import CheckpointError, MisuseError, StateMismatchError
from torchguard.files import read_tensors
from torchguard.rng import check_rng_state, rng_state, set_rng_state
from torchguard.shelf import Shelf, Skipped, set_aside
from torchguard.stateful import names_of_parameters, part_of, refuse_unreadable
from torchguard.step import TrainStep
from torchguard.words import some

_RNG = "rng"


@dataclass(frozen=True)
class ResumeReport:
    """What `Checkpointer.resume` did; prints as one line and one more for each thing that is not as it should be.

    Attributes:
        step: the step that the run goes on from; 0 if there was nothing to resume.
        path: the checkpoint that was loaded; ``None`` if there was nothing to resume.
        skipped: newer checkpoints that failed their verification.
        why_not_exact: why the run may not go on bit for bit; empty if it does.
    """

    step: int
    path: Path | None
    skipped: tuple[Skipped, ...] = ()
    why_not_exact: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Will the run go on bit for bit, as far as its state was given to the Checkpointer?"""
        return not self.why_not_exact

    def __str__(self) -> str:
        head = f"resumed at step {self.step} from {self.path}" if self.path else "nothing to resume: starting at step 0"
        skipped = [f"  skipped {bad.path}: {bad.reason}" for bad in self.skipped]
        return "\n".join([head, *skipped, *(f"  not exact: {reason}" for reason in self.why_not_exact)])


class Checkpointer:
    """Saves all the state of a run, and brings back the newest state that is whole.

    A checkpoint is a folder ``step-N`` with one file for each object, ``rng.pt`` with the state of every global random
    number generator, and a manifest with sizes and checksums. It is written beside its place and renamed, after
    everything was forced to the disk, so that a kill at any moment leaves either all of it or none. Older ones are
    deleted only after the new one was read back and compared. All of it can be read with ``torch.load(...,
    weights_only=True)``.

    A step is one call of `tick`, so a checkpoint may lie inside an accumulation window, whose gradients `TrainStep`
    saves. Saving is synchronous; one process.

    Args:
        folder: is made if it is not there; belongs to one run.
        every_steps: `tick` saves once in so many steps; ``None``: only `save` saves.
        keep_last: so many checkpoints are kept; ``None``: all.
        stateful: the objects, by the name that they have in the checkpoint: modules, optimizers, schedulers, a
            TrainStep, or anything with ``state_dict()`` and ``load_state_dict()``. Modules are saved without the
            wrappers' prefixes.

    Raises:
        MisuseError: an option or object cannot be right, or state that belongs together was given in part.
        CheckpointError: the folder cannot be made, or not be written although ``every_steps`` asks for it.

    Source: POSIX rename(2) and fsync(2); PyTorch notes, "Reproducibility".
    Prevents: incomplete-checkpoint, incomplete-resume, overwritten-checkpoint, wrapped-state-dict, scaler-not-saved,
        unsafe-load.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        /,
        *,
        every_steps: int | None = None,
        keep_last: int | None = 2,
        **stateful: object,
    ) -> None:
        _refuse_options(every_steps, keep_last)
        _refuse_incomplete(stateful)
        self.folder = Path(folder)
        self.step = 0
        self._every_steps, self._keep_last = every_steps, keep_last
        parameter_names = names_of_parameters(stateful)
        self._parts = {name: part_of(name, subject, parameter_names) for name, subject in stateful.items()}
        self._owns_folder = False  # were the checkpoints in it written or resumed by this run?
        self._shelf = Shelf(self.folder)
        if every_steps is not None:
            self._shelf.refuse_read_only()

    def tick(self) -> Path | None:
        """Count one step, and save if it is due. Returns the new checkpoint, if there is one."""
        self.step += 1
        due = self._every_steps is not None and self.step % self._every_steps == 0
        return self.save() if due else None

    def save(self) -> Path:
        """Write a checkpoint now, then delete those beyond ``keep_last``. Returns its folder.

        Raises:
            CheckpointError: it could not be written (the older ones are as they were), or an object's state could
                not be read back, or the folder holds checkpoints of another run.
        """
        self._refuse_another_run()
        contents = self._contents()
        target = self._shelf.add(self.step, contents, {"versions": _versions()})
        self._owns_folder = True
        if self._keep_last is not None:
            self._shelf.delete_old(target, keep=self._keep_last)
        return target

    def resume(self, *, strict: bool = True) -> ResumeReport:
        """Go on from the newest checkpoint that is whole; set newer ones that are not aside, as ``step-N.bad``.

        Everything is verified and compared before any object is changed. Call it after all objects are built, and
        before the first `tick`.

        Args:
            strict: each object must have its state in the checkpoint and the other way round, and there must be as many
                CUDA devices as then. ``False`` starts afresh what has no state, and says so in the report.

        Raises:
            NoGoodCheckpointError: there are checkpoints and none is whole.
            StateMismatchError: the checkpoint was saved for other objects than these.
            CheckpointError: the folder cannot be read, or was written by a newer torchguard.
        """
        good, bad = self._shelf.newest_good()
        if good is None:
            self._owns_folder = True
            return ResumeReport(step=0, path=None)
        path, manifest = good
        saved = {name.removesuffix(".pt"): read_tensors(path / name, checked=True) for name in manifest["files"]}
        why_not_exact = [
            *self._differing_names(saved, strict),
            *_differing_generators(saved, strict),
            *_differing_versions(manifest["versions"]),
        ]
        self._load(saved)
        self.step, self._owns_folder = manifest["step"], True
        skipped = tuple(Skipped(set_aside(folder), reason) for folder, reason in bad)
        return ResumeReport(self.step, path, skipped, tuple(why_not_exact))

    def _contents(self) -> dict[str, Any]:
        contents = {name: part.save() for name, part in self._parts.items()}
        for name, content in contents.items():
            refuse_unreadable(content, f"the state of {name}")
        return {f"{name}.pt": content for name, content in {**contents, _RNG: rng_state()}.items()}

    def _load(self, saved: Mapping[str, Any]) -> None:
        """Everything that may be refused is refused before the first object is changed."""
        there = {name: part for name, part in self._parts.items() if name in saved}
        for name, part in there.items():
            part.refuse(saved[name])
        for name, part in there.items():
            part.load(saved[name])
        set_rng_state(saved[_RNG])  # last, in case that a load draws random numbers

    def _refuse_another_run(self) -> None:
        if not self._owns_folder and (there := self._shelf.names()):
            raise CheckpointError(
                f"{self.folder} holds {there[-1].name} of an earlier run, which this run did not resume, so its "
                "checkpoints would mix with these; call resume() before the first tick(), or choose an empty folder"
            )

    def _differing_names(self, saved: Mapping[str, Any], strict: bool) -> Iterator[str]:
        fresh, unused = self._parts.keys() - saved.keys(), saved.keys() - self._parts.keys() - {_RNG}
        reasons = []
        if fresh:
            reasons.append(f"the checkpoint has no {some(fresh)}, so it would start afresh")
        if unused:
            reasons.append(f"the checkpoint has {some(unused)}, which this Checkpointer was not given")
        if reasons and strict:
            raise StateMismatchError(
                f"{' and '.join(reasons)}; give the same objects under the same names, or write resume(strict=False)"
            )
        yield from reasons


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "numpy": np.__version__, "torch": str(torch.__version__)}


def _differing_generators(saved: Mapping[str, Any], strict: bool) -> Iterator[str]:
    """Drops the CUDA generators' state where it does not fit and that is allowed."""
    try:
        check_rng_state(saved[_RNG])
    except StateMismatchError as error:
        if strict:
            raise
        saved[_RNG]["cuda"] = []
        check_rng_state(saved[_RNG])
        yield str(error)


def _differing_versions(saved: Mapping[str, str]) -> Iterator[str]:
    for name, here in _versions().items():
        if saved[name] != here:
            yield f"saved with {name} {saved[name]}, running {here}"


def _refuse_options(every_steps: int | None, keep_last: int | None) -> None:
    if every_steps is not None and every_steps < 1:
        raise MisuseError(f"every_steps={every_steps} is never due; write every_steps=None to save by hand")
    if keep_last is not None and keep_last < 1:
        raise MisuseError(
            f"keep_last={keep_last} would delete every checkpoint; write keep_last=1 or more, or None for all"
        )


def _refuse_incomplete(stateful: Mapping[str, object]) -> None:
    """State that is only right together with other state must come with it."""
    if not stateful:
        raise MisuseError("there is nothing to save; write Checkpointer(folder, model=model, optimizer=optimizer, ...)")
    if _RNG in stateful:
        raise MisuseError(f"{_RNG} is the name of the random number generators' state; give the object another name")
    given = {id(subject) for subject in stateful.values()}
    for name, subject in stateful.items():
        for kind, needed in _needs(subject):
            if id(needed) not in given:
                raise MisuseError(
                    f"{name} was given without the {kind} that it works on, so a resumed run would go on with a "
                    f"fresh one; write Checkpointer(folder, {kind}={kind}, {name}={name}, ...)"
                )


def _needs(subject: object) -> Iterator[tuple[str, object]]:
    if isinstance(subject, TrainStep):
        yield from (("optimizer", optimizer) for optimizer in subject.optimizers)
        yield from (("scheduler", scheduler) for scheduler in subject.schedulers)
    elif isinstance(subject, LRScheduler):
        yield "optimizer", subject.optimizer
