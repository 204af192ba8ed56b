"""One writer for a folder, as long as it lives: two runs in one folder would delete each other's checkpoints."""

from __future__ import annotations

import os
from pathlib import Path

from torchguard.errors import CheckpointError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_held: dict[Path, tuple[int, int]] = {}  # folder: its descriptor, and how many of this process share it


def lock_folder(folder: Path) -> Path:
    """Keep other processes from writing here until `unlock_folder`, or until this process ends, however it ends.

    Where the file system knows no locks, nothing is kept.

    Raises:
        CheckpointError: another process writes here.
    """
    folder = folder.resolve()
    descriptor, sharers = _held.get(folder, (-1, 0))
    _held[folder] = (_locked(folder) if not sharers else descriptor), sharers + 1
    return folder


def unlock_folder(folder: Path) -> None:
    """Give back what `lock_folder` returned."""
    descriptor, sharers = _held.pop(folder, (-1, 0))
    if sharers > 1:
        _held[folder] = descriptor, sharers - 1
    elif descriptor >= 0:
        os.close(descriptor)


def _locked(folder: Path) -> int:
    if fcntl is None:
        return -1
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CheckpointError(
            f"{folder} is written by another process that is still running, and two runs would delete each other's "
            "checkpoints; end that process, or choose another folder for this run"
        ) from None
    except OSError:  # no locks on this file system
        os.close(descriptor)
        return -1
    return descriptor


def _forget_in_child() -> None:
    """A forked worker holds no lock, and keeps none alive when its parent was killed."""
    for descriptor, _ in _held.values():
        if descriptor >= 0:
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
