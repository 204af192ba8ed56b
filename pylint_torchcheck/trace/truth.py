"""What can be said of a condition: true, false, or ``None`` for not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.values import Value, Values, is_none

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "is": lambda left, right: left is right,
    "is not": lambda left, right: left is not right,
}
_MOST_PAIRS = 64  # so many different values agree on no answer
# An object of one of these kinds, built in sight, is not None and counts as true.
_OBJECTS = frozenset(
    {Kind.MODULE, Kind.OPTIMIZER, Kind.SCALER, Kind.SCHEDULER, Kind.LOSS_FUNCTION, Kind.LOADER, Kind.SAMPLER}
)


def of(values: Values) -> bool | None:
    """Return the truth of an expression that may be any of ``values``."""
    answers = {_of_one(value) for value in values}
    return answers.pop() if len(answers) == 1 else None


def _of_one(value: Value) -> bool | None:
    if value.kind is Kind.CONSTANT:
        return bool(value.constant)
    return True if value.kind in _OBJECTS and not value.guessed else None


def negated(answer: bool | None) -> bool | None:
    """Return the truth of ``not`` something."""
    return None if answer is None else not answer


def of_comparison(left: Values, operator: str, right: Values) -> bool | None:
    """Return the truth of ``left operator right``."""
    if len(left) * len(right) > _MOST_PAIRS:
        return None
    answers = {_compared(one, operator, other) for one in left for other in right}
    return answers.pop() if len(answers) == 1 else None


def _compared(left: Value, operator: str, right: Value) -> bool | None:
    compare = _OPERATORS.get(operator)
    if compare is None:
        return None
    if left.kind is right.kind is Kind.CONSTANT:
        return compare(left.constant, right.constant)
    if _is_object(left) and is_none(right):
        return operator in {"is not", "!="}
    return None


def _is_object(value: Value) -> bool:
    return value.kind in _OBJECTS and not value.guessed
