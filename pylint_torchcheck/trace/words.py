"""The words of a piece of source, and the clues that they are."""

from __future__ import annotations

import re
from functools import lru_cache

from pylint_torchcheck.pitfalls.signs import Clue, Sign
from pylint_torchcheck.trace.purpose import MOST_WORDS, may_be_a_value, speaks_of_evaluation

# A name, but for `name=` in a call and in an assignment. What begins no word is not tried again at each of its letters.
_WORD = re.compile(r"\.[^\W\d]\w*|\b[^\W\d]\w*\b(?!\s*=[^=])")
_ASSIGNED = re.compile(r"(\.[^\W\d]\w*)\s*(=(?!=)|\[)")  # assigned to, or asked for an element
_IN = re.compile(r"\bin\b(.*)", re.DOTALL)  # what a loop runs over, up to its colon
_NAME = re.compile(r"\w+")
_DEFINED = re.compile(r"\bdef (\w+)")
_QUOTED = re.compile(r"['\"](\w+)(?=['\"])")
_ARGUMENT = re.compile(r"\b(\w+)\s*[,)]")
_LOADER = re.compile(r"loader|^dl$|_dl$", re.IGNORECASE)
_UNCALLED = re.compile(r"\.(?:item|state_dict|detach|numpy|tolist|cpu)\b(?!\s*[(.=\w])")
_LEAF = re.compile(
    r"\brequires_grad\s*=\s*True\b|\.requires_grad_\(|"
    r"\bParameter\([^\n]{0,200}?\)\.(?:cuda|to|float|half|double|type)\b"
)
_COMPARED = re.compile(r"[dD]evice\w*\s*[!=]=|[!=]=\s*[\w.]*[dD]evice")
_ITERATOR = re.compile(
    r"(?:[^=!<>]=|\breturn\b)\s*(?:(?:\([^\n]{0,80}\bfor\b|(?:filter|map|chain)\s*\()[\s\S]{0,160}?|[\w.]{1,80}\.)"
    r"(?:named_)?parameters\("
)
_DROPOUT = re.compile(r"(?:\bF|\bfunctional)\.\w*dropout\w*\s*\(|(?<![.\w])\w*dropout\w*\s*\(|\bdropout_p\b")
_TENSOR_OF = re.compile(r"\btensor\(\s*[^\W\d]")
# What must be in the source before a pattern is worth looking for, the pattern, and what it is the sign of.
_PATTERNS = (
    (".", _UNCALLED, Sign.UNCALLED_METHOD),
    ("requires_grad", _LEAF, Sign.LEAF),
    ("Parameter(", _LEAF, Sign.LEAF),
    ("evice", _COMPARED, Sign.COMPARED_DEVICE),
    ("parameters(", _ITERATOR, Sign.KEPT_ITERATOR),
    ("dropout", _DROPOUT, Sign.FUNCTIONAL_DROPOUT),
    ("tensor(", _TENSOR_OF, Sign.TENSOR_OF_NAME),
)
_GROWING = frozenset({".append", ".add", ".insert", ".appendleft", ".extend", ".update"})
_F_STRING = r"(?:[fFtT][rR]?|[rR][fFtT])(?P<outer>[\"'])"
# Each way to go on begins with a character of its own, so that what has no end is given up in one pass.
_NO_CODE = re.compile(
    rf"""
    \#[^\n]*
    # An f-string in which a quote of its own kind stands, as from Python 3.12 on: the rest of the line is kept.
    | (?<!\w){_F_STRING} (?!(?P=outer){{2}}) (?:(?!(?P=outer))[^\n{{] | {{{{ | {{(?:(?!(?P=outer))[^\n{{}}])*}})*
      {{ (?:(?!(?P=outer))[^\n{{}}])* (?P=outer)
      (?![^\n]*(?:\"\"\"|\'\'\')) [^\n]*
    | (?P<prefix>[a-zA-Z]{{0,2}})
      (?: \"\"\" [^"\\]* (?: (?:\\.|"(?!"")) [^"\\]* )* \"\"\"
        | \'\'\' [^'\\]* (?: (?:\\.|'(?!'')) [^'\\]* )* \'\'\'
        | " [^"\\\n]* (?: \\. [^"\\\n]* )* "
        | ' [^'\\\n]* (?: \\. [^'\\\n]* )* ' )
    """,
    re.DOTALL | re.VERBOSE,
)
_ASKED_BY_NAME = re.compile(r"\bgetattr\b[^\n]*,\s*$")
_NEAR = 200  # characters before a string that may hold the `getattr` of which it is the second argument


def code_of(source: str) -> str:
    """Return the source without comments and strings, line by line where it was.

    What stays of strings is code in them, names of attributes that are asked for, and ``"val"`` and its like, which
    tell one phase from another.
    """
    return _NO_CODE.sub(_kept, source)


def _kept(found: re.Match[str]) -> str:
    whole, prefix = found[0], found["prefix"]
    if whole[0] == "#":
        return ""
    if prefix is None or not {"f", "t"}.isdisjoint(prefix.lower()):
        return whole.replace("\n", "\n ")  # text is no statement
    text = whole[len(prefix) + 1 : -1]
    if text.isidentifier():
        if speaks_of_evaluation(text):
            return whole
        if _ASKED_BY_NAME.search(found.string[max(0, found.start() - _NEAR) : found.start()]):
            return f".{text}"
    return "\n" * whole.count("\n")


def words_in(code: str) -> frozenset[str]:
    """Return the names that a piece of source uses; ``.name`` for what follows a dot, beside ``name``."""
    found = set(_WORD.findall(code))
    return frozenset(found | {word[1:] for word in found if word[0] == "."})


def clues_in(words: frozenset[str], code: str) -> frozenset[Clue]:
    """Return the words and the signs that show in a piece of source."""
    signs = {Sign.BATCHES} if any(Sign.BATCHES in _signs_in(word) for word in words) else set[Sign]()
    purposes = [word for word in words if Sign.EVALUATION in _signs_in(word)]
    if purposes and _any_names_a_purpose(purposes, code):
        signs.add(Sign.EVALUATION)
    if "+=" in code or not _GROWING.isdisjoint(words):
        signs.add(Sign.GROWTH)
    signs.update(sign for part, pattern, sign in _PATTERNS if part in code and pattern.search(code))
    return words | signs | {f"{name} {sign}" for name, sign in _ASSIGNED.findall(code)}


@lru_cache(MOST_WORDS)
def _signs_in(word: str) -> frozenset[Sign]:
    found = set()
    if speaks_of_evaluation(word):
        found.add(Sign.EVALUATION)
    if _LOADER.search(word):
        found.add(Sign.BATCHES)
    return frozenset(found)


def _any_names_a_purpose(words: list[str], code: str) -> bool:
    """Is one of the words a function, what a loop runs over, or an argument? No other name says what code is for."""
    names = {word.lstrip(".") for word in words}
    looped = ":".join(part[1] for part in map(_IN.search, code.split(":")) if part is not None)
    if not names.isdisjoint(_DEFINED.findall(code)) or not names.isdisjoint(_QUOTED.findall(looped)):
        return True
    telling = {name for name in names if not may_be_a_value(name)}
    return not telling.isdisjoint(_NAME.findall(looped)) or not telling.isdisjoint(_ARGUMENT.findall(code))
