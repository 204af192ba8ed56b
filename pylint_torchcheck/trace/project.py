"""The project's other files: which file an import means, and its syntax tree."""

from __future__ import annotations

import os
import tokenize
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import astroid
from astroid import nodes
from astroid.builder import AstroidBuilder
from astroid.manager import AstroidManager

_MOST_SOURCE = 2_500_000  # bytes of source of which the trees are kept in memory, each a hundred times as large
_SMALLEST = 2_000  # bytes that a file counts for, however short it is
LONGEST_FILE = 400_000  # bytes; longer ones are generated
_HIGHEST_ROOT = 4  # folders above a file that are searched for what it imports
_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "requirements.txt")
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_NEVER_LOCAL = frozenset({"torch", "torchvision", "torchaudio", "numpy", "os", "sys"})

Found = TypeVar("Found")
_trees: OrderedDict[tuple[str, int, int], nodes.Module | None] = OrderedDict()
_known: dict[nodes.Module, dict[Callable[[nodes.Module], Any], Any]] = {}  # what was found out about these trees
MOST_PLACES = 8_192  # answers of the file system kept in memory


def local_file(importer: Path, name: str, level: int) -> Path | None:
    """Return the file of the project that an import means; ``None`` if it is a library's, or not to be found.

    Args:
        importer: the file that imports.
        name: the dotted name after ``from`` or ``import``, without leading dots.
        level: the number of leading dots.
    """
    parts = name.split(".") if name else []
    if not level and parts and parts[0] in _NEVER_LOCAL:
        return None
    for root in _roots(importer.parent, level):
        found = _module_in(root, tuple(parts))
        if found is not None and not _INSTALLED & (set(found.parts) - set(importer.parts)):
            return found
    return None


@lru_cache(MOST_PLACES)
def _roots(folder: Path, level: int) -> tuple[Path, ...]:
    """Return the folders in which an import looks: the file's own, then above, up to the project's.

    After those come the folders ``lib`` in them, which scripts put on the path.
    """
    folders = (folder, *folder.parents)
    if level:
        return (folders[min(level, len(folders)) - 1],)
    tops = [i for i, one in enumerate(folders) if any(os.path.exists(one / mark) for mark in _ROOT_MARKS)]
    own = folders[: min([_HIGHEST_ROOT, *tops]) + 1]
    return (*own, *(one / "lib" for one in own if _is_no_package(one / "lib")))


def _is_no_package(folder: Path) -> bool:
    return os.path.isdir(folder) and not os.path.isfile(folder / "__init__.py")


@lru_cache(MOST_PLACES)
def _module_in(root: Path, parts: tuple[str, ...]) -> Path | None:
    place = root.joinpath(*parts)
    for candidate in (place / "__init__.py", place.with_name(f"{place.name}.py") if parts else place / "__init__.py"):
        if os.path.isfile(candidate):  # unlike the method of the path, it raises nothing
            return candidate
    return None


def tree_of(path: Path) -> nodes.Module | None:
    """Return the syntax tree of a file; ``None`` if it cannot be read or is no valid Python.

    A tree is parsed once for each content. Nothing is inferred, and no plugin of astroid sees it.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    key = (str(path), status.st_mtime_ns, status.st_size)
    if key not in _trees:
        tree = _trees[key] = _parse(path) if status.st_size <= LONGEST_FILE else None
        if tree is not None:
            _known[tree] = {}
        _keep_few()
    _trees.move_to_end(key)
    return _trees[key]


def _keep_few() -> None:
    """Forget the trees that were not asked for the longest, but never the last one."""
    while len(_trees) > 1 and sum(max(size, _SMALLEST) for _, _, size in _trees) > _MOST_SOURCE:
        _, tree = _trees.popitem(last=False)
        if tree is not None:
            _known.pop(tree, None)


def _parse(path: Path) -> nodes.Module | None:
    builder = AstroidBuilder(AstroidManager(), apply_transforms=False)
    text = text_of(path)
    if text is None:
        return None
    try:
        # The public `string_build` would enter the tree into the cache that Pylint infers from, and infer itself.
        tree, _ = builder._data_build(text, path.stem, str(path))  # pylint: disable=protected-access
        return tree
    except (astroid.AstroidError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def text_of(path: Path) -> str | None:
    """Return the text of a file, decoded as Python does; ``None`` if it cannot be read."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, ValueError, LookupError, MemoryError):
        return None


def bytes_of(tree: nodes.Module) -> bytes:
    """Return the source that a tree was made from; nothing, if it is not at hand any more."""
    try:
        stream = tree.stream()
        if stream is None:
            return b""
        with stream:
            source: bytes = stream.read()
            return source
    except OSError:
        return b""


def found_in(tree: nodes.Module, find: Callable[[nodes.Module], Found]) -> Found:
    """Return what ``find`` finds in a tree; in that of an imported file it looks once."""
    answers = _known.get(tree)
    if answers is None:
        return find(tree)
    if find not in answers:
        answers[find] = find(tree)
    answer: Found = answers[find]
    return answer


def forget() -> None:
    """Ask the file system anew."""
    _roots.cache_clear()
    _module_in.cache_clear()
