"""Which releases of torch a project says that it runs with."""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from pylint_torchcheck.pitfalls.releases import TorchRange
from pylint_torchcheck.trace.project import MOST_PLACES, text_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TORCH = re.compile(r"torch(?![\w.-])\s*(?:\[[^\]]*\])?\s*\(?(?P<specifier>[^;#@)]*)", re.IGNORECASE)
_ROOT_MARKS = (".git", "pyproject.toml", "setup.cfg", "setup.py")  # no project reaches beyond a folder with one
_HIGHEST = 8  # folders above a file
_LONGEST = 200_000  # bytes; a longer file is no list of requirements


def torch_range(file: str | None) -> TorchRange:
    """Return the releases of torch that the project of a file declares, in the nearest folder that names any.

    Read are the requirements in ``pyproject.toml`` (Poetry's too) and ``setup.cfg``, the optional ones as well, and
    those in ``requirements*.txt``. Where they differ the range holds them all; where torch has no version, nothing is
    said.
    """
    return _range_above(os.path.dirname(os.path.abspath(file)), _HIGHEST) if file and file != "<?>" else TorchRange()


@lru_cache(MOST_PLACES)
def _range_above(folder: str, levels: int) -> TorchRange:
    declared = _declared_in(Path(folder))
    parent = os.path.dirname(folder)
    if declared:
        return TorchRange.hull(declared)
    if not levels or parent == folder or any(os.path.exists(os.path.join(folder, mark)) for mark in _ROOT_MARKS):
        return TorchRange()
    return _range_above(parent, levels - 1)


def _declared_in(folder: Path) -> list[TorchRange]:
    found: list[TorchRange] = []
    for line in _requirements_in(folder):
        torch = _TORCH.match(line.strip())
        asked = TorchRange.parse(torch["specifier"]) if torch else TorchRange()
        if asked != TorchRange():
            found.append(asked)
    return found


def _requirements_in(folder: Path) -> Iterator[str]:
    for name in _names_in(folder):
        text = text_of(folder / name) or ""
        if name == "pyproject.toml":
            yield from _of_pyproject(text)
        elif name == "setup.cfg":
            yield from _of_setup(text)
        else:
            yield from text.splitlines()


def _names_in(folder: Path) -> list[str]:
    """Return the names of the files that may hold requirements."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if _may_hold(entry.name) and entry.is_file() and entry.stat().st_size <= _LONGEST
            )
    except OSError:
        return []


def _may_hold(name: str) -> bool:
    return name in {"pyproject.toml", "setup.cfg"} or (name.startswith("requirements") and name.endswith(".txt"))


def _of_pyproject(text: str) -> Iterator[str]:
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    project = _table(table, "project")
    yield from _strings(project.get("dependencies"))
    for groups in (_table(project, "optional-dependencies"), _table(table, "dependency-groups")):
        for group in groups.values():
            yield from _strings(group)
    yield from _of_poetry(_table(_table(table, "tool"), "poetry"))


def _of_poetry(poetry: dict[str, object]) -> Iterator[str]:
    """Return the requirements of Poetry's own tables, of which a value is a version, a table with one, or several."""
    for part in (poetry, *(_table(_table(poetry, "group"), name) for name in _table(poetry, "group"))):
        torch = _table(part, "dependencies").get("torch")
        for entry in torch if isinstance(torch, list) else [torch]:
            version = entry.get("version") if isinstance(entry, dict) else entry
            if isinstance(version, str):
                yield f"torch{'==' if version[:1].isdigit() else ''}{version}"  # a bare version is that one alone


def _table(holder: dict[str, object], key: str) -> dict[str, object]:
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _strings(items: object) -> Iterator[str]:
    yield from (item for item in items if isinstance(item, str)) if isinstance(items, list) else ()


def _of_setup(text: str) -> Iterable[str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    values = [parser.get("options", "install_requires", fallback="")]
    if parser.has_section("options.extras_require"):
        values += [value for _, value in parser.items("options.extras_require")]
    return [line for value in values for line in value.splitlines()]


def forget() -> None:
    """Ask the file system anew."""
    _range_above.cache_clear()
