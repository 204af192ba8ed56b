"""The words of a piece of source, and the clues that they are."""

from __future__ import annotations

import re
from functools import cache

from pylint_torchcheck.pitfalls.signs import Clue, Sign
from pylint_torchcheck.trace.purpose import may_be_a_value, speaks_of_evaluation

_WORD = re.compile(r"\.[^\W\d]\w*|[^\W\d]\w*\b(?!\s*=[^=])")  # but for `name=` in a call, and in an assignment
_ASSIGNED = re.compile(r"(\.[^\W\d]\w*)\s*=(?!=)")
_LOADER = re.compile(r"loader|^dl$|_dl$", re.IGNORECASE)
_UNCALLED = re.compile(r"\.(?:item|state_dict|detach|numpy|tolist|cpu)\b(?!\s*[(.=\w])")
_LEAF = re.compile(r"\brequires_grad\s*=\s*True\b|\bParameter\(.*\)\.(?:cuda|to|float|half|double|type)\b")
_COMPARED = re.compile(r"[dD]evice\w*\s*[!=]=|[!=]=\s*[\w.]*[dD]evice")
_PATTERNS = ((_UNCALLED, Sign.UNCALLED_METHOD), (_LEAF, Sign.LEAF), (_COMPARED, Sign.COMPARED_DEVICE))
_GROWING = frozenset({".append", ".add", ".insert", ".appendleft", ".extend", ".update"})
_NO_CODE = re.compile(
    r"""#[^\n]*|(?P<prefix>[a-zA-Z]{0,2})(?P<quote>\"\"\"|\'\'\'|"|')(?P<text>(?:[^\\]|\\.)*?)(?P=quote)""", re.DOTALL
)


def code_of(source: str) -> str:
    """Return the source without comments and strings, line by line where it was.

    What stays of strings is code in them, and ``"val"`` and its like, which tell one phase from another.
    """
    return _NO_CODE.sub(_kept, source)


def _kept(found: re.Match[str]) -> str:
    text: str = found["text"] or ""
    if "f" in (found["prefix"] or "").lower() or (text.isidentifier() and speaks_of_evaluation(text)):
        return found[0]
    return "\n" * found[0].count("\n")


def words_in(code: str) -> frozenset[str]:
    """Return the names that a piece of source uses; ``.name`` for what follows a dot, beside ``name``."""
    found = set(_WORD.findall(code))
    return frozenset(found | {word[1:] for word in found if word[0] == "."})


def clues_in(words: frozenset[str], code: str) -> frozenset[Clue]:
    """Return the words and the signs that show in a piece of source."""
    telling = [(word, sign) for word in words for sign in _signs_in(word)]
    signs = {sign for word, sign in telling if sign is Sign.BATCHES or _names_a_purpose(word, code)}
    if "+=" in code or not _GROWING.isdisjoint(words):
        signs.add(Sign.GROWTH)
    signs.update(sign for pattern, sign in _PATTERNS if pattern.search(code))
    return words | signs | {f"{name} =" for name in _ASSIGNED.findall(code)}


@cache
def _signs_in(word: str) -> frozenset[Sign]:
    found = set()
    if speaks_of_evaluation(word):
        found.add(Sign.EVALUATION)
    if _LOADER.search(word):
        found.add(Sign.BATCHES)
    return frozenset(found)


def _names_a_purpose(word: str, code: str) -> bool:
    """Is this a function, what a loop runs over, or an argument? No other name says what the code is for."""
    name = re.escape(word.lstrip("."))
    where = rf"\bdef {name}\b|\bin\b[^:]*['\"]{name}['\"]"
    if not may_be_a_value(word):
        where += rf"|\bin\b[^:]*\b{name}\b|\b{name}\s*[,)]"
    return re.search(where, code) is not None
