"""The checkpoints of one run in their folder: their names, their order, which is good, which may go."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from torchguard.durable import (
    MANIFEST,
    commit_folder,
    discard_folder,
    drop_from_memory,
    read_manifest,
    records_of,
    remove_folder,
    remove_leftovers,
    sync_folder,
    temporary_name,
    verify_folder,
    write_files,
)
from torchguard.errors import CheckpointError, CorruptCheckpointError, NoGoodCheckpointError
from torchguard.progress import Progress
from torchguard.ranks import Ranks, on_each, on_first
from torchguard.removal import Removal
from torchguard.sharded import SHARDS, own_bytes, write_shards
from torchguard.tensors import stored_bytes
from torchguard.words import count

# step-120; step-120.1 is a second save at the same step; step-120-final has a tag
_NAME = re.compile(r"step-(\d+)(?:\.(\d+))?(?:-([A-Za-z]\w*))?")
_ASIDE = re.compile(rf"{_NAME.pattern}\.bad(?:-\d+)?")

Best = Literal["lowest", "highest"]


@dataclass(frozen=True)
class Skipped:
    """A checkpoint that failed its verification, and where it is now."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Keep:
    """Which checkpoints stay: the last so many, the best so many, and all that have a tag."""

    last: int | None
    best: int
    order: Best | None

    def old(self, folders: Sequence[Path]) -> list[Path]:
        """Those that may go, of all, oldest first."""
        if self.last is None:
            return []
        candidates = [folder for folder in folders if tag_of(folder) is None]
        best = self._best(candidates) if self.best else set()
        return [folder for folder in candidates[: -self.last] if folder not in best]

    def _best(self, folders: Sequence[Path]) -> set[Path]:
        measured = [(metric, folder) for folder in folders if (metric := metric_of(folder)) is not None]
        measured.sort(key=lambda pair: pair[0], reverse=self.order == "highest")  # of equals, the older one stays
        return {folder for _, folder in measured[: self.best]}


@dataclass(frozen=True)
class Load:
    """All that goes into one checkpoint, from this rank.

    Attributes:
        step: where the run is.
        tag: a name that keeps the checkpoint for good.
        contents: file names to what goes into them.
        shards: tensors that are spread over the ranks, by name.
        facts: what the manifest says beside; rank 0's counts.
    """

    step: int
    tag: str | None
    contents: Mapping[str, object]
    shards: Mapping[str, Tensor]
    facts: Mapping[str, Any]


class Shelf:
    """A folder of checkpoints.

    Args:
        folder: is made if it is not there; is seen by all ranks.
        ranks: the processes that write and read it together.

    Raises:
        CheckpointError: it cannot be made.
    """

    def __init__(self, folder: Path, ranks: Ranks) -> None:
        self.folder, self._ranks = folder, ranks
        self._removal = Removal()
        on_first(ranks, lambda: _make(folder))

    def names(self) -> list[Path]:
        """The checkpoints, whole or not, oldest first."""
        with self._explained("read"):
            return checkpoints_in(self.folder)

    def add(self, load: Load, keep: Keep, *, shown: bool = True) -> Path:
        """Write a new checkpoint, all ranks together, then delete old ones; nothing else that is there is touched.

        Each stage begins when all ranks have come through the one before, so that a failure stops all of them.
        """
        target, temporary = on_first(self._ranks, lambda: self._begin(load))
        try:
            files = self._write(temporary, load, shown)
            on_first(self._ranks, lambda: self._commit(temporary, target, files, load))
        except BaseException:
            if self._ranks.rank == 0:
                discard_folder(temporary)
            raise
        on_first(self._ranks, lambda: self._delete_old(target, keep, shown))
        return target

    def newest_good(self) -> tuple[tuple[Path, dict[str, Any]] | None, list[tuple[Path, str]]]:
        """The newest whole one with its manifest, and what is wrong with those that are newer; found by rank 0."""
        return on_first(self._ranks, self._newest_good)

    def best(self, order: Best | None) -> Path | None:
        """The one with the best metric; ``None`` if none has any."""
        best = Keep(last=1, best=1, order=order)._best(self.names())  # pylint: disable=protected-access  # our own
        return next(iter(best), None)

    def _newest_good(self) -> tuple[tuple[Path, dict[str, Any]] | None, list[tuple[Path, str]]]:
        bad: list[tuple[Path, str]] = []
        for folder in reversed(self.names()):
            try:
                with Progress(f"verifying {folder}", size_of(folder)) as progress:
                    return (folder, verify_folder(folder, progress)), bad
            except CorruptCheckpointError as error:
                bad.append((folder, str(error)))
        if bad:
            reasons = "; ".join(f"{folder.name}: {reason}" for folder, reason in bad)
            raise NoGoodCheckpointError(
                f"{self.folder} holds {count(len(bad), 'checkpoint')} and none is whole ({reasons}), so going on "
                "would mean starting at step 0; restore the folder from a backup, or choose an empty one to start again"
            )
        return None, bad

    def refuse_read_only(self) -> None:
        """Raise CheckpointError if the first save would fail."""
        effective = os.access in os.supports_effective_ids
        if not os.access(self.folder, os.W_OK | os.X_OK, effective_ids=effective):
            raise CheckpointError(
                f"{self.folder} may not be written by this user, so the first save would fail; choose another "
                f"folder, or write chmod u+w {self.folder} (to read only, leave out every_steps)"
            )

    def _begin(self, load: Load) -> tuple[Path, Path]:
        with self._explained("written"):
            self._removal.settle()  # the new one may need the space
            remove_leftovers(self.folder)
            for earlier in self.names()[-1:]:
                drop_from_memory(earlier)
            target = self._free_name(load.step, load.tag)
            temporary = temporary_name(target)
            temporary.mkdir()
        return target, temporary

    def _write(self, temporary: Path, load: Load, shown: bool) -> dict[str, dict[str, int]]:
        """The records of the files of all ranks."""

        def write_own() -> tuple[dict[str, dict[str, int]], bool]:
            total = stored_bytes(load.contents)
            with self._explained("written"), Progress(f"saving step {load.step}", total, shown=shown) as progress:
                return write_files(temporary, load.contents, progress), bool(load.shards)

        def write_shared() -> None:
            what, total = f"saving the shards of step {load.step}", own_bytes(load.shards)
            with self._explained("written"), Progress(what, total, shown=shown) as progress:
                write_shards(temporary, load.shards, self._ranks.group, progress)

        def look_back() -> dict[str, dict[str, int]]:
            with self._explained("written"):
                return records_of(temporary / SHARDS)

        written = on_each(self._ranks, write_own)
        files = {name: record for own, _ in written for name, record in own.items()}
        if any(is_sharded for _, is_sharded in written):
            on_each(self._ranks, write_shared)
            files |= on_first(self._ranks, look_back)
        return files

    def _commit(self, temporary: Path, target: Path, files: Mapping[str, dict[str, int]], load: Load) -> None:
        with self._explained("written"):
            commit_folder(temporary, target, files, {"step": load.step, "ranks": self._ranks.size, **load.facts})

    def _delete_old(self, newest: Path, keep: Keep, shown: bool) -> None:
        old = [folder for folder in keep.old(self.names()) if folder != newest]
        if old:
            _refuse_unproven(newest, shown)
        for folder in old:
            with suppress(OSError):  # the checkpoint is safe; what cannot be deleted now may be so the next time
                remove_folder(folder, self._removal)

    def _free_name(self, step: int, tag: str | None) -> Path:
        """A checkpoint is never overwritten: a second save at the same step gets a number."""
        taken = {folder.name.partition("-")[2].partition("-")[0] for folder in self.names()}
        name, revision = str(step), 0
        while name in taken:
            revision += 1
            name = f"{step}.{revision}"
        return self.folder / f"step-{name}{f'-{tag}' if tag else ''}"

    @contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CheckpointError(
                f"{self.folder} cannot be {verb} ({error.strerror or error}), so nothing was saved and the "
                "checkpoints in it are as they were; free the disk or the permissions, then call save()"
            ) from error


