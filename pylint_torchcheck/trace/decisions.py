"""Decisions: which way a condition went that goes the same way whenever the program comes to it again.

``if args.amp:`` around the forward pass and again around ``scaler.step(optimizer)`` is decided once. A way through the
program that is on one side of it first and on the other side later cannot be taken.
"""

from __future__ import annotations

from collections.abc import Iterable
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


def common(decisions: Iterable[Decisions]) -> Decisions:
    """Return what is decided on each of several ways."""
    first, *others = decisions
    return first.intersection(*others) if first else UNDECIDED
