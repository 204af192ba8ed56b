"""Tensors that no graph leads to, for certain: whatever ``backward()`` is called on then, nothing learns from it."""

from __future__ import annotations

from collections.abc import Collection

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.torch_api.effects import CUTTING, MOVING_METHODS, NO_GRADIENT, REDUCTIONS, SCALING
from pylint_torchcheck.torch_api.generated import CONSTRUCTORS, GRAPH_KEEPING_CONSTRUCTORS
from pylint_torchcheck.trace.values import BATCH, Store, Value

_DEEPEST = 30


class Detached:
    """Answers for one file.

    Args:
        changed: tensors that are changed in place, perhaps by something that is on a graph.
        learning: tensors that were told to require a gradient after they were made.
    """

    def __init__(self, store: Store, changed: Collection[Value], learning: Collection[Value]) -> None:
        self._store = store
        self._changed = changed
        self._learning = learning

    def is_cut_off(self, value: Value) -> bool:
        """Is a tensor made of numbers, detached, or computed from such alone, or where nothing is recorded?"""
        if value.kind is not Kind.TENSOR or (value.owner is not None and value.path not in CUTTING):
            return False
        if value.path in CUTTING or value.path in CONSTRUCTORS - GRAPH_KEEPING_CONSTRUCTORS:
            return not self._store.parts.get(value)  # that it was changed by
        return self._is_computed_off(value)

    def _is_computed_off(self, value: Value, deepest: int = _DEEPEST) -> bool:
        parts = self._store.parts.get(value, set())
        tensors = [part for part in parts if part.kind is Kind.TENSOR]
        if value.on_graph is not False or value in self._changed or not tensors or deepest == 0:
            return False
        is_live = any(part.on_graph or part.kind in _LEARNING for part in parts)
        if value.path.rpartition(".")[2] in NO_GRADIENT or is_live:
            return True  # nothing was recorded there
        others = {part.kind for part in parts} - {Kind.TENSOR, Kind.CONSTANT}
        if others - {Kind.DATA} or (others and not _takes_numbers(value)):
            return False
        return all(self._is_source(part, deepest - 1) for part in tensors)

    def _is_source(self, value: Value, deepest: int) -> bool:
        """Is this no beginning of a graph either?"""
        if value in self._learning or value.on_graph is not False or value in self._changed:
            return False
        if value.path in CUTTING or value.path in CONSTRUCTORS - GRAPH_KEEPING_CONSTRUCTORS or value.path == BATCH:
            return True
        return self._is_computed_off(value, deepest)


def _takes_numbers(value: Value) -> bool:
    """Is what a tensor is made of beside tensors a number, a shape or a device, and none itself?"""
    is_scaled = isinstance(value.site, nodes.BinOp) and value.site.op in SCALING
    return is_scaled or value.path in MOVING_METHODS | REDUCTIONS


_LEARNING = frozenset({Kind.MODULE, Kind.PARAMETER, Kind.PARAMETERS, Kind.SOME_PARAMETERS})
