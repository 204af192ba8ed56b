"""Decisions: which way a condition went that goes the same way whenever the program comes to it again.

``if args.amp:`` around the forward pass and again around ``scaler.step(optimizer)`` is decided once. A way through the
program that is on one side of it first and on the other side later cannot be taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

Setting: TypeAlias = tuple[object, ...]  # what is asked, of what; see settings.py
Decision: TypeAlias = tuple[Setting, bool]
Decisions: TypeAlias = frozenset[Decision]

UNDECIDED: Final[Decisions] = frozenset()
_MOST = 16  # decisions that one point of the program stands under; real code has a fourth of that


def and_then(decisions: Decisions, more: Decisions) -> Decisions:
    """Return what is decided behind one more condition.

    What has been decided the other way is read for other calls of the function, which are not in sight.
    """
    both = decisions.difference(against(more)) | more
    return both if len(both) <= _MOST else decisions


def against(decisions: Decisions) -> list[Decision]:
    """Return the decisions that each contradict one of these."""
    return [(setting, not side) for setting, side in decisions]


def contradict(one: Decisions, other: Decisions) -> bool:
    """Can no way through the program stand under both?"""
    return bool(one) and bool(other) and not other.isdisjoint(against(one))


@dataclass(eq=False, slots=True)
class Turn:
    """A condition behind which the program is, and those before it. What it decides is found out when it is asked for.

    Args:
        before: the turn that was taken before this one.
        find: says what the condition decides on this side of it.
        number: how many turns have been taken.
        known: what has been decided by it and all before it, once that is found out.
    """

    before: Turn | None
    find: Callable[[], Decisions]
    number: int
    known: Decisions | None = None

    @property
    def under(self) -> Decisions:
        """What has been decided by this turn and all before it."""
        if self.known is not None:
            return self.known
        open_turns: list[Turn] = []
        turn: Turn | None = self
        while turn is not None and turn.known is None:
            open_turns.append(turn)
            turn = turn.before
        for one in reversed(open_turns):
            one.known = and_then(one.before.under if one.before is not None else UNDECIDED, one.find())
        assert self.known is not None
        return self.known


def last_common(one: Turn | None, other: Turn | None) -> Turn | None:
    """Return the last turn that is taken on both of two ways."""
    while one is not other and one is not None and other is not None:
        if one.number >= other.number:
            one = one.before
        else:
            other = other.before
    return one if one is other else None
