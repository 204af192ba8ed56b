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
from contextlib import suppress
from pathlib import Path
from typing import Any

from torchguard.checksums import crc32_of_files
from torchguard.errors import CheckpointError, CorruptCheckpointError
from torchguard.progress import Progress
from torchguard.removal import Removal
from torchguard.writing import Record, write_tensors

MANIFEST = "manifest.json"
LATEST = "latest"
SCHEMA = 1
_TEMPORARY = re.compile(r".+\.tmp-(\d+)")
_INSIDE = re.compile(r"(?:shards/)?[\w.-]*\w[\w.-]*")  # no way out of the folder


def write_files(folder: Path, contents: Mapping[str, object], progress: Progress) -> dict[str, Record]:
    """Write files and force them to the disk.

    Args:
        folder: is there already.
        contents: file names to what ``torch.save`` writes into them.
        progress: is told of the bytes.
    """
    return {name: write_tensors(folder / name, content, progress) for name, content in contents.items()}


def records_of(folder: Path) -> dict[str, Record]:
    """Sizes and checksums of files that somebody else wrote and forced to the disk, by their path from the parent."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for inner in {path.parent for path in files}:
        sync_folder(inner)
    sizes = {path: path.stat().st_size for path in files}
    found = crc32_of_files(sizes)
    return {path.relative_to(folder.parent).as_posix(): {"bytes": sizes[path], "crc32": found[path]} for path in files}


def commit_folder(temporary: Path, target: Path, files: Mapping[str, Record], facts: Mapping[str, Any]) -> None:
    """Give a folder whose files are on the disk its manifest and its name; from then on it counts, and is `LATEST`.

    Args:
        temporary: what `temporary_name` gave for the target.
        target: where it will be; is not there yet.
        files: all that is in the folder.
        facts: what the manifest says beside the sizes and checksums; plain JSON.
    """
    _write_manifest(temporary / MANIFEST, {"schema": SCHEMA, **facts, "files": files})
    sync_folder(temporary)
    temporary.rename(target)
    point_at(target)
    sync_folder(target.parent)


def point_at(target: Path) -> None:
    """Let `LATEST`, beside the folder, lead to it. For people and scripts: no guard relies on it."""
    link = target.with_name(LATEST)
    temporary = temporary_name(link)
    with suppress(OSError):  # no such links here, or something else has the name
        temporary.symlink_to(target.name, target_is_directory=True)
        temporary.replace(link)
    with suppress(OSError):
        temporary.unlink(missing_ok=True)


def discard_folder(temporary: Path) -> None:
    """Leave nothing of a folder that was not committed."""
    shutil.rmtree(temporary, ignore_errors=True)


def verify_folder(folder: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Compare every file with the manifest, several at once; return the manifest.

    Raises:
        CorruptCheckpointError: a file is missing, or is not, byte for byte, what was written; says which and how.
        CheckpointError: the folder was written by a newer torchguard, or may not be read.
    """
    try:
        manifest = read_manifest(folder)
        _verify_files({folder / name: record for name, record in manifest["files"].items()}, progress)
    except FileNotFoundError as error:
        raise CorruptCheckpointError(f"{Path(error.filename).name} is missing") from None
    except OSError as error:
        if error.errno == errno.EIO:
            raise CorruptCheckpointError(f"the disk fails to read it ({error.strerror})") from None
        raise CheckpointError(f"{folder} cannot be read ({error.strerror}); make it readable for this user") from error
    return manifest


def verify_file(path: Path) -> None:
    """Compare one file of a committed folder with the manifest.

    Raises:
        CorruptCheckpointError: it is not, byte for byte, what was written, or the manifest is damaged or does not list
            it.
    """
    records = read_manifest(path.parent)["files"]
    if path.name not in records:
        raise CorruptCheckpointError(f"{MANIFEST} does not list {path.name}")
    _verify_files({path: records[path.name]}, None)


