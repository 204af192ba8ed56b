"""What the dotted names of a source stand for, by the words of its imports alone: ``dist.reduce``, or a tensor's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from functools import cache

from pylint_torchcheck.pitfalls.signs import Clue
from pylint_torchcheck.torch_api.objects import canonical

_IMPORT = re.compile(r"import\b[ \t]*(\([^)]*\)|[^\n;]*)")
_BEFORE = re.compile(r"(?:^|[\n:;])[ \t]*(?:from\b[ \t]*(\.*)[ \t]*(\w[\w.]*)?[ \t]*)?$")
_LONGEST_MODULE = 200  # characters of `from a.b.c`
_RENAMED = re.compile(r"=[ \t]*(torch(?:\.\w+)*)[ \t]*$", re.MULTILINE)  # `dist = torch.distributed`
_TARGET = re.compile(r"(\w+)[ \t]*$")
_LONGEST_NAME = 80
_DOTTED = re.compile(r"(?<![\w.)\]])[^\W\d]\w*(?:\.\w+)*")
# Whose functions of these names are their own. Of other modules anything may come, torch's functions too.
_OTHERS = frozenset("numpy scipy json pickle yaml os shutil functools pandas joblib torchaudio librosa cv2".split())


class Aliases:
    """The names that the imports of one source bind, with what they stand for.

    Args:
        code: the source.
        wanted: clues, of which the paths matter.
    """

    def __init__(self, code: str, wanted: frozenset[Clue]) -> None:
        self._bound: dict[str, set[str]] = {}  # a name may be imported in two ways, one of them as a fallback
        for name, path in _bound_in(code):
            self._bound.setdefault(name, set()).add(path)
        self._has_star = "*" in self._bound
        self._wanted = _by_last(wanted)
        naming = {name for name, paths in self._bound.items() if not wanted.isdisjoint(map(canonical, paths))}
        self._names = self._wanted.keys() | naming

    def paths(self, words: Set[str], code: str) -> set[Clue]:
        """Return those of the wanted paths that may be meant in a piece of the source."""
        names = self._names & words
        if not names:
            return set()
        asked = names if "getattr" in words else ()  # of whatever module
        found: set[Clue] = {path for name in asked for path in self._wanted.get(name, ())}
        return found.union(*map(self._meant, set(_DOTTED.findall(code))))

    def _meant(self, text: str) -> Iterator[str]:
        head, dot, rest = text.partition(".")
        if text.rpartition(".")[2] in self._names:
            for bound in self._bound.get(head, (head,)):
                yield from self._named(head, canonical(bound + dot + rest))

    def _named(self, head: str, path: str) -> Iterator[str]:
        """Return the wanted paths that a path is, or may be."""
        alike = self._wanted.get(path.rpartition(".")[2], ())
        if path in alike:
            yield path
        elif self._may_be_anything(head, path):
            yield from alike

    def _may_be_anything(self, head: str, path: str) -> bool:
        """Does the name come from a module that may have it from torch?"""
        root = path.partition(".")[0]
        return (head in self._bound and root != "torch" and root not in _OTHERS) or (self._has_star and head == root)


@cache
def _by_last(wanted: frozenset[Clue]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for clue in wanted:
        if isinstance(clue, str) and "." in clue[1:]:
            found.setdefault(clue.rpartition(".")[2], []).append(clue)
    return found


def _bound_in(code: str) -> Iterator[tuple[str, str]]:
    """Return each name that is bound to a module, or to something of one, with its path."""
    for found in _RENAMED.finditer(code):
        target = _TARGET.search(code[max(0, found.start() - _LONGEST_NAME) : found.start()])
        if target is not None:
            yield target[1], found[1]
    for dots, module, name, bound in imports_in(code):
        if module and not name:
            yield (bound, module) if bound != module else (module.partition(".")[0],) * 2
        else:
            yield bound, f"{dots}{module}.{name}"


def imports_in(code: str) -> Iterator[tuple[str, str, str, str]]:
    """Return the dots and the module of each import, the name that is taken from it, if any, and that which it gets.

    In ``import a.b`` that is ``a.b``, by which it is asked for.
    """
    for found in _IMPORT.finditer(code):
        before = _BEFORE.search(code[max(0, found.start() - _LONGEST_MODULE) : found.start()])
        if before is None:
            continue
        dots, module = before[1], before[2] or ""
        for clause in found[1].strip("()").split(","):
            match clause.split():
                case [name] | [name, "as", _] as words if dots is not None:
                    yield dots, module, name, words[-1]
                case [name] | [name, "as", _] as words:
                    yield "", name, "", words[-1]
