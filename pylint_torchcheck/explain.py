"""The catalogue as a person reads it in a terminal: ``torchcheck --list`` and ``torchcheck --explain SYMBOL``."""

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import astroid

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.pitfall import Pitfall
from pylint_torchcheck.trace.program import Program

# An installed package carries the example pairs; a checkout has them beside it.
PAIRS = tuple(folder / "docs" / "pitfalls" for folder in Path(__file__).resolve().parents[:2])


class UnknownPitfallError(Exception):
    """No pitfall has this symbol or id; the text names the nearest one."""


def listing() -> str:
    """One line a pitfall: its id, its symbol, and why it bites."""
    width = max((len(pitfall.symbol) for pitfall in PITFALLS), default=0)
    lines = (
        f"{pitfall.msgid}  {pitfall.symbol:{width}}  {_first_line(pitfall)}"
        for pitfall in sorted(PITFALLS, key=lambda pitfall: pitfall.symbol)
    )
    return "\n".join(lines)


def explanation(name: str) -> str:
    """All that is known of one pitfall.

    Args:
        name: its symbol or its id.

    Raises:
        UnknownPitfallError: there is none of that name.
    """
    return "\n\n".join(_sections(find(name)))


def find(name: str) -> type[Pitfall]:
    """The pitfall with this symbol or id, its present one or an old one."""
    for pitfall in PITFALLS:
        for msgid, symbol in ((pitfall.msgid, pitfall.symbol), *pitfall.old_names):
            if name.lower() in (msgid.lower(), symbol):
                return pitfall
    near = get_close_matches(name.lower(), [pitfall.symbol for pitfall in PITFALLS], n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "torchcheck --list names them all"
    raise UnknownPitfallError(f"there is no pitfall {name}; {hint}")


def _sections(pitfall: type[Pitfall]) -> Iterator[str]:
    bad, good = (_example(pitfall, name) for name in ("bad.py", "good.py"))
    yield f"{pitfall.symbol} ({pitfall.msgid})"
    yield inspect.cleandoc(pitfall.__doc__ or "")
    yield f"Message: {_message(pitfall, bad)}"
    if bad:
        yield f"Wrong:\n{_indented(bad, mark=f'# [{pitfall.symbol}]')}"
    if good:
        yield f"Right:\n{_indented(good)}"
    yield f"Guard: {pitfall.guard or 'none'}"
    yield f"Versions of torch: {pitfall.torch_versions}"


def _example(pitfall: type[Pitfall], name: str) -> str:
    for folder in PAIRS:
        path = folder / pitfall.symbol / name
        if path.is_file():
            return path.read_text(encoding="utf-8").strip()
    return ""


def _message(pitfall: type[Pitfall], bad: str) -> str:
    for finding in pitfall.check(Program(astroid.parse(bad))):
        return pitfall.message % finding.details
    return pitfall.message.replace("%s", "...")


def _indented(code: str, mark: str | None = None) -> str:
    lines = (f"  > {line}" if mark and mark in line else f"    {line}" for line in code.splitlines())
    return "\n".join(line.rstrip() for line in lines)


def _first_line(pitfall: type[Pitfall]) -> str:
    return inspect.cleandoc(pitfall.__doc__ or "").partition("\n")[0]