def checkpoints_in(parent: Path) -> list[Path]:
    """The checkpoints in a folder, whole or not, oldest first."""
    folders = [entry for entry in parent.iterdir() if entry.is_dir()]
    found = [(match, entry) for entry in folders if (match := _NAME.fullmatch(entry.name))]
    return [entry for _, entry in sorted(found, key=lambda pair: (int(pair[0][1]), int(pair[0][2] or 0)))]


def is_checkpoint(folder: Path) -> bool:
    """By its name and its manifest, or by what a link such as ``latest`` leads to; whole or not."""
    return _NAME.fullmatch(folder.resolve().name) is not None and (folder / MANIFEST).is_file()


def set_aside_in(parent: Path) -> list[Path]:
    """What `set_aside` renamed."""
    return sorted(entry for entry in parent.iterdir() if _ASIDE.fullmatch(entry.name))


def tag_of(folder: Path) -> str | None:
    """``"final"`` of ``step-120-final``."""
    match = _NAME.fullmatch(folder.name)
    return match[3] if match else None


def metric_of(folder: Path) -> float | None:
    """What `Checkpointer.save` was given; ``None`` where it was given none, or the manifest cannot be read."""
    try:
        metric = read_manifest(folder).get("metric")
    except (CheckpointError, OSError):
        return None
    return None if metric is None else float(metric)


def size_of(folder: Path) -> int:
    """Bytes of the files in it."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def set_aside(folder: Path) -> Path:
    """Rename a damaged checkpoint, out of the way of the saves to come. Where that is not allowed, it stays."""
    aside, number = folder.with_name(f"{folder.name}.bad"), 1
    while aside.exists():
        number += 1
        aside = folder.with_name(f"{folder.name}.bad-{number}")
    try:
        return folder.rename(aside)
    except OSError:
        return folder


def _refuse_unproven(newest: Path, shown: bool) -> None:
    try:
        with Progress(f"reading {newest.name} back", size_of(newest), shown=shown) as progress:
            verify_folder(newest, progress)
    except CorruptCheckpointError as error:
        raise CheckpointError(
            f"{newest} reads back otherwise than it was written ({error}), so the disk cannot be trusted and "
            "nothing was deleted; write the checkpoints to another disk"
        ) from None


def _make(folder: Path) -> None:
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            sync_folder(folder.parent)
    except OSError as error:
        raise CheckpointError(
            f"{folder} is no folder and cannot be made one ({error.strerror}); choose a folder that can be written"
        ) from None
