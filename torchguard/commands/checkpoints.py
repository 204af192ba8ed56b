"""``python -m torchguard checkpoints DIR``: which checkpoints there are, what they hold, and whether they are whole."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torchguard.durable import leftovers_in, read_manifest, verify_folder
from torchguard.errors import CheckpointError
from torchguard.progress import Progress, readable
from torchguard.shelf import checkpoints_in, is_checkpoint, set_aside_in, size_of


def main(arguments: Sequence[str]) -> int:
    """0 if all are whole; 1 if one is not, or there is none; 2 if there is no such folder."""
    description = "Lists which checkpoints there are, what they hold, and whether each is whole, byte for byte."
    parser = argparse.ArgumentParser(prog="python -m torchguard checkpoints", description=description)
    parser.add_argument("folder", type=Path, help="the folder that the Checkpointer was given, or one checkpoint")
    parser.add_argument("--quick", action="store_true", help="read the manifests only, and not every byte")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        print(f"{options.folder} is no folder; write the one that the Checkpointer was given", file=sys.stderr)
        return 2
    folders = [options.folder] if is_checkpoint(options.folder) else checkpoints_in(options.folder)
    rows = [_row(folder, quick=options.quick) for folder in folders]
    print("\n".join(_lines(options.folder, rows)))
    return 0 if rows and all(row.whole for row in rows) else 1


@dataclass(frozen=True)
class _Row:
    """One checkpoint, as it is listed."""

    name: str
    age: str
    size: str
    whole: bool
    state: str
    holds: str


def _row(folder: Path, *, quick: bool) -> _Row:
    size = size_of(folder)
    whole, state, holds = _judged(folder, size, quick=quick)
    return _Row(folder.name, _age(time.time() - folder.stat().st_mtime), readable(size), whole, state, holds)


def _judged(folder: Path, size: int, *, quick: bool) -> tuple[bool, str, str]:
    """Is it whole, in which words, and what does it hold?"""
    try:
        manifest = read_manifest(folder)
        if not quick:
            with Progress(f"verifying {folder}", size) as progress:
                verify_folder(folder, progress)
    except CheckpointError as error:
        return False, str(error), ""
    except OSError as error:
        return False, f"{Path(error.filename).name}: {error.strerror}", ""
    return True, "not verified" if quick else "verified", _holds(manifest)


def _holds(manifest: Mapping[str, Any]) -> str:
    """``model optimizer rng; 2 ranks; metric 0.93; torch 2.13.0``."""
    files = manifest["files"]
    names = [name.removesuffix(".pt") for name in files if name.endswith(".pt") and not name.startswith("rank-")]
    parts = [" ".join(names)]
    if any(name.startswith("shards/") for name in files):
        parts.append("sharded")
    if manifest.get("ranks", 1) > 1:
        parts.append(f"{manifest['ranks']} ranks")
    if manifest.get("metric") is not None:
        parts.append(f"metric {manifest['metric']:g}")
    return "; ".join([*parts, f"torch {manifest['versions']['torch']}"])


def _lines(folder: Path, rows: Sequence[_Row]) -> Iterator[str]:
    if not rows:
        yield f"{folder} holds no checkpoints"
    widths = [max((len(value) for value in column), default=0) for column in zip(*_cells(rows), strict=True)]
    for row, cells in zip(rows, _cells(rows), strict=True):
        padded = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield f"{padded}  {'' if row.whole else 'DAMAGED: '}{row.state}{f'  {row.holds}' if row.holds else ''}"
    for bad in set_aside_in(folder):
        yield f"{bad.name}: set aside by a resume that found it damaged"
    for left in leftovers_in(folder):
        yield f"{left.name}: left half-written or half-deleted by a process that died; the next save deletes it"


def _cells(rows: Sequence[_Row]) -> list[tuple[str, str, str]]:
    return [(row.name, row.age, row.size) for row in rows]


def _age(seconds: float) -> str:
    length, unit = next(
        (length, unit)
        for length, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
        if seconds >= length or unit == "s"
    )
    return f"{seconds // length:.0f} {unit} ago"
