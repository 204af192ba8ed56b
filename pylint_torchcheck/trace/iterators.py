"""Iterators over parameters that are kept under a name, and so can be run through twice by mistake."""

from __future__ import annotations

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.values import Store, Value, Values

_ITERATED = frozenset({Kind.PARAMETERS, Kind.SOME_PARAMETERS})
_BINDING = (nodes.Assign, nodes.AnnAssign, nodes.NamedExpr)


def is_kept(value: Value) -> bool:
    """Is this what ``model.parameters()`` or ``filter(...)`` gave, bound to a name? A list of it is not."""
    if value.kind not in _ITERATED or not isinstance(value.site, nodes.Call):
        return False
    is_sure = value.kind is Kind.SOME_PARAMETERS or (value.owner is not None and value.owner.kind is Kind.MODULE)
    return is_sure and isinstance(value.site.parent, _BINDING)


def kept_in(values: Values, store: Store) -> Values:
    """Return the iterators among ``values``, and among what they hold if they are lists and dicts."""
    found: set[Value] = set()
    waiting = list(values)
    for _ in range(_DEEPEST):
        found.update(value for value in waiting if is_kept(value))
        waiting = [held for value in waiting if value.kind is Kind.COLLECTION for held in store.parts.get(value, ())]
    return frozenset(found)


_DEEPEST = 3  # `[{"params": params}]`
