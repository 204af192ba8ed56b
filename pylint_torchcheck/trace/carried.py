"""States that a loop carries on with their graph, from one call of a module to the next, through each backward pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Backward, Forward, Kind
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.values import Store, Value, Values

Calls = Mapping[nodes.NodeNG | None, CallSite]


def carried(trace: Trace, calls: Calls, store: Store) -> Iterator[tuple[CallSite, nodes.NodeNG]]:
    """Return calls of modules, each with the argument that is still on the graph of the iteration before."""
    for backward in trace.events(Backward):
        losses = live(backward.subjects, store)
        for forward in trace.beside(backward, Forward):
            call = calls.get(forward.node)
            if call is not None and forward.loops == backward.loops and not losses.isdisjoint(forward.results):
                yield from ((call, argument) for argument in _carrying(forward, call, store))


def _carrying(forward: Event, call: CallSite, store: Store) -> Iterator[nodes.NodeNG]:
    for number, argument in enumerate(call.node.args):
        ways = [given.positional[number] for given in call.given if number < len(given.positional)]
        if any(values and all(_comes_from(value, forward.results, store) for value in values) for values in ways):
            yield argument


def _comes_from(value: Value, results: Values, store: Store) -> bool:
    """Is it a tensor that is on the graph of these results?"""
    return value.kind is Kind.TENSOR and not live(frozenset({value}), store).isdisjoint(results)


def live(tensors: Values, store: Store) -> Values:
    """Return the tensors that gradients flow back to for certain."""
    found: set[Value] = set()
    waiting = list(tensors)
    while waiting:
        value = waiting.pop()
        if value not in found and value.kind is Kind.TENSOR and value.on_graph:
            found.add(value)
            waiting += store.parts.get(value, ())
    return frozenset(found)
