"""What was found in a file is remembered until the file, or one that it imports, is another."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import astroid
import pylint
from astroid import nodes

from pylint_torchcheck.trace.reached import Basis, basis_of

_TICK = 100_000_000  # ns; a change may be dated so much earlier than it is
_OLD = 30 * 24 * 3600  # s; what was found longer ago is looked for again, and its file goes
_SWEEP = 24 * 3600  # s between two looks for such files
_Row: TypeAlias = tuple[int, int, int, str, list[str], str]  # the number of the node in the tree, then as in Found
_SWEPT = "swept"  # the file whose date says when that was last done


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, as Pylint is told of it.

    Args:
        details: what the ``%s`` of the message stand for, in order.
        confidence: the name of Pylint's level.
    """

    line: int
    column: int
    symbol: str
    details: tuple[str, ...]
    confidence: str
    node: nodes.NodeNG


@dataclass(frozen=True, slots=True)
class Page:
    """Where the findings of one file are kept, and what they rest on.

    Args:
        begun: when the run began, in nanoseconds since the epoch.
    """

    path: Path
    basis: Basis
    begun: int

    def recall(self, tree: nodes.Module) -> list[Found] | None:
        """Return what was found when all was as it is now; ``None`` if that is not known."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["basis"] != _with_edition(self.basis) or time.time() - self.path.stat().st_mtime > _OLD:
                return None
            return list(_with_nodes(tree, kept["findings"]))
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def keep(self, tree: nodes.Module, findings: Sequence[Found]) -> None:
        """Remember what was found; not if a file was changed meanwhile, or where nothing can be written."""
        numbers = _numbers(tree, {found.node for found in findings})
        if len(numbers) < len({found.node for found in findings}) or not self.basis.is_as_before(self.begun):
            return
        rows = [[numbers[one.node], one.line, one.column, one.symbol, one.details, one.confidence] for one in findings]
        try:
            _write(self.path, json.dumps({"basis": _with_edition(self.basis), "findings": rows}))
        except OSError:
            return


class Memory:
    """The findings of earlier runs, a file for each linted one.

    Args:
        folder: where they are; made when there is something to keep.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun = time.time_ns() - _TICK

    def page(self, tree: nodes.Module, symbols: Iterable[str]) -> Page | None:
        """Return where the findings of a file are kept.

        ``None`` if one of the files was changed since the run began: the tree may be of another text than the one
        that is read now.

        Args:
            symbols: those of the pitfalls that are asked.
        """
        basis = basis_of(tree)
        if basis is None or basis.changed >= self._begun:
            return None
        name = hashlib.sha256("\n".join([tree.file, *symbols]).encode("utf-8", "surrogatepass")).hexdigest()
        return Page(self._folder / f"{name[:32]}.json", basis, self._begun)

    def sweep(self) -> None:
        """Once a day, delete what is old."""
        mark = self._folder / _SWEPT
        try:
            if mark.exists() and time.time() - mark.stat().st_mtime < _SWEEP:
                return
            mark.touch()
            for path in self._folder.glob("*.json"):
                if time.time() - path.stat().st_mtime > _OLD:
                    path.unlink()
        except OSError:
            return


def _with_edition(basis: Basis) -> str:
    return hashlib.sha256(f"{_edition()} {basis.digest}".encode()).hexdigest()


@functools.cache
def _edition() -> str:
    """Tell one state of this package, of Python and of Pylint from another."""
    package = Path(__file__).parent
    states = [(path.relative_to(package).as_posix(), path.stat()) for path in sorted(package.rglob("*.py"))]
    files = [(name, status.st_size, status.st_mtime_ns) for name, status in states]
    return repr((files, sys.version, pylint.__version__, astroid.__version__))


def _in_order(tree: nodes.Module) -> Iterator[nodes.NodeNG]:
    waiting: list[nodes.NodeNG] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.get_children()


def _numbers(tree: nodes.Module, wanted: set[nodes.NodeNG]) -> dict[nodes.NodeNG, int]:
    return {node: number for number, node in enumerate(_in_order(tree) if wanted else ()) if node in wanted}


def _with_nodes(tree: nodes.Module, rows: list[_Row]) -> Iterator[Found]:
    """Return the findings with their places in the tree.

    Raises:
        LookupError: the tree has no such place.
    """
    numbers = {row[0] for row in rows}
    placed = {number: node for number, node in enumerate(_in_order(tree) if rows else ()) if number in numbers}
    for number, line, column, symbol, details, confidence in rows:
        node = placed[number]
        if (node.lineno or 1, node.col_offset or 0) != (line, column):
            raise LookupError(number)
        yield Found(line, column, symbol, tuple(details), confidence, node)


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, whoever else writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(".json", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(draft, path)
    except OSError:
        os.unlink(draft)
        raise
