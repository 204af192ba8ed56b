"""The checkpoints of one run in their folder: their names, their order, which is good, which may go."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torchguard.durable import remove_folder, remove_leftovers, sync_folder, verify_folder, write_folder
from torchguard.errors import CheckpointError, CorruptCheckpointError, NoGoodCheckpointError
from torchguard.words import count

_NAME = re.compile(r"step-(\d+)(?:\.(\d+))?")  # step-120; step-120.1 is a second save at the same step


@dataclass(frozen=True)
class Skipped:
    """A checkpoint that failed its verification, and where it is now."""

    path: Path
    reason: str


class Shelf:
    """A folder of checkpoints.

    Args:
        folder: is made if it is not there.

    Raises:
        CheckpointError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _make(folder)

    def names(self) -> list[Path]:
        """The checkpoints, whole or not, oldest first."""
        with self._explained("read"):
            folders = [entry for entry in self.folder.iterdir() if entry.is_dir()]
        found = [(match, entry) for entry in folders if (match := _NAME.fullmatch(entry.name))]
        return [entry for _, entry in sorted(found, key=lambda pair: (int(pair[0][1]), int(pair[0][2] or 0)))]

    def add(self, step: int, contents: Mapping[str, object], facts: Mapping[str, Any]) -> Path:
        """Write a new checkpoint; nothing that is there is touched."""
        with self._explained("written"):
            remove_leftovers(self.folder)
            target = self._free_name(step)
            write_folder(target, contents, {"step": step, **facts})
        return target

    def newest_good(self) -> tuple[tuple[Path, dict[str, Any]] | None, list[tuple[Path, str]]]:
        """The newest whole one with its manifest, and what is wrong with those that are newer."""
        bad: list[tuple[Path, str]] = []
        for folder in reversed(self.names()):
            try:
                return (folder, verify_folder(folder)), bad
            except CorruptCheckpointError as error:
                bad.append((folder, str(error)))
        if bad:
            reasons = "; ".join(f"{folder.name}: {reason}" for folder, reason in bad)
            raise NoGoodCheckpointError(
                f"{self.folder} holds {count(len(bad), 'checkpoint')} and none is whole ({reasons}), so going on "
                "would mean starting at step 0; restore the folder from a backup, or choose an empty one to start again"
            )
        return None, bad

    def delete_old(self, newest: Path, keep: int) -> None:
        """Delete all but the last ``keep``, once the newest has proven to be whole."""
        old = self.names()[:-keep]
        if old:
            _refuse_unproven(newest)
        for folder in old:
            with suppress(OSError):  # the checkpoint is safe; what cannot be deleted now may be so the next time
                remove_folder(folder)

    def refuse_read_only(self) -> None:
        """Raise CheckpointError if the first save would fail."""
        effective = os.access in os.supports_effective_ids
        if not os.access(self.folder, os.W_OK | os.X_OK, effective_ids=effective):
            raise CheckpointError(
                f"{self.folder} may not be written by this user, so the first save would fail; choose another "
                f"folder, or write chmod u+w {self.folder} (to read only, leave out every_steps)"
            )

    def _free_name(self, step: int) -> Path:
        """A checkpoint is never overwritten: a second save at the same step gets a number."""
        name, revision = f"step-{step}", 0
        while (self.folder / name).exists():
            revision += 1
            name = f"step-{step}.{revision}"
        return self.folder / name

    @contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CheckpointError(
                f"{self.folder} cannot be {verb} ({error.strerror or error}), so nothing was saved and the "
                "checkpoints in it are as they were; free the disk or the permissions, then call save()"
            ) from error


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


def _refuse_unproven(newest: Path) -> None:
    try:
        verify_folder(newest)
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
