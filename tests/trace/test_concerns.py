"""Looking events up leaves none out that has a bearing on an object; beginnings are asked for by the object itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import astroid
import pytest

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.vocabulary import Created, Kind, Obtained
from pylint_torchcheck.trace.bearing import Bearing
from pylint_torchcheck.trace.program import Program
from pylint_torchcheck.trace.typestate import Follower

FIXTURES = Path(__file__).parents[1] / "fixtures"
FOLLOWED = (Kind.MODULE, Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER, Kind.SAMPLER)
SYMBOLS = sorted(pitfall.symbol for pitfall in PITFALLS if pitfall.protocol is not None)


def overlooked(follower: Follower) -> Iterator[str]:
    """Return the events with a bearing that the lookup does not give."""
    for subject in (one for kind in FOLLOWED for one in follower.bearings.by_kind.get(kind, ())):
        for event in follower.trace.recorded:
            is_found = issubclass(event.verb, Created | Obtained) or event in follower.concerns.of(
                subject, [event.verb]
            )
            if not is_found and follower.bearings.of(event, subject) is not Bearing.NONE:
                yield f"{event.verb.__name__} in line {event.node.lineno}"


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_no_event_with_a_bearing_is_overlooked(symbol: str) -> None:
    for path in sorted((FIXTURES / symbol).glob("*.py")):
        program = Program(astroid.parse(path.read_text(encoding="utf-8"), path=str(path)))

        assert [one for follower in program._followers for one in overlooked(follower)] == []
