"""What the findings of a file may rest on: its own text, and that of what its imports lead to in the project."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from astroid import nodes

from pylint_torchcheck.trace.aliases import imports_in
from pylint_torchcheck.trace.project import LONGEST_FILE, MOST_PLACES, bytes_of, local_file, text_of
from pylint_torchcheck.trace.requirements import torch_range
from pylint_torchcheck.trace.survey import statements

_MOST_READ = 400  # files that are read for the sake of one; of those behind it some have been read by then
_COMMENT = re.compile(r"#[^\n]*")  # or what looks like one in a string


@dataclass(frozen=True, slots=True)
class Basis:
    """The state of all that the findings of a file may rest on.

    Args:
        digest: another one if any of it is different.
        changed: when one of the files was last changed, in nanoseconds since the epoch.
        files: their paths.
    """

    digest: str
    changed: int
    files: tuple[str, ...]

    def is_as_before(self, moment: int) -> bool:
        """Has no file been changed or deleted since a moment, in nanoseconds since the epoch?"""
        return all(_changed(file) < moment for file in self.files)


@dataclass(frozen=True, slots=True)
class _Text:
    digest: bytes
    changed: int
    imported: frozenset[str]


def basis_of(tree: nodes.Module) -> Basis | None:
    """Return what the findings of a file rest on; ``None`` if that cannot be told, or only at length.

    Whatever the reader looks at is reached by imports: those of the file, and those of the files that these mean. Which
    file an import means is found out anew, so that one that comes to stand before another counts as a change.
    """
    source = bytes_of(tree)
    if not source or not tree.file or not os.path.isfile(tree.file):
        return None
    imported = _meant(tree.file, set(_imports_of(tree)))
    reached = {tree.file: _Text(hashlib.sha256(source).digest(), _changed(tree.file), imported)}
    waiting = [*reached[tree.file].imported]
    most = _text.cache_info().misses + _MOST_READ
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached[file] = _text(file)
            waiting += reached[file].imported
            if _text.cache_info().misses > most:
                return None
    return _basis(tree.file, reached)


def _basis(file: str, reached: dict[str, _Text]) -> Basis:
    parts = hashlib.sha256(repr((file, torch_range(file))).encode("utf-8", "surrogatepass"))
    for one in sorted(reached):
        parts.update(one.encode("utf-8", "surrogatepass") + b"\0" + reached[one].digest)
    return Basis(parts.hexdigest(), max(text.changed for text in reached.values()), tuple(reached))


@lru_cache(MOST_PLACES)
def _text(file: str) -> _Text:
    changed = _changed(file)  # before it is read: what changes meanwhile is newer
    text = text_of(Path(file))
    if text is None:
        return _Text(b"", changed, frozenset())
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return _Text(digest, changed, _meant(file, set(_imports_in(text))) if len(text) <= LONGEST_FILE else frozenset())


def _changed(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return sys.maxsize  # it was there a moment ago


def _imports_of(tree: nodes.Module) -> Iterator[tuple[int, str, str]]:
    """Return the leading dots, the module and the name of each import."""
    for node in statements(tree):
        if isinstance(node, nodes.ImportFrom):
            yield from ((node.level or 0, node.modname, name) for name, _ in node.names)
        elif isinstance(node, nodes.Import):
            yield from ((0, name, "") for name, _ in node.names)


def _imports_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Return the same of a source that need not be parsed, and what looks like it in strings."""
    code = _COMMENT.sub("", text.replace("\\\n", " ").replace("\f", ""))
    return ((len(dots), module, name) for dots, module, name, _ in imports_in(code))


def _meant(file: str, imports: Iterable[tuple[int, str, str]]) -> frozenset[str]:
    """Return the files of the project that imports may mean: ``a``, ``a.b`` and ``a.b.name`` of one from ``a.b``."""
    importer = Path(file)
    names: dict[tuple[int, str], set[str]] = {}
    for level, module, name in imports:
        names.setdefault((level, module), set()).add(name)
    found: set[Path | None] = set()
    for (level, module), members in names.items():
        parts = module.split(".") if module else []
        found.update(local_file(importer, ".".join(parts[:length]), level) for length in range(1, len(parts)))
        place = local_file(importer, module, level) if level or module else None
        found.add(place)
        if _may_hold_modules(place):
            found.update(local_file(importer, ".".join([*parts, name]), level) for name in members - {"", "*"})
    return frozenset(str(one) for one in found if one is not None)


def _may_hold_modules(place: Path | None) -> bool:
    return place is None or place.name == "__init__.py" or os.path.isdir(place.with_suffix(""))


def forget() -> None:
    """Ask the file system anew."""
    _text.cache_clear()
