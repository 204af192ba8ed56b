"""Products with 0, which hand zeros back to all that they were computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.values import NOTHING, Store, Value, Values

if TYPE_CHECKING:
    from pylint_torchcheck.trace.machine import Machine

_COMPUTED = frozenset({Kind.TENSOR, Kind.COLLECTION, Kind.UNKNOWN})
_NULLIFIED = "0 *"  # the path of such a product


def is_zero(values: Values) -> bool:
    """Is this the number 0, written out?"""
    return bool(values) and all(value.kind is Kind.CONSTANT and _is_zero(value.constant) for value in values)


def _is_zero(constant: object) -> bool:
    return isinstance(constant, int | float) and not isinstance(constant, bool) and constant == 0


def marked(machine: Machine, node: nodes.NodeNG, values: Values) -> Values:
    """Return what arithmetic gives as a product with 0."""
    found = NOTHING
    for value in values:
        if value.kind is Kind.TENSOR:
            sources = machine.store.parts.get(value, ())
            found |= machine.tensor(node, sources, guessed=value.guessed, path=_NULLIFIED)
        else:
            found |= {value}
    return found


def nullified(parts: Values, wholes: Values, store: Store) -> list[Value]:
    """Return the products with 0 through which alone ``wholes`` were computed from ``parts``."""
    seen: set[Value] = set()
    products: list[Value] = []
    waiting = list(wholes)
    while waiting:
        value = waiting.pop()
        if value in seen:
            continue
        seen.add(value)
        if value.path == _NULLIFIED:
            products.append(value)
        elif value.kind in _COMPUTED:
            waiting += store.parts.get(value, ())
    if not seen.isdisjoint(parts):
        return []
    return [product for product in products if not parts.isdisjoint(store.origins([product]))]
