"""What autocast does where: the type that it computes in, as far as its arguments say."""

from __future__ import annotations

from collections.abc import Sequence

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.torch_api.effects import HALF_TYPES, OFF
from pylint_torchcheck.torch_api.frameworks import AUTOCASTS as AUTOCASTS_ELSEWHERE
from pylint_torchcheck.torch_api.objects import AUTOCASTS, signature
from pylint_torchcheck.trace import truth
from pylint_torchcheck.trace.arguments import Arguments
from pylint_torchcheck.trace.values import Values

_BY_DEVICE = {"cuda": "float16", "cpu": "bfloat16"}


def asked_for(path: str, arguments: Arguments) -> str | None:
    """Return the type that a call of autocast asks for, or that it is off; ``None`` if that is not known."""
    order = signature(path) or ()
    if arguments.starred:
        return None
    if truth.of(arguments.get("enabled", order)) is False:
        return OFF
    given = arguments.get("dtype", order)
    return _type_of(given) if given else _default(path, arguments.get("device_type", order))


def _type_of(given: Values) -> str | None:
    types = {HALF_TYPES.get(value.path) for value in given}
    return types.pop() if len(types) == 1 else None


def _default(path: str, device: Values) -> str | None:
    """Return the type that autocast has on a device, unless it is told another."""
    named = {value.constant if value.kind is Kind.CONSTANT else None for value in device}
    parts = path.split(".")
    by_path = AUTOCASTS_ELSEWHERE.get(path) or (parts[1] if len(parts) > 2 else None)
    name = by_path or (named.pop() if len(named) == 1 else None)
    return _BY_DEVICE.get(name.partition(":")[0]) if isinstance(name, str) else None


def under(contexts: Sequence[Values]) -> str | None:
    """Return the type that autocast computes in inside these blocks, or that it is off.

    ``None``: there is no autocast, for all that is known; empty: there is one, of a type that is not known.
    """
    for context in reversed(contexts):
        if context and all(value.kind is Kind.CONTEXT and value.path in AUTOCASTS for value in context):
            types = {value.constant for value in context}
            only = types.pop() if len(types) == 1 else None
            return only if isinstance(only, str) else ""
        if any(value.path in AUTOCASTS or value.kind is Kind.UNKNOWN for value in context):
            return None
    return None
