"""The words of a piece of source, and the clues that they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

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
_RANK = re.compile(
    r"rank|main|master|chief|primary|leader|coordinator|root|zero|first|process|proc$|environ|getenv", re.IGNORECASE
)
_UNCALLED = re.compile(r"\.(?:item|state_dict|detach|numpy|tolist|cpu)\b(?!\s*[(.=\w])")
_LEAF = re.compile(
    r"\brequires_grad\s*=\s*True\b|\.requires_grad_\((?:True)?\)"
    r"|\bParameter\([^\n]{0,200}?\)(?:\.(?:cuda|to|float|half|double|type)\b|\s*[*/])"
)
_COMPARED = re.compile(r"[dD]evice\w*\s*(?:[!=]=|(?:not\s+)?in\s*[(\[])|[!=]=\s*[\w.]*[dD]evice")
_ITERATOR = re.compile(
    r"(?:[^=!<>]=|\breturn\b)\s*(?:(?:\([^\n]{0,80}\bfor\b|(?:filter|map|chain)\s*\()[\s\S]{0,160}?|[\w.]{1,80}\.)"
    r"(?:named_)?parameters\("
)
_DROPOUT = re.compile(r"(?:\bF|\bfunctional)\.\w*dropout\w*\s*\(|(?<![.\w])\w*dropout\w*\s*\(|\bdropout_p\b")
_CHANGED = r"(?:[-+*/]=(?!=)|\.(?!requires_grad_|detach_)\w{1,40}[a-z]_\()"
_BY_GRADIENT = re.compile(rf"{_CHANGED}[^\n]{{0,200}}?\.grad\b")
_OWN_CHANGED = re.compile(r"\bself\.\w+\.(?!requires_grad_|detach_)\w{1,40}[a-z]_\(")
_WEIGHT_CHANGED = re.compile(rf"\bweight(?:\[[^\n]{{1,40}}?\])?\s*{_CHANGED}|\bweight\[[^\n]{{1,40}}?\]\s*=(?!=)")
_LEAF_CHANGED = re.compile(
    rf"\brequires_grad\s*=\s*True\b[\s\S]{{0,2000}}?(?:{_CHANGED}|\w\[[^\n]{{1,40}}?\]\s*=(?!=))"
)
_DATA_CHANGED = re.compile(rf"\.data(?:\[[^\n]{{1,80}}?\])?\s*(?:{_CHANGED}|[-+*/]=)|\.data\[[^\n]{{1,80}}?\]\s*=(?!=)")
_REARRANGED_VIEW = re.compile(
    r"\.(?:permute|transpose|swapaxes|swapdims|expand|t)\([\s\S]{0,1000}?(?<!contiguous\(\))\.view\("
)
_LIKE_REQUIRES_GRAD = re.compile(r"\.(?!requires_grad\b)req?\w{3,10}_?g\w{1,8}\s*=(?!=)")
_CONTEXT = r"(?:no_grad|inference_mode|enable_grad|set_grad_enabled|autocast)"
_IDLE = re.compile(
    rf"\bwith\b[^\n]*\b{_CONTEXT}\s*(?:[:,]|as\b)|^[ \t]*(?:\w+\.)*{_CONTEXT}\([^\n]*\)[ \t]*(?:;|$)"
    rf"|@[\w.]*{_CONTEXT}\b[^\n]*\n(?:[ \t]*@[^\n]*\n)*[ \t]*class\b",
    re.MULTILINE,
)
_TENSOR_OF = re.compile(r"\btensor\(\s*[^\W\d]")
_RETAINED = re.compile(r"\bretain_graph\s*=\s*True\b")
_FORWARD = re.compile(r"(?<!super\(\))(?<!self\))\.forward\(")
# What must be in the source before a pattern is worth looking for, the pattern, and what it is the sign of.
_PATTERNS = (
    (".", _UNCALLED, Sign.UNCALLED_METHOD),
    ("requires_grad", _LEAF, Sign.LEAF),
    ("Parameter(", _LEAF, Sign.LEAF),
    ("evice", _COMPARED, Sign.COMPARED_DEVICE),
    ("parameters(", _ITERATOR, Sign.KEPT_ITERATOR),
    ("dropout", _DROPOUT, Sign.FUNCTIONAL_DROPOUT),
    ("retain_graph", _RETAINED, Sign.RETAINED_GRAPH),
    ("tensor(", _TENSOR_OF, Sign.TENSOR_OF_NAME),
    (".grad", _BY_GRADIENT, Sign.LEAF_CHANGED),
    ("_(", _OWN_CHANGED, Sign.LEAF_CHANGED),
    ("weight", _WEIGHT_CHANGED, Sign.LEAF_CHANGED),
    ("requires_grad", _LEAF_CHANGED, Sign.LEAF_CHANGED),
    (".data", _DATA_CHANGED, Sign.DATA_CHANGED),
    (".view(", _REARRANGED_VIEW, Sign.REARRANGED_VIEW),
    (".req", _LIKE_REQUIRES_GRAD, Sign.LIKE_REQUIRES_GRAD),
    (".forward(", _FORWARD, Sign.FORWARD_CALLED),
    ("_grad", _IDLE, Sign.IDLE_CONTEXT),
    ("inference_mode", _IDLE, Sign.IDLE_CONTEXT),
    ("autocast", _IDLE, Sign.IDLE_CONTEXT),
)
_SPEAKING: Mapping[Sign, Callable[[str], object]] = {
    Sign.EVALUATION: speaks_of_evaluation,
    Sign.BATCHES: _LOADER.search,
    Sign.RANK: _RANK.search,
}
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
_MARK = re.compile(r"[\"'#]")  # what strings and comments begin with, but for two letters
_ASKED_BY_NAME = re.compile(r"\bgetattr\b[^\n]*,\s*$")
_NEAR = 200  # characters before a string that may hold the `getattr` of which it is the second argument


def code_of(source: str) -> str:
    """Return the source without comments and strings, line by line where it was.

    What stays of strings is code in them, names of attributes that are asked for, and ``"val"`` and its like, which
    tell one phase from another.
    """
    code, done = list[str](), 0
    while (mark := _MARK.search(source, done)) is not None:
        found = next(filter(None, (_NO_CODE.match(source, at) for at in _starts(source, done, mark.start()))), None)
        if found is None:
            code.append(source[done : mark.end()])
            done = mark.end()
        else:
            code += [source[done : found.start()], _kept(found)]
            done = found.end()
    return "".join([*code, source[done:]])


def _starts(source: str, done: int, mark: int) -> range:
    """Return where a string or a comment may begin that has its first quote or its ``#`` at ``mark``."""
    first = mark
    while first > max(done, mark - 2) and source[first - 1].isascii() and source[first - 1].isalpha():
        first -= 1
    return range(first, mark + 1)


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
    _listen(words)
    signs = {sign for sign in (Sign.BATCHES, Sign.RANK) if not words.isdisjoint(_speaking[sign])}
    purposes = words & _speaking[Sign.EVALUATION]
    if purposes and _any_names_a_purpose(purposes, code):
        signs.add(Sign.EVALUATION)
    if "+=" in code or not _GROWING.isdisjoint(words):
        signs.add(Sign.GROWTH)
    for part, pattern, sign in _PATTERNS:
        if part in code and sign not in signs and pattern.search(code):
            signs.add(sign)
    return words | signs | {f"{name} {sign}" for name, sign in _ASSIGNED.findall(code)}


_heard: set[str] = set()
_speaking: dict[Sign, set[str]] = {sign: set() for sign in _SPEAKING}  # which of these words say what


def _listen(words: frozenset[str]) -> None:
    """Find out what words say that have not been heard before."""
    if len(_heard) > MOST_WORDS:
        _heard.clear()
    for word in words - _heard:
        for sign, speaks in _SPEAKING.items():
            if speaks(word):
                _speaking[sign].add(word)
    _heard.update(words)


def _any_names_a_purpose(words: Iterable[str], code: str) -> bool:
    """Is one of the words a function, what a loop runs over, or an argument? No other name says what code is for."""
    names = {word.lstrip(".") for word in words}
    looped = ":".join(part[1] for part in map(_IN.search, code.split(":")) if part is not None)
    if not names.isdisjoint(_DEFINED.findall(code)) or not names.isdisjoint(_QUOTED.findall(looped)):
        return True
    telling = {name for name in names if not may_be_a_value(name)}
    return not telling.isdisjoint(_NAME.findall(looped)) or not telling.isdisjoint(_ARGUMENT.findall(code))
