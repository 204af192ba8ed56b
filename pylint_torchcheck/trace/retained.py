"""Graphs that nobody goes back through again once their backward pass is over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Backward, Escaped, GradientsTaken, Kind
from pylint_torchcheck.torch_api.effects import MOVING_METHODS
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.values import BATCH, NOTHING, Store, Value, Values

_TENSORS = frozenset({Kind.TENSOR, Kind.COLLECTION})
_LEAVES = frozenset({Kind.CONSTANT, Kind.DATA, Kind.PARAMETER, Kind.PARAMETERS, Kind.LOADER, Kind.LIBRARY})


class Retained:
    """Answers for one trace.

    Args:
        trace: what happened.
        store: what each object was made from.
        kept: the objects that attributes hold, where code that is not in sight may find them.
    """

    def __init__(self, trace: Trace, store: Store, kept: Values) -> None:
        self._trace = trace
        self._store = store
        self._kept = kept
        self._behind: dict[Values, Values | None] = {}

    def spent(self) -> Iterator[Event]:
        """Return the backward passes of loops whose graph is of no use after them, for certain."""
        for event in self._trace.events(Backward):
            graph = self._graph(event.subjects) if event.loops and event.subjects else None
            if graph and self._is_made_anew(event, graph) and not self._is_met_again(event, graph):
                yield event

    def _graph(self, tensors: Values) -> Values | None:
        """Return the tensors from which gradients may flow; ``None`` if there may be others."""
        if tensors not in self._behind:
            self._behind[tensors] = self._walk(tensors)
        return self._behind[tensors]

    def _walk(self, tensors: Values) -> Values | None:
        found: set[Value] = set()
        waiting = list(tensors)
        while waiting:
            value = waiting.pop()
            if value in found or (value.kind is Kind.TENSOR and value.on_graph is False):
                continue
            if value.kind in _TENSORS:
                found.add(value)
                waiting += self._sources_of(value)
            elif not self._is_leaf(value):
                return None
        return frozenset(found)

    def _sources_of(self, value: Value) -> Values:
        """Return what a tensor was computed from, without the device or the shape that it was told."""
        sources = frozenset(self._store.parts.get(value, ()))
        tensors = frozenset(source for source in sources if source.kind in _TENSORS)
        return tensors if tensors and value.path in MOVING_METHODS else sources

    def _is_leaf(self, value: Value) -> bool:
        """Is this known to be no result of a module, and to carry none over to the next iteration?"""
        if value.kind is Kind.MODULE or value.kind is Kind.LOSS_FUNCTION:
            modules = [one for one in self._store.origins([value]) if one.kind in {Kind.MODULE, Kind.LOSS_FUNCTION}]
            return not any(one.guessed or _keeps_state(one.definition) for one in modules)
        return value.kind in _LEAVES or value.path == BATCH

    def _is_made_anew(self, event: Event, graph: Values) -> bool:
        """Does each iteration build the whole graph, from nothing that the one before has built?"""
        if not graph.isdisjoint(self._kept):
            return False
        if not all(map(event.makes_anew, graph)):  # a list that outlives the iteration keeps what was put into it
            return False
        return not any(self._leads_to_itself(value) for value in graph if value.kind is Kind.TENSOR)

    def _leads_to_itself(self, value: Value) -> bool:
        graph = self._graph(self._sources_of(value))
        return graph is None or value in graph

    def _is_met_again(self, event: Event, graph: Values) -> bool:
        """Does any other event go back through the graph, or hand a part of it to code that is not in sight?"""
        return any(
            other.node is not event.node and not self._is_apart(other, graph)
            for other in self._trace.events(Backward, GradientsTaken)
        ) or not graph.isdisjoint(self._escaped)

    def _is_apart(self, event: Event, graph: Values) -> bool:
        others = self._graph(event.subjects)
        return bool(event.subjects) and others is not None and graph.isdisjoint(others)

    @cached_property
    def _escaped(self) -> Values:
        return NOTHING.union(*(event.subjects for event in self._trace.events(Escaped)))


def _keeps_state(definition: nodes.NodeNG | None) -> bool:
    """Does a class set attributes of its objects anywhere but in their constructor?"""
    if not isinstance(definition, nodes.ClassDef):
        return False
    assigned = definition.nodes_of_class((nodes.AssignAttr, nodes.Call))
    return any(_is_change(node) and getattr(node.scope(), "name", "") != "__init__" for node in assigned)


def _is_change(node: nodes.NodeNG) -> bool:
    if isinstance(node, nodes.Call):
        return isinstance(node.func, nodes.Attribute) and node.func.attrname in {"append", "register_buffer", "copy_"}
    return isinstance(node.expr, nodes.Name) and node.expr.name == "self"
