"""Checkpoints that survive a kill at any moment, hold all the state, and are proven whole before they are used."""

from __future__ import annotations

import math
import os
import re
import time
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from torch import Tensor, nn

from torchguard.background import Background
from torchguard.durable import point_at
from torchguard.errors import CheckpointError, MisuseError
from torchguard.folder_lock import lock_folder, unlock_folder
from torchguard.host_copy import HostCopy
from torchguard.loader import ResumableLoader
from torchguard.preemption import Preempted, StopSignals
from torchguard.ranks import Ranks, on_each, on_first, ranks_of_this_run
from torchguard.requirements import refuse_incomplete, refuse_options
from torchguard.restore import RNG, Restore, own_file, versions
from torchguard.rng import rng_state
from torchguard.sharded_parts import ShardedModulePart, ShardedOptimizerPart
from torchguard.shelf import Best, Keep, Load, Shelf, Skipped, set_aside
from torchguard.stateful import Part, names_of_parameters, part_of, refuse_unreadable


@dataclass(frozen=True)
class ResumeReport:
    """What `Checkpointer.resume` did; prints as one line and one more for each thing that is not as it should be.

    Attributes:
        step: the step that the run goes on from; 0 if there was nothing to resume.
        path: the checkpoint that was loaded; ``None`` if there was nothing to resume.
        skipped: newer checkpoints that failed their verification.
        why_not_exact: why the run may not go on bit for bit; empty if it does.
        epoch: where the ResumableLoader goes on; ``None`` if none was given.
    """

    step: int
    path: Path | None
    skipped: tuple[Skipped, ...] = ()
    why_not_exact: tuple[str, ...] = ()
    epoch: int | None = None

    @property
    def exact(self) -> bool:
        """Will the run go on bit for bit, as far as its state was given to the Checkpointer?"""
        return not self.why_not_exact

    def __str__(self) -> str:
        epoch = "" if self.epoch is None else f" in epoch {self.epoch}"
        head = f"resumed at step {self.step}{epoch} from {self.path}" if self.path else _NOTHING
        skipped = [f"  skipped {bad.path}: {bad.reason}" for bad in self.skipped]
        return "\n".join([head, *skipped, *(f"  not exact: {reason}" for reason in self.why_not_exact)])


_NOTHING = "nothing to resume: starting at step 0"


