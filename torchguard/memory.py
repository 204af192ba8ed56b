"""How much memory there is for loader workers, and sizes as people read them."""

from __future__ import annotations

import os

_SHARED = "/dev/shm"


def free_shared_memory() -> int | None:
    """Bytes free in the file system through which loader workers hand over batches; ``None`` where there is none."""
    if not os.path.isdir(_SHARED) or not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(_SHARED)
    return found.f_bavail * found.f_frsize


def in_bytes(size: float) -> str:
    """``in_bytes(3_500_000) == "3.3 MiB"``."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GiB"
