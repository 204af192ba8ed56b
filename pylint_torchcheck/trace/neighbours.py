"""What the project's other files hold, by their words alone: they are not parsed to know that there is nothing.

A file is taken to pieces at the lines that are not indented: a function, a class or another statement each. A piece
leads to what the names in it stand for, here or, through imports, in another file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pylint_torchcheck.pitfalls.signs import Clue
from pylint_torchcheck.trace.project import LONGEST_FILE, MOST_PLACES, local_file
from pylint_torchcheck.trace.words import clues_in, code_of, words_in

_FROM = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n;]*)", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n;]+)", re.MULTILINE)
_PIECE = re.compile(r"^(?=[^\W\d]|@)(?!(?:else|elif|except|finally)\b)", re.MULTILINE)
_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+([^\W\d]\w*)", re.MULTILINE)
_ASSIGNED = re.compile(r"^[ \t]*([^\W\d]\w*)[ \t]*(?::[^=\n]*)?=[^=]", re.MULTILINE)
_MOST_PIECES = 4_000  # that one name may lead to

Source = tuple[Path, str]  # a file, and a name in it; without one, all of the file


@dataclass(eq=False, slots=True)
class _Piece:
    """A function, a class, or another statement of a module's body."""

    clues: frozenset[Clue]
    words: frozenset[str]


@dataclass(slots=True)
class _Outline:
    """The pieces of a file, by the names that they define, and the files that its imports mean."""

    pieces: list[_Piece] = field(default_factory=list)
    named: dict[str, list[_Piece]] = field(default_factory=lambda: defaultdict(list))
    imported: dict[str, list[Source]] = field(default_factory=lambda: defaultdict(list))


def sources_of(importer: Path, level: int, module: str, name: str = "") -> Iterator[Source]:
    """Return what ``from module import name`` means in the project, or ``import module``: a name, or a whole file."""
    file = local_file(importer, module, level) if module or level else None
    if file is not None:
        yield file, name if name != "*" else ""
    if name and (file is None or file.name == "__init__.py"):
        submodule = local_file(importer, f"{module}.{name}" if module else name, level)
        if submodule is not None:
            yield submodule, ""


@lru_cache(MOST_PLACES)
def clues_beyond(source: Source, wanted: frozenset[Clue]) -> frozenset[Clue]:
    """Return those of the wanted clues that a name of another file may lead to."""
    found: set[Clue] = set()
    sources, pieces = {source}, set[_Piece]()
    waiting = [source]
    while waiting:
        file, name = waiting.pop()
        outline = _outline(file, wanted)
        leading = [other for other in outline.imported.get(name, ()) if other not in sources]
        for piece in _led_to(outline, name):
            if piece not in pieces:
                pieces.add(piece)
                found |= piece.clues
                leading += _leading_from(outline, file, piece)
        fresh = [other for other in leading if other not in sources]
        sources.update(fresh)
        waiting += fresh
        if len(pieces) > _MOST_PIECES:
            return wanted
    return frozenset(found)


def _led_to(outline: _Outline, name: str) -> list[_Piece]:
    return outline.named.get(name, []) if name else outline.pieces


def _leading_from(outline: _Outline, file: Path, piece: _Piece) -> Iterator[Source]:
    for word in piece.words:
        if word in outline.named:
            yield file, word
        yield from outline.imported.get(word, ())


@lru_cache(MOST_PLACES)
def _outline(file: Path, wanted: frozenset[Clue]) -> _Outline:
    outline = _Outline()
    try:
        code = code_of(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return outline
    if len(code) > LONGEST_FILE:  # the reader leaves it out as well
        return outline
    for name, source in _imports(file, code):
        outline.imported[name].append(source)
    for text in _PIECE.split(code):
        if not text.startswith(("import ", "from ")):
            _add_piece(outline, text, wanted)
    return outline


def _add_piece(outline: _Outline, text: str, wanted: frozenset[Clue]) -> None:
    words = words_in(text)
    piece = _Piece(clues_in(words, text) & wanted, words)
    outline.pieces.append(piece)
    defined: list[str] = _DEFINED.findall(text)
    is_definition = text.startswith(("def ", "class ", "async def ", "@"))
    for name in defined[:1] if is_definition else {*defined, *_ASSIGNED.findall(text)}:
        outline.named[name].append(piece)


def _imports(file: Path, code: str) -> Iterator[tuple[str, Source]]:
    """Return each name that the imports of a file bind, with what it stands for in the project."""
    for dots, module, clauses in _FROM.findall(code):
        for clause in clauses.strip("()").split(","):
            match clause.split():
                case [name] | [name, "as", _] as words:
                    yield from ((words[-1], source) for source in sources_of(file, len(dots), module, name))
    for clauses in _IMPORT.findall(code):
        for clause in clauses.split(","):
            match clause.split():
                case [module] | [module, "as", _] as words:
                    bound = words[-1].partition(".")[0]
                    yield from ((bound, source) for source in sources_of(file, 0, module))


def forget() -> None:
    """Ask the file system anew."""
    clues_beyond.cache_clear()
    _outline.cache_clear()
