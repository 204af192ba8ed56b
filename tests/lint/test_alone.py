"""A pitfall that is asked alone finds what its own examples and fixtures are marked with.

So its signs do not leave out what only another pitfall's signs would let be read.
"""

from __future__ import annotations

import re
from pathlib import Path

import astroid
import pytest

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.pitfall import Pitfall
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.program import Program

ROOT = Path(__file__).parents[2]
OF_RUNS = [pitfall for pitfall in PITFALLS if pitfall.family in {"amp", "checkpoints", "parallel"}]
READ_BY = {"incomplete-resume": "incomplete-checkpoint"}  # whose signs have the saves read that a load goes with


def marked(text: str, symbol: str) -> list[int]:
    lines = enumerate(text.splitlines(), 1)
    return [number for number, line in lines if symbol in re.findall(r"# \[([a-z-]+)\]", line)]


def found(pitfall: type[Pitfall], path: Path, text: str) -> list[int]:
    asked = [one for one in PITFALLS if one is pitfall or one.symbol == READ_BY.get(pitfall.symbol)]
    program = Program(astroid.parse(text, path=str(path)), asked)
    places = {finding.place for finding in pitfall.check(program)}
    return sorted({place.node.lineno or 0 for place in places if isinstance(place, Place)})


@pytest.mark.parametrize("pitfall", OF_RUNS, ids=lambda pitfall: pitfall.symbol)
def test_a_pitfall_needs_no_other_to_be_found(pitfall: type[Pitfall]) -> None:
    pair, fixtures = ROOT / "docs" / "pitfalls" / pitfall.symbol, ROOT / "tests" / "fixtures" / pitfall.symbol
    for path in (pair / "bad.py", *sorted(fixtures.glob("*.py"))):
        text = path.read_text(encoding="utf-8")

        assert not set(marked(text, pitfall.symbol)) - set(found(pitfall, path, text)), path
