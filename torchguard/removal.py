"""Deleting large files without waiting for the disk to give back their space."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread

_LARGE = 1 << 24  # bytes; the space of smaller files is given back at once
_MOST = 64  # files at a time, of the descriptors that a process may have

_held: set[int] = set()  # descriptors of files that have no name any more


class Removal:
    """Deletes folders. They are gone at once; their space is back when `settle` returns.

    The space of a file is given back when its last descriptor is closed, which takes as long as writing a part of it.
    So each large file is held while its name is deleted, and let go by a thread. If the process dies, the system
    closes them all.
    """

    def __init__(self) -> None:
        self._closing: Thread | None = None

    def remove(self, folder: Path) -> None:
        """Delete a folder and all that is in it; what cannot be deleted stays."""
        self.settle()
        descriptors = list(_hold(folder))
        shutil.rmtree(folder, ignore_errors=True)
        if descriptors:
            self._closing = Thread(target=_let_go, args=(descriptors,), name=f"torchguard: freeing {folder.name}")
            self._closing.start()

    def settle(self) -> None:
        """Wait until the space is free."""
        if self._closing is not None:
            self._closing.join()
            self._closing = None


def _hold(folder: Path) -> Iterable[int]:
    if os.name == "nt":  # there a file that is open cannot be deleted
        return
    large = [file for file in folder.rglob("*") if file.is_file() and file.stat().st_size >= _LARGE]
    for file in large[:_MOST]:
        with suppress(OSError):
            descriptor = os.open(file, os.O_RDONLY)
            _held.add(descriptor)
            yield descriptor


def _let_go(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        _held.discard(descriptor)
        os.close(descriptor)


def _forget_in_child() -> None:
    """A forked worker would keep the space for as long as it lives."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