def drop_from_memory(folder: Path) -> None:
    """Let the system use the memory in which it keeps these files for others: they are on the disk.

    What is written next then takes the same memory. Else it takes as much again, and where the machine is a virtual one
    each page may have to be fetched from the host, which is ten times as slow as writing it.
    """
    if not hasattr(os, "posix_fadvise"):  # macOS and Windows
        return
    for file in folder.rglob("*"):
        with suppress(OSError), file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def remove_folder(folder: Path, removal: Removal) -> None:
    """Delete a folder so that a half-deleted one is never taken for a damaged one."""
    temporary = temporary_name(folder)
    folder.rename(temporary)
    removal.remove(temporary)


def leftovers_in(parent: Path) -> list[Path]:
    """What processes left half-written or half-deleted when they died."""
    found = [(entry, match) for entry in parent.iterdir() if (match := _TEMPORARY.fullmatch(entry.name))]
    return sorted(entry for entry, match in found if not _is_other_process(int(match[1])))


def remove_leftovers(parent: Path) -> None:
    """Delete `leftovers_in` a folder."""
    for entry in leftovers_in(parent):
        if entry.is_symlink():
            entry.unlink()
        else:
            shutil.rmtree(entry, ignore_errors=True)


def temporary_name(target: Path, pid: int | None = None) -> Path:
    """Beside the target, so that the rename stays inside one file system; with a process id (ours), so that it has an
    owner."""
    return target.with_name(f"{target.name}.tmp-{os.getpid() if pid is None else pid}")


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to the disk."""
    if os.name == "nt":  # Windows opens no folders, and writes names through by itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    with path.open("x", encoding="utf-8") as file:
        json.dump({"crc32": _checksum(manifest), "manifest": manifest}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the manifest says, if it is whole itself; nothing else is looked at.

    Raises:
        CorruptCheckpointError: it is damaged.
        CheckpointError: it was written by a newer torchguard.
        OSError: it is missing, or may not be read.
    """
    path = folder / MANIFEST
    try:
        outer = json.loads(path.read_bytes())
        manifest: dict[str, Any] = outer["manifest"]
        intact = outer["crc32"] == _checksum(manifest)
    except (ValueError, KeyError, TypeError):  # ValueError: no JSON, or no UTF-8
        raise CorruptCheckpointError(f"{MANIFEST} is cut off or damaged") from None
    if not intact:
        raise CorruptCheckpointError(f"{MANIFEST} was changed after it was written")
    if not isinstance(manifest, dict) or not isinstance(manifest.get("schema"), int):
        raise CorruptCheckpointError(f"{MANIFEST} is none that a Checkpointer writes")
    if manifest["schema"] > SCHEMA:
        raise CheckpointError(
            f"{path.parent} was written by a newer torchguard (schema {manifest['schema']}, this one reads {SCHEMA}); "
            "write pip install -U 'pylint-torchcheck[guard]'"
        )
    _refuse_form(manifest)
    return manifest


def _refuse_form(manifest: dict[str, Any]) -> None:
    """Its checksum is right, but whoever changes a manifest can compute that as well."""
    match manifest:
        case {"step": int(), "versions": dict(), "files": dict() as files}:
            whole = all(_is_record(name, record) for name, record in files.items())
        case _:
            whole = False
    if not whole:
        raise CorruptCheckpointError(f"{MANIFEST} is none that a Checkpointer writes")


def _is_record(name: str, record: object) -> bool:
    match record:
        case {"bytes": int(), "crc32": int()}:
            return _INSIDE.fullmatch(name) is not None
    return False


def _checksum(manifest: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(manifest, sort_keys=True).encode())


def _verify_files(records: Mapping[Path, Record], progress: Progress | None) -> None:
    """The sizes first, which cost nothing; then every byte."""
    for path, record in records.items():
        size = path.stat().st_size
        if size != record["bytes"]:
            raise CorruptCheckpointError(f"{path.name} has {size} bytes and {record['bytes']} were written")
    for path, crc32 in crc32_of_files({path: record["bytes"] for path, record in records.items()}, progress).items():
        if crc32 != records[path]["crc32"]:
            raise CorruptCheckpointError(
                f"{path.name} was changed after it was written (crc32 {crc32:08x}, written "
                f"{records[path]['crc32']:08x})"
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