class Checkpointer:
    """Saves all the state of a run, and brings back the newest state that is whole.

    A checkpoint is a folder ``step-N`` with one file for each object, ``rng.pt`` with the state of every global random
    number generator, and a manifest with sizes and checksums. It is written beside its place and renamed, after
    everything was forced to the disk, so that a kill at any moment leaves either all of it or none. Older ones are
    deleted only after the new one was read back and compared. All of it can be read with ``torch.load(...,
    weights_only=True)``.

    A step is one call of `tick`, so a checkpoint may lie inside an accumulation window, whose gradients `TrainStep`
    saves.

    With several ranks every rank makes one, on a folder that all of them see, and calls the same methods at the same
    steps. They commit one checkpoint together: modules and optimizers once, or shard by shard under FSDP2, and from
    each rank what is its own, such as its random state. What fails on one rank fails on all of them.

    Args:
        folder: is made if it is not there; belongs to one run.
        every_steps: `tick` saves once in so many steps; ``None``: not by the step.
        every_seconds: `tick` saves when so long has passed since the last save; ``None``: not by the clock.
        keep_last: so many checkpoints are kept; ``None``: all. One that was saved with a tag is always kept.
        keep_best: so many more are kept, those with the best ``save(metric=...)``.
        best: whether the ``"lowest"`` or the ``"highest"`` metric is the best; only with ``keep_best``.
        async_save: copy the state into the host's memory and write it while the training goes on.
        timeout: seconds to wait for other ranks, and for a save in the background, before that is an error.
        signals: names such as ``"SIGTERM"``: when one comes, on any rank, all ranks save at the end of the same step,
            and `tick` raises `Preempted`; of several Checkpointers in one process all save before. They do what they
            did before after `close`.
        stateful: the objects, by the name that they have in the checkpoint: modules, optimizers, schedulers, a
            TrainStep, a ResumableLoader, random generators, or anything with ``state_dict()`` and
            ``load_state_dict()``. Modules are saved without the wrappers' prefixes.

    Raises:
        MisuseError: an option or object cannot be right, or state that belongs together was given in part.
        CheckpointError: the folder cannot be made; or it is to be written and cannot be, or another process does.

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
        every_seconds: float | None = None,
        keep_last: int | None = 2,
        keep_best: int = 0,
        best: Best | None = None,
        async_save: bool = False,
        timeout: float = 600.0,
        signals: Sequence[str] = (),
        **stateful: object,
    ) -> None:
        refuse_options(every_steps, every_seconds, keep_last, keep_best, best, timeout)
        refuse_incomplete(stateful)
        self.folder = Path(folder)
        self.step = 0
        self._every_steps, self._every_seconds = every_steps, every_seconds
        self._keep = Keep(keep_last, keep_best, best)
        self._loaders = [subject for subject in stateful.values() if isinstance(subject, ResumableLoader)]
        names, modules = names_of_parameters(stateful), [m for m in stateful.values() if isinstance(m, nn.Module)]
        self._parts = {name: part_of(name, subject, names, modules) for name, subject in stateful.items()}
        self._ranks = ranks_of_this_run(timeout)
        self._writers: Ranks = ranks_of_this_run(timeout) if async_save else self._ranks  # talk in the background
        self._shelf = Shelf(self.folder, self._writers)
        self._host_copy = HostCopy() if async_save else None
        self._background = Background(timeout)
        self._owns_folder = False  # were the checkpoints in it written or resumed by this run?
        self._unlock: weakref.finalize[Any, Any] | None = None
        self._saved_at = time.monotonic()
        if every_steps is not None or every_seconds is not None:
            on_first(self._ranks, self._claim)
        self._signals = StopSignals(_listed(signals))
        weakref.finalize(
            self, self._signals.retire
        )  # handlers stay, as they can be given back by the main thread alone
        # What only one rank can know has to be agreed on at each step.
        self._agrees = self._ranks.size > 1 and bool(signals or every_seconds or async_save)

    def tick(self) -> Future[Path] | None:
        """Count one step, and save if it is due. Returns the save, if there is one.

        Raises:
            CheckpointError: the save could not be written; or the one before failed in the background.
            Preempted: one of the signals came, and the checkpoint is on the disk.
        """
        self.step += 1
        told, failed, late = self._agreed()
        if failed:
            self._background.settle()
        stops = bool(told) and self._signals.is_turn()
        due = late or (self._every_steps is not None and self.step % self._every_steps == 0)
        saving = self.save() if due or stops else None
        if stops and saving is not None and self._signals.is_last():
            self._stop(told, saving)
        return saving

    def save(self, tag: str | None = None, *, metric: float | None = None) -> Future[Path]:
        """Write a checkpoint, then delete those beyond what is to be kept.

        It is on the disk when this returns, or with ``async_save`` when the future has its result: its folder.

        Args:
            tag: a word that goes into the folder's name and keeps it for good.
            metric: what ``keep_best`` compares, say the accuracy on the validation data.

        Raises:
            CheckpointError: it could not be written (the older ones are as they were), or an object's state could
                not be read back, or the folder holds checkpoints of another run; or the save before this one failed
                in the background, or still runs after ``timeout`` seconds.
        """
        _refuse_labels(tag, metric)
        self._background.settle()
        loads: list[Load] = []
        on_each(self._ranks, lambda: loads.append(self._load_to_write(tag, metric)))
        load = loads[0]
        self._owns_folder = True
        self._saved_at = time.monotonic()
        if self._host_copy is None:
            saving: Future[Path] = Future()
            saving.set_result(self._shelf.add(load, self._keep))
            return saving
        shelf, keep = self._shelf, self._keep
        return self._background.start(f"the save of step {self.step}", lambda: shelf.add(load, keep, shown=False))

    def resume(self, *, strict: bool = True, reset: Sequence[str] = ()) -> ResumeReport:
        """Go on from the newest checkpoint that is whole; set newer ones that are not aside, as ``step-N.bad``.

        Everything is verified and compared before any object is changed. Call it after all objects are built, and
        before the first `tick`. The number of ranks may be another one than then.

        Args:
            strict: each object must have its state in the checkpoint and the other way round, and there must be as many
                CUDA devices as then. ``False`` starts afresh what has no state, and says so in the report.
            reset: names of objects that start afresh although they have state; ``"rng"`` for the random state.

        Raises:
            NoGoodCheckpointError: there are checkpoints and none is whole.
            StateMismatchError: the checkpoint was saved for other objects than these.
            MisuseError: ``reset`` names what is not there.
            CheckpointError: the folder cannot be read, or was written by a newer torchguard.
            UnreadableFileError: a file holds more than tensors and plain values, so that reading it might run code.
        """
        _refuse_reset(_listed(reset), self._parts)
        good, bad = self._shelf.newest_good()
        if good is None:
            self._owns_folder = True
            return ResumeReport(step=0, path=None, epoch=self._epoch())
        path, manifest = good
        restore = Restore(path, manifest, self._parts, self._ranks, _listed(reset))
        on_each(self._ranks, lambda: restore.read(strict))
        restore.load()
        self.step, self._owns_folder = manifest["step"], True
        self._saved_at = time.monotonic()
        skipped = on_first(self._ranks, lambda: self._set_aside(bad, path))
        return ResumeReport(self.step, path, skipped, tuple(restore.why_not_exact), self._epoch())

    def latest(self) -> Path | None:
        """The newest checkpoint that is whole, verified byte for byte; ``None`` if there is none at all.

        Nothing is set aside. All ranks call it. The link ``latest`` in the folder leads to the newest one without
        verification.

        Raises:
            NoGoodCheckpointError: there are checkpoints and none is whole.
        """
        good, _ = self._shelf.newest_good()
        return good[0] if good else None

    def best(self) -> Path | None:
        """The checkpoint with the best metric of those that are there; ``None`` if none was given."""
        return self._shelf.best(self._keep.order)

    def close(self) -> None:
        """Wait for a save in the background, and give back the signals and the folder.

        Raises:
            CheckpointError: the save failed, or still runs after ``timeout`` seconds.
        """
        self._signals.restore()
        try:
            self._background.settle()
        finally:
            if self._unlock is not None:
                self._unlock()

    def __enter__(self) -> Checkpointer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _agreed(self) -> tuple[int, bool, bool]:
        """The signal that came, if any; did a save fail; has it been long enough since the last one: on any rank."""
        waited = time.monotonic() - self._saved_at
        late = self._every_seconds is not None and waited >= self._every_seconds
        own = [self._signals.came, int(self._background.failed), int(late)]
        told, failed, any_late = self._ranks.largest(own) if self._agrees else own
        return told, bool(failed), bool(any_late)

    def _stop(self, told: int, saving: Future[Path]) -> None:
        """The signals stay handled: torchrun sends more of them to the ranks that are about to end."""
        self._background.settle()
        raise Preempted(self.step, saving.result(), told)

    def _load_to_write(self, tag: str | None, metric: float | None) -> Load:
        if self._ranks.rank == 0:
            self._claim()
            self._refuse_another_run()
        shards = {key: value for part in self._parts.values() for key, value in _shards_of(part).items()}
        contents: Any = self._contents()
        if self._host_copy is not None:
            contents, shards = self._host_copy.of([contents, shards])
        facts = {"versions": versions(), "metric": metric}
        return Load(self.step, tag, contents, shards, facts)

    def _contents(self) -> dict[str, Any]:
        """Rank 0 saves everything; the others what is their own."""
        first = self._ranks.rank == 0
        contents = {name: part.save() for name, part in self._parts.items() if first or part.local}
        for name, content in contents.items():
            refuse_unreadable(content, f"the state of {name}")
        whole: dict[str, Any] = {**contents, RNG: rng_state()}
        return {f"{name}.pt": content for name, content in whole.items()} if first else {own_file(self._ranks): whole}

    def _epoch(self) -> int | None:
        return self._loaders[0].epoch if self._loaders else None

    def _set_aside(self, bad: Sequence[tuple[Path, str]], good: Path) -> tuple[Skipped, ...]:
        skipped = tuple(Skipped(set_aside(folder), reason) for folder, reason in bad)
        if skipped:
            point_at(good)
        return skipped

    def _claim(self) -> None:
        """Become the one process that writes here."""
        if self._unlock is None or not self._unlock.alive:
            self._shelf.refuse_read_only()
            self._unlock = weakref.finalize(self, unlock_folder, lock_folder(self.folder))

    def _refuse_another_run(self) -> None:
        if not self._owns_folder and (there := self._shelf.names()):
            raise CheckpointError(
                f"{self.folder} holds {there[-1].name} of an earlier run, which this run did not resume, so its "
                "checkpoints would mix with these; call resume() before the first tick(), or choose an empty folder"
            )


def _shards_of(part: Part) -> Mapping[str, Tensor]:
    return part.shards() if isinstance(part, (ShardedModulePart, ShardedOptimizerPart)) else {}


def _listed(names: Sequence[str]) -> list[str]:
    """``signals="SIGTERM"`` is one name, not seven."""
    return [names] if isinstance(names, str) else list(names)


def _refuse_reset(names: Sequence[str], parts: Mapping[str, object]) -> None:
    if unknown := set(names) - {*parts, RNG}:
        raise MisuseError(f"reset={sorted(unknown)} is not among the objects; write one of {sorted([*parts, RNG])}")


def _refuse_labels(tag: str | None, metric: float | None) -> None:
    if tag is not None and not re.fullmatch(r"[A-Za-z]\w*", tag):
        raise MisuseError(f'tag="{tag}" makes no name of a folder; begin with a letter, then letters, digits and _')
    if metric is not None and not math.isfinite(metric):
        raise MisuseError(f"metric={metric} is neither better nor worse than another; leave it out for this checkpoint")
