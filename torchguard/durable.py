"""Writing a folder of files so that, whatever dies when, it is there whole or not at all; and proving it later.

The order is what makes it safe: write into a folder with another name, force each file to the disk, then the manifest
that lists them, then the folder; rename; force the renaming to the disk. A rename inside one file system is atomic.
Source: POSIX rename(2) and fsync(2).
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import torch

from torchguard.errors import CheckpointError, CorruptCheckpointError

MANIFEST = "manifest.json"
SCHEMA = 1
_TEMPORARY = re.compile(r".+\.tmp-(\d+)")
_CHUNK = 1 << 20  # bytes


def write_folder(target: Path, contents: Mapping[str, object], facts: Mapping[str, Any]) -> None:
    """Write a folder that is not there yet.

    Args:
        target: where it will be; its parent exists.
        contents: file names to what ``torch.save`` writes into them.
        facts: what the manifest says beside the sizes and checksums; plain JSON.

    Raises:
        OSError: the disk is full, or the parent may not be written; nothing is left behind.
    """
    temporary = temporary_name(target)
    try:
        temporary.mkdir()
        files = {name: _write_tensors(temporary / name, content) for name, content in contents.items()}
        _write_manifest(temporary / MANIFEST, {"schema": SCHEMA, **facts, "files": files})
        sync_folder(temporary)
        temporary.rename(target)
        sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def verify_folder(folder: Path) -> dict[str, Any]:
    """Compare every file with the manifest; return the manifest.

    Raises:
        CorruptCheckpointError: a file is missing, or is not, byte for byte, what was written; says which and how.
        CheckpointError: the folder was written by a newer torchguard, or may not be read.
    """
    try:
        manifest = _read_manifest(folder / MANIFEST)
        for name, record in manifest["files"].items():
            _verify_file(folder / name, record)
    except FileNotFoundError as error:
        raise CorruptCheckpointError(f"{Path(error.filename).name} is missing") from None
    except OSError as error:
        if error.errno == errno.EIO:
            raise CorruptCheckpointError(f"the disk fails to read it ({error.strerror})") from None
        raise CheckpointError(f"{folder} cannot be read ({error.strerror}); make it readable for this user") from error
    return manifest


def remove_folder(folder: Path) -> None:
    """Delete a folder so that a half-deleted one is never taken for a damaged one."""
    temporary = temporary_name(folder)
    folder.rename(temporary)
    shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(parent: Path) -> None:
    """Delete what processes left half-written or half-deleted when they died."""
    for entry in parent.iterdir():
        found = _TEMPORARY.fullmatch(entry.name)
        if found and not _is_other_process(int(found[1])):
            shutil.rmtree(entry, ignore_errors=True)


def temporary_name(target: Path) -> Path:
    """Beside the target, so that the rename stays inside one file system; with our process id, so that it has an
    owner."""
    return target.with_name(f"{target.name}.tmp-{os.getpid()}")


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to the disk."""
    if os.name == "nt":  # Windows opens no folders, and writes names through by itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Measured:
    """A file that counts the bytes written to it and their crc32, so that they need not be read again."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.bytes = 0
        self.crc32 = 0

    def write(self, data: bytes) -> int:
        self.crc32 = zlib.crc32(data, self.crc32)
        self.bytes += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _write_tensors(path: Path, content: object) -> dict[str, int]:
    with path.open("xb") as file:
        measured = _Measured(file)
        torch.save(content, cast(IO[bytes], measured))
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": measured.bytes, "crc32": measured.crc32}


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    with path.open("x", encoding="utf-8") as file:
        json.dump({"crc32": _checksum(manifest), "manifest": manifest}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        outer = json.loads(path.read_bytes())
        manifest: dict[str, Any] = outer["manifest"]
        intact = outer["crc32"] == _checksum(manifest)
    except (ValueError, KeyError, TypeError):  # ValueError: no JSON, or no UTF-8
        raise CorruptCheckpointError(f"{MANIFEST} is cut off or damaged") from None
    if not intact:
        raise CorruptCheckpointError(f"{MANIFEST} was changed after it was written")
    if manifest["schema"] > SCHEMA:
        raise CheckpointError(
            f"{path.parent} was written by a newer torchguard (schema {manifest['schema']}, this one reads {SCHEMA}); "
            "write pip install -U 'pylint-torchcheck[guard]'"
        )
    return manifest


def _checksum(manifest: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(manifest, sort_keys=True).encode())


def _verify_file(path: Path, record: dict[str, int]) -> None:
    size = path.stat().st_size
    if size != record["bytes"]:
        raise CorruptCheckpointError(f"{path.name} has {size} bytes and {record['bytes']} were written")
    crc32 = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            crc32 = zlib.crc32(chunk, crc32)
    if crc32 != record["crc32"]:
        raise CorruptCheckpointError(
            f"{path.name} was changed after it was written (crc32 {crc32:08x}, written {record['crc32']:08x})"
        )


def _is_other_process(pid: int) -> bool:
    """Is it alive and not this one? In a container the process before us often had our id."""
    if pid == os.getpid():
        return False
    if os.name == "nt":  # there os.kill(pid, 0) does kill
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
