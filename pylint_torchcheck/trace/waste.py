"""Gradients that a backward pass works out for a module, and that are cleared before any optimizer has used them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Escaped,
    Forward,
    Freeze,
    FreezePart,
    Kind,
    OptimizerStep,
    Thaw,
    Verb,
    ZeroGrad,
    ZeroGradPart,
)
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.flow import Flow
from pylint_torchcheck.trace.origins import OPAQUE, Origins
from pylint_torchcheck.trace.values import Store, Value, Values

_MEETINGS: tuple[type[Verb], ...] = (OptimizerStep, ZeroGrad)  # what an optimizer comes upon
_ON_GRAPH = frozenset({Kind.TENSOR, Kind.COLLECTION})


class Waste:
    """Answers for one trace."""

    def __init__(self, trace: Trace, store: Store, origins: Origins) -> None:
        self._trace = trace
        self._store = store
        self._origins = origins
        self._held = {value: origins.modules(frozenset({value}))[0] for value in _optimizers(trace)}
        switched = trace.events(Freeze, FreezePart, Thaw, Escaped)
        subjects = (value for event in switched for value in event.subjects)
        self._ahead: dict[Value, dict[type[Verb], set[int]]] = {}
        self._unsure = origins.of(frozenset(value for value in subjects if value.kind is not Kind.TENSOR))

    def wasted(self) -> Iterator[tuple[Event, Value]]:
        """Return backward passes, each with a module that it need not go back through.

        Nothing that the following step changes lies behind that module, and its own gradients are cleared unused.
        """
        if len(self._held) < 2 or not all(self._held.values()) or not all(map(self._is_in_sight, self._held)):
            return
        forwards = list(self._trace.events(Forward))
        for event in self._trace.events(Backward):
            reached = self._live(event.subjects)
            trained = self._trained_by(event)
            for module in _called(forwards, reached) if trained & reached else ():
                is_wasted = not self._is_needed(module, forwards, reached, trained) and self._is_cleared(event, module)
                if is_wasted and not self._is_shared(event, forwards, reached & trained):
                    yield event, module

    def _is_in_sight(self, optimizer: Value) -> bool:
        """Is it known whose parameters it holds? What a module is made of beside layers, as of settings, is its own."""
        waiting, seen = [optimizer], set[Value]()
        while waiting:
            value = waiting.pop()
            if value.kind in OPAQUE:
                return False
            if value not in seen and value.kind is not Kind.MODULE:
                seen.add(value)
                waiting += self._store.parts.get(value, ())
        return True

    def _live(self, tensors: Iterable[Value]) -> Values:
        """Return the tensors and modules that gradients flow back to, as far as that is in sight."""
        found: set[Value] = set()
        waiting = list(tensors)
        while waiting:
            value = waiting.pop()
            if value not in found and (value.kind is Kind.MODULE or (value.kind in _ON_GRAPH and _may_be_live(value))):
                found.add(value)
                waiting += self._store.parts.get(value, ()) if value.kind is not Kind.MODULE else ()
        return frozenset(found)

    def _trained_by(self, event: Event) -> Values:
        """Return the modules of the optimizers that step next, with what the event adds to their gradients."""
        return frozenset[Value]().union(
            *(
                held
                for optimizer, held in self._held.items()
                if self._meets(event, optimizer, OptimizerStep) is not None
            )
        )

    def _is_needed(self, module: Value, forwards: list[Event], reached: Values, trained: Values) -> bool:
        """Does the step change the module, or something behind it?"""
        if any(_are_akin(module, other) for other in trained):
            return True
        outputs = [value for one in forwards if module in one.subjects for value in one.results if value in reached]
        return any(_are_akin(behind, other) for behind in self._live(outputs) for other in trained)

    def _is_shared(self, event: Event, forwards: list[Event], trained: Values) -> bool:
        """Does another loss go back through the same call of a module that is trained here, and so need it whole?"""
        outputs = {value for one in forwards if not trained.isdisjoint(one.subjects) for value in one.results}
        others = (other for other in self._trace.events(Backward) if other.node is not event.node)
        return any(not outputs.isdisjoint(self._live(other.subjects) & self._live(event.subjects)) for other in others)

    def _is_cleared(self, event: Event, module: Value) -> bool:
        """Are the module's gradients cleared, and never used before?"""
        if module in self._unsure:
            return False
        owners = [optimizer for optimizer, held in self._held.items() if module in held]
        return bool(owners) and all(self._meets(event, owner, ZeroGrad) for owner in owners)

    def _meets(self, start: Event, optimizer: Value, verb: type[Verb]) -> bool | None:
        """Does the optimizer come upon ``verb`` first on each way from an event? ``None``: on none of them."""
        ahead = self._ahead_of(optimizer)
        met = {kind for kind in _MEETINGS if start.number in ahead[kind]}
        return met == {verb} if verb in met else None

    def _ahead_of(self, optimizer: Value) -> dict[type[Verb], set[int]]:
        """Return the events from which an optimizer may come upon a step first, and upon a clearing."""
        if optimizer not in self._ahead:
            meetings = {event.number: self._meeting(event, optimizer) for event in self._trace.events(*_MEETINGS)}
            met = {number: kind for number, kind in meetings.items() if kind is not None}
            self._ahead[optimizer] = {kind: self._leading_to(kind, met) for kind in _MEETINGS}
        return self._ahead[optimizer]

    def _leading_to(self, kind: type[Verb], met: dict[int, type[Verb]]) -> set[int]:
        """Return the events from which a way leads to one of a kind, past no other that the optimizer meets."""
        found: set[int] = set()
        waiting = [number for number, one in met.items() if one is kind]
        while waiting:
            for number in self._before.get(waiting.pop(), ()):
                if number not in found:
                    found.add(number)
                    if number not in met:
                        waiting.append(number)
        return found

    @cached_property
    def _before(self) -> dict[int, list[int]]:
        """Which of the events that matter here, and of the meetings of ways between them, come before each."""
        found: dict[int, list[int]] = {}
        events = self._trace.events(Backward, *_MEETINGS)
        for number, steps in Flow(self._trace.followers).ways(event.number for event in events).items():
            for _, following in steps:
                found.setdefault(following, []).append(number)
        return found

    def _meeting(self, event: Event, optimizer: Value) -> type[Verb] | None:
        """Return what an event is to an optimizer: a step or a clearing."""
        if issubclass(event.verb, OptimizerStep):
            return OptimizerStep if optimizer in event.subjects else None
        if issubclass(event.verb, ZeroGrad) and not issubclass(event.verb, ZeroGradPart):
            covered = optimizer in event.subjects or self._held[optimizer] <= self._origins.of(event.subjects)
            return ZeroGrad if covered else None
        return None


def _optimizers(trace: Trace) -> Values:
    return frozenset(
        value for event in trace.events(OptimizerStep) for value in event.subjects if value.kind is Kind.OPTIMIZER
    )


def _may_be_live(value: Value) -> bool:
    return value.kind is Kind.COLLECTION or value.on_graph is not False


def _called(forwards: list[Event], reached: Values) -> Values:
    """Return the modules whose outputs gradients flow back through."""
    events = (event for event in forwards if not reached.isdisjoint(event.results))
    return frozenset(module for event in events if len(event.subjects) == 1 for module in event.subjects)


def _are_akin(one: Value, other: Value) -> bool:
    return one.within(other) or other.within(one)
