"""What the project's other files hold, by their words alone: they are not parsed to know that there is nothing.

A file is taken to pieces at the lines that are not indented: a function, a class or another statement each. A piece
leads to what the names in it stand for, here or, through imports, in another file. Where that is much, nothing is left
out: the file that imports is read as if it led to everything.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from keyword import kwlist
from pathlib import Path
from sys import intern

from pylint_torchcheck.pitfalls.signs import Clue
from pylint_torchcheck.trace.aliases import Aliases, imports_in
from pylint_torchcheck.trace.project import LONGEST_FILE, MOST_PLACES, local_file, text_of
from pylint_torchcheck.trace.words import clues_in, code_of, words_in

_START = re.compile(r"^(?=[^\s)\]}])(?!(?:else|elif|except|finally)\b)", re.MULTILINE)
_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+([^\W\d]\w*)", re.MULTILINE)
_TARGETS = re.compile(r"^[^=\n]+(?==)|\b(?:for|as|global)\b[^=:\n]*|^[ \t]*\w+(?=\.)", re.MULTILINE)
_DEFINITION = re.compile(r"@|def\b|class\b|async[ \t]+def\b")
_UNINDENTED = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+([^\W\d]\w*)", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w*")
_MOST_PIECES = 6_000  # that one name may lead to,
_MOST_READ = 8_000_000  # and characters of the files that they are in
_SMALLEST = 5_000  # characters that a file counts for, however short it is
_MOST_KEPT = 12_000_000  # characters of files of which the outlines are kept in memory
_MOST_STARRED = 250  # files that `from module import *` leads through

Source = tuple[str, str]  # the path of a file, and a name in it; without one, all of the file


@dataclass(eq=False, slots=True)
class _Piece:
    """A function, a class, or another statement of a module's body."""

    clues: frozenset[Clue]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a name leads at once: to its pieces, and to what these name in one of the places."""

    pieces: list[_Piece]
    places: list[str]
    following: list[Source]


@dataclass(slots=True)
class _Outline:
    """The pieces of a file, by the names that they define, and the files that its imports mean.

    Args:
        size: its length in characters.
    """

    size: int = _SMALLEST
    pieces: list[_Piece] = field(default_factory=list)
    named: dict[str, list[_Piece]] = field(default_factory=dict)
    imported: dict[str, list[Source]] = field(default_factory=dict)
    starred: list[str] = field(default_factory=list)  # files of which all names are imported
    steps: dict[str, _Step] = field(default_factory=dict)  # those that have been asked for, by name

    def gives(self, name: str) -> bool:
        """Is this the name of something in the file?"""
        return name in self.named or name in self.imported


@dataclass(frozen=True, slots=True)
class Reach:
    """What a name of another file may lead to.

    Args:
        clues: those of the wanted ones that it may come upon.
        pieces: how many pieces that took.
        files: how long each of the files is that they are in.
    """

    clues: frozenset[Clue]
    pieces: int = 0
    files: Mapping[str, int] = field(default_factory=dict)


_outlines: OrderedDict[tuple[str, frozenset[Clue]], _Outline] = OrderedDict()


def sources_of(importer: Path, level: int, module: str, name: str = "") -> Iterator[Source]:
    """Return what ``from module import name`` means in the project, or ``import module``: a name, or a whole file."""
    file = local_file(importer, module, level) if module or level else None
    if file is not None:
        yield str(file), name if name != "*" else ""
    if name and (file is None or file.name == "__init__.py"):
        submodule = local_file(importer, f"{module}.{name}" if module else name, level)
        if submodule is not None:
            yield str(submodule), ""


@lru_cache(MOST_PLACES)
def reach_of(source: Source, wanted: frozenset[Clue]) -> Reach:
    """Return what a name of another file may lead to; all, if that is much."""
    found: set[Clue] = set()
    sources, pieces, files, size = {source}, set[_Piece](), dict[str, int](), 0
    waiting = [source]
    while waiting:
        step = _step(waiting.pop(), wanted)
        for piece in step.pieces:
            if piece not in pieces:
                pieces.add(piece)
                found |= piece.clues
        for place in step.places:
            if place not in files:
                files[place] = _outline(place, wanted).size
                size += files[place]
        is_much = len(pieces) > _MOST_PIECES or len(step.places) > _MOST_STARRED or size > _MOST_READ
        if is_much or len(found) == len(wanted):
            return Reach(wanted, len(pieces), files)
        following = [one for one in step.following if one not in sources]
        sources.update(following)
        waiting += following
    return Reach(frozenset(found), len(pieces), files)


def _step(source: Source, wanted: frozenset[Clue]) -> _Step:
    """Return where a name leads at once, found out once as long as the outline of its file is kept."""
    file, name = source
    outline = _outline(file, wanted)
    if name not in outline.steps:
        pieces = _led_to(outline, name)
        leading = ({name} if name else {*outline.named, *outline.imported}).union(*(piece.words for piece in pieces))
        places = _places(source, outline, leading, wanted)
        outline.steps[name] = _Step(pieces, places, list(_following(source, places, leading, wanted)))
    return outline.steps[name]


def _places(source: Source, outline: _Outline, leading: set[str], wanted: frozenset[Clue]) -> list[str]:
    """Return the files in which the names may be defined: this one, and those of which it imports all names."""
    file, name = source
    is_known = bool(name) and all(outline.gives(word) for word in leading)
    return [file] if is_known else [file, *_starred(outline, wanted)]


def _following(source: Source, places: list[str], leading: set[str], wanted: frozenset[Clue]) -> dict[Source, None]:
    """Return what the names may stand for in any of the places, in order and each once."""
    file, name = source
    meanings = (one for place in places for one in _meanings(place, leading, wanted, is_own=place == file))
    wholes = () if name else ((place, "") for place in places)
    return dict.fromkeys((*meanings, *wholes))


def _led_to(outline: _Outline, name: str) -> list[_Piece]:
    return outline.named.get(name, []) if name else outline.pieces


def _meanings(file: str, names: set[str], wanted: frozenset[Clue], *, is_own: bool) -> Iterator[Source]:
    """Return what the names stand for in a file, seen from it or from one that imports all of them."""
    outline = _outline(file, wanted)
    yield from ((file, name) for name in sorted(names & outline.named.keys()))
    for name in sorted(names & outline.imported.keys()):
        yield from outline.imported[name] if is_own else ((file, name),)


def _starred(outline: _Outline, wanted: frozenset[Clue]) -> list[str]:
    """Return the files of which all names are imported, and those of which they import all; too many, or each."""
    found = outline.starred[: _MOST_STARRED + 1]
    for file in found:
        if len(found) > _MOST_STARRED:
            break
        found += [other for other in _outline(file, wanted).starred if other not in found]
    return found[: _MOST_STARRED + 1]


def _outline(file: str, wanted: frozenset[Clue]) -> _Outline:
    """Return the pieces of a file, read once as long as it is kept."""
    if (file, wanted) not in _outlines:
        outline = _outlines[file, wanted] = _read(file, wanted)
        kept = sum(one.size for one in _outlines.values())
        while kept > _MOST_KEPT and outline is not (oldest := next(iter(_outlines.items())))[1]:
            kept -= _outlines.pop(oldest[0]).size
    _outlines.move_to_end((file, wanted))
    return _outlines[file, wanted]


def _read(file: str, wanted: frozenset[Clue]) -> _Outline:
    text = text_of(Path(file))
    if text is None or len(text) > LONGEST_FILE:  # the reader leaves it out as well
        return _Outline()
    code = code_of(text).replace("\\\n", " ").replace("\f", "")
    outline = _Outline(max(len(code), _SMALLEST))
    for name, source in _imports(Path(file), code):
        if name == "*":
            outline.starred.append(source[0])
        else:
            outline.imported.setdefault(name, []).append(source)
    _divide(outline, code, wanted)
    return outline


def _divide(outline: _Outline, code: str, wanted: frozenset[Clue]) -> None:
    """Divide a file into its pieces; a statement counts for those who name what it binds or calls a method of."""
    aliases = Aliases(code, wanted)
    for text in _pieces(code):
        words = words_in(text)
        clues = (clues_in(words, text) & wanted) | aliases.paths(words, text)
        piece = _Piece(clues, frozenset(map(intern, words)))
        outline.pieces.append(piece)
        defined: list[str] = _DEFINED.findall(text)
        if _DEFINITION.match(text):
            _name_piece(outline, piece, {*defined[:1], *_UNINDENTED.findall(text)})
        elif not _is_main_guard(text):
            _name_piece(outline, piece, _targets_in(text))


def _pieces(code: str) -> Iterator[str]:
    """Divide a file at the lines that are not indented, but for those in brackets, and behind decorators."""
    piece: list[str] = []
    depth = 0
    for text in _START.split(code):
        piece.append(text)
        depth += sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))
        if depth <= 0 and not text.startswith("@"):
            yield "".join(piece)
            piece, depth = [], 0
    yield "".join(piece)


def _name_piece(outline: _Outline, piece: _Piece, names: Iterable[str]) -> None:
    for name in names:
        outline.named.setdefault(intern(name), []).append(piece)


def _targets_in(text: str) -> set[str]:
    """Return the names that a statement may bind, and some others; ``as`` is none, or all imports would be one."""
    return {*_NAME.findall(" ".join(_TARGETS.findall(text))), *_DEFINED.findall(text)}.difference(kwlist)


def _is_main_guard(text: str) -> bool:
    """Is this what no import runs?"""
    return text.startswith("if __name__ ==") and "\nel" not in text


def _imports(file: Path, code: str) -> Iterator[tuple[str, Source]]:
    """Return each name that the imports of a file bind, with what it stands for in the project."""
    for dots, module, name, bound in imports_in(code):
        if name:
            yield from ((bound, source) for source in sources_of(file, len(dots), module, name))
        else:
            first, _, rest = bound.partition(".")
            yield from ((first, source) for source in sources_of(file, 0, module))
            yield from ((first, source) for source in sources_of(file, 0, first) if rest)


def forget() -> None:
    """Ask the file system anew."""
    reach_of.cache_clear()
    _outlines.clear()
