"""Where gradients are recorded for certain, and which tensors are the beginning of a graph for certain.

A function whose callers are not in sight may be called under ``no_grad``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Backward, Kind, Trait
from pylint_torchcheck.torch_api.effects import CUTTING
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.carried import live
from pylint_torchcheck.trace.classes import has_trait
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.gradients import holder_of
from pylint_torchcheck.trace.values import Frame, Store, Value, Values

Calls = Mapping[nodes.NodeNG | None, CallSite]


class Recording:
    """Answers for one file."""

    def __init__(self, traces: Sequence[Trace], calls: Calls, store: Store, *, freezes: bool) -> None:
        self._calls = calls
        self._store = store
        backward = [event for trace in traces for event in trace.events(Backward)]
        self._training = {event.frame.outermost for event in backward}
        self._losses = [event.subjects for event in backward]
        self._freezes = freezes

    def is_certain(self, frames: Iterable[Frame]) -> bool:
        """Is no caller out of sight that may have switched recording off?

        The module's body has none, and what leads to a backward pass is run to be recorded.
        """
        ways = [frame.outermost for frame in frames]
        return bool(ways) and all(isinstance(way.scope, nodes.Module) or way in self._training for way in ways)

    def is_leaf(self, value: Value) -> bool:
        """Is it made in sight to get a gradient, and nothing in the file is frozen?"""
        if self._freezes:
            return False
        if value.kind is Kind.PARAMETER and value.owner is not None:
            return value.path == "weight" and not value.owner.guessed
        call = self._calls.get(value.site)
        if call is None or call.paths != {value.path} or value.kind not in {Kind.PARAMETER, Kind.TENSOR}:
            return False
        settings = call.argument("requires_grad")
        if not settings:
            return value.kind is Kind.PARAMETER and not call.gives("requires_grad")
        return all(setting.constant is True for setting in settings)

    def is_trained_by(self, value: Value, backward: Event) -> bool:
        """Is it a parameter, or a tensor with a gradient, that a backward pass reaches for certain?"""
        reached = live(backward.subjects, self._store)
        sources = frozenset(part for tensor in reached for part in self._store.parts.get(tensor, ()))
        if value.kind is Kind.PARAMETER and value.owner is not None:
            return any(value.owner.within(source) for source in sources)
        return value in sources and self.is_leaf(value)

    def is_changed_by_its_gradient(self, value: Value, sources: Values) -> bool:
        """Is a tensor's own ``.grad`` among what it is changed by? Then it has one."""
        return any(holder_of(source) is value for source in sources)

    def is_live(self, value: Value) -> bool:
        """Is a tensor on the graph for certain, whatever the settings of what it was computed from?"""
        reached = live(frozenset({value}), self._store)
        if not reached:
            return False
        if any(value in live(losses, self._store) for losses in self._losses):
            return True
        sources = frozenset(part for tensor in reached for part in self._store.parts.get(tensor, ()))
        return any(self.is_leaf(source) or self._is_learning(source) for source in sources)

    def _is_learning(self, source: Value) -> bool:
        is_module = source.kind is Kind.MODULE and not source.guessed and not self._freezes
        return is_module and has_trait(source, Trait.PARAMETERS, self._store) is True


def is_blended(parameter: Value, sources: Values) -> bool:
    """Are parameters other than this one among ``sources``, as for a moving average of them?"""
    return any(
        one.kind is Kind.PARAMETER and one is not parameter for source in sources for one in _with_owners(source)
    )


def _with_owners(value: Value) -> Iterator[Value]:
    """Return a tensor, and that whose ``.data`` it is, or what it was detached from."""
    owner: Value | None = value
    while owner is not None:
        yield owner
        owner = owner.owner if owner.path in CUTTING else None
