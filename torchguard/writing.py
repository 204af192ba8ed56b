"""Writing a file of tensors: added up and forced to the disk while it is still being written."""

from __future__ import annotations

import os
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast

import torch

from torchguard.progress import Progress

_LARGE = 1 << 20  # bytes; smaller pieces are added up sooner than a thread would begin
_AHEAD = 1 << 25  # bytes that gather before the disk is told to write them

Record = dict[str, int]  # "bytes" and "crc32" of a file


def write_tensors(path: Path, content: object, progress: Progress) -> Record:
    """What ``torch.save`` writes, into a new file that is on the disk when this returns."""
    with path.open("xb") as file, ThreadPoolExecutor(2) as helpers:
        measured = _Measured(file, progress, helpers)
        try:
            torch.save(content, cast(IO[bytes], measured))
        except Exception:
            if measured.failure is not None:  # torch makes an error of its own of it
                raise measured.failure from None
            raise
        measured.force_to_disk()
    return {"bytes": measured.bytes, "crc32": measured.crc32}


class _Measured:
    """A file that counts the bytes written to it and their crc32, so that they need not be read again.

    Large pieces are written, added up and forced to the disk at the same time, since none of this holds python's lock.
    """

    def __init__(self, file: IO[bytes], progress: Progress, helpers: ThreadPoolExecutor) -> None:
        self._file, self._progress, self._helpers = file, progress, helpers
        self._gathered = 0
        self._forcing: Future[Any] | None = None
        self.bytes = 0
        self.crc32 = 0
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._write(data)
        except OSError as error:
            self.failure = error
            raise

    def _write(self, data: bytes) -> int:
        size = len(data)
        if size < _LARGE:
            self.crc32 = zlib.crc32(data, self.crc32)
            self._file.write(data)
        else:
            added = self._helpers.submit(zlib.crc32, data, self.crc32)
            self._file.write(data)
            self.crc32 = added.result()
        self.bytes += size
        self._force_ahead(size)
        self._progress.add(size)
        return size

    def flush(self) -> None:
        self._file.flush()

    def force_to_disk(self) -> None:
        """All of it, names and lengths included."""
        self._file.flush()
        if self._forcing is not None:
            self._forcing.result()  # the system tells a failure to write once, and would not repeat it below
        os.fsync(self._file.fileno())

    def _force_ahead(self, size: int) -> None:
        """Let the disk begin with what there is, one piece at a time, so that little is left for the end."""
        self._gathered += size
        if self._gathered < _AHEAD or (self._forcing is not None and not self._forcing.done()):
            return
        if self._forcing is not None:
            self._forcing.result()
        self._gathered = 0
        force = getattr(os, "fdatasync", os.fsync)  # macOS and Windows have the latter alone
        self._forcing = self._helpers.submit(force, self._file.fileno())
