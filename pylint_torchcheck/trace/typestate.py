"""Follows a protocol along a trace: it is broken where every state that may arrive breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Created,
    Escaped,
    EvalMode,
    Forward,
    GradientsWritten,
    Kind,
    Obtained,
    TrainMode,
    Trait,
    UnscaleGradients,
    ZeroGrad,
    ZeroGradPart,
)
from pylint_torchcheck.trace.classes import has_trait
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.values import Store, Value


class Bearing(Enum):
    """Does an event act on a subject?"""

    CERTAIN = auto()
    POSSIBLE = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Breach:
    """A protocol that is broken, whichever way the program took."""

    place: Place
    guessed: bool


class Follower:
    """Follows protocols along one trace."""

    def __init__(self, trace: Trace, store: Store, tree: nodes.Module) -> None:
        self.trace = trace
        self.store = store
        self.tree = tree

    def breaches(self, protocol: Protocol) -> Iterator[Breach]:
        """Return where the protocol is broken, for each subject of its kind."""
        for subject in self._by_kind.get(protocol.of, ()):
            if self._is_meant(subject, protocol):
                yield from self._broken(subject, protocol)

    def _is_meant(self, subject: Value, protocol: Protocol) -> bool:
        if protocol.having and has_trait(subject, protocol.having, self.store) is not True:
            return False
        if protocol.unless_lacking and self._lacks(subject, protocol.unless_lacking):
            return False
        seen = (event for event in self.trace.recorded if issubclass(event.verb, protocol.unless_seen))
        return not any(self.bearing(event, subject) is not Bearing.NONE for event in seen)

    def _lacks(self, module: Value, trait: Trait) -> bool:
        """Is the module known, in this file, not to be made so? What stands in another file may change there."""
        in_sight = module.definition is None or module.definition.root() is self.tree
        return in_sight and has_trait(module, trait, self.store) is False

    @cached_property
    def _by_kind(self) -> dict[Kind, list[Value]]:
        """Every object of the trace, in the order in which it first appears."""
        found: dict[Kind, dict[Value, None]] = {}
        for event in self.trace.recorded:
            for value in sorted(event.subjects, key=_position):
                found.setdefault(value.kind, {})[value] = None
        return {kind: list(values) for kind, values in found.items()}

    def _broken(self, subject: Value, protocol: Protocol) -> Iterator[Breach]:
        steps = {event.number: self._step(event, subject, protocol) for event in self.trace.recorded}
        broken = self._broken_events(subject, protocol, steps)
        own = [event for event in broken if event.node.root() is self.tree]
        yield from (Breach(event.place, subject.guessed) for event in own)
        if len(own) < len(broken):
            yield from self._broken_elsewhere(subject, protocol, steps, broken)

    def _broken_events(
        self, subject: Value, protocol: Protocol, steps: dict[int, Bearing], *, each_file_alone: bool = False
    ) -> list[Event]:
        arriving = self._arriving(subject, protocol, steps, each_file_alone)
        events = (event for event in self.trace.recorded if steps[event.number] is Bearing.CERTAIN)
        return [event for event in events if _breaks(protocol, event, arriving[event.number])]

    def _broken_elsewhere(
        self, subject: Value, protocol: Protocol, steps: dict[int, Bearing], broken: list[Event]
    ) -> Iterator[Breach]:
        """Report at the call that leaves the file what only the two files together show.

        What breaks in whatever state the subject comes into the other file is reported when that is read.
        """
        alone = {event.node for event in self._broken_events(subject, protocol, steps, each_file_alone=True)}
        for event in broken:
            call = self._leaving_call(event)
            if call is not None and event.node not in alone:
                yield Breach(Place(call), subject.guessed)

    def _leaving_call(self, event: Event) -> nodes.NodeNG | None:
        """Return the call in this file by which an event of another file comes about."""
        if event.node.root() is self.tree:
            return None
        return next((call for call in reversed(event.frame.calls) if call.root() is self.tree), None)

    def _step(self, event: Event, subject: Value, protocol: Protocol) -> Bearing:
        if issubclass(event.verb, Created | Obtained):
            return Bearing.CERTAIN if subject in event.subjects else Bearing.NONE
        if not issubclass(event.verb, Escaped) and not protocol.names(event.verb):
            return Bearing.NONE
        return self.bearing(event, subject)

    def _arriving(
        self, subject: Value, protocol: Protocol, steps: dict[int, Bearing], each_file_alone: bool
    ) -> list[set[str]]:
        """Return the states in which the subject may be before each event; none before it exists."""
        arriving: list[set[str]] = [set() for _ in self.trace.recorded]
        if subject not in self._begun:
            arriving[0] = set(protocol.states)
        waiting = list(range(len(arriving)))
        waiting.reverse()
        while waiting:
            number = waiting.pop()
            leaving = self._leaving(self.trace.recorded[number], steps[number], arriving[number], protocol)
            for follower in self.trace.followers[number]:
                unsure = leaving and each_file_alone and self._changes_file(number, follower)
                coming = protocol.states if unsure else leaving
                if not coming <= arriving[follower]:
                    arriving[follower] |= coming
                    waiting.append(follower)
        return arriving

    def _changes_file(self, number: int, follower: int) -> bool:
        """Does the program leave this file, come back, or leave it by another call, between two events?"""
        first, second = self.trace.recorded[number], self.trace.recorded[follower]
        return self._leaving_call(first) is not self._leaving_call(second)

    @cached_property
    def _begun(self) -> set[Value]:
        """Every object that comes to be within the trace."""
        return {value for event in self.trace.events(Created, Obtained) for value in event.subjects}

    def _leaving(self, event: Event, bearing: Bearing, states: set[str], protocol: Protocol) -> set[str]:
        if bearing is Bearing.NONE:
            return states
        if issubclass(event.verb, Created):
            return {protocol.start}
        if issubclass(event.verb, Obtained):
            return set(protocol.states)
        if issubclass(event.verb, Escaped):
            return self._after_escape(event, bearing, states, protocol)
        after = {protocol.after(state, event.verb) for state in states} - {BROKEN}
        return after if bearing is Bearing.CERTAIN else after | states

    def _after_escape(self, event: Event, bearing: Bearing, states: set[str], protocol: Protocol) -> set[str]:
        """Code that is not in sight may leave an object in any state; what belongs to the object, as a row says."""
        if bearing is Bearing.CERTAIN:
            return set(protocol.states) if states else states
        return states | {protocol.after(state, event.verb) for state in states} - {BROKEN}

    # What an event has to do with a subject

    def bearing(self, event: Event, subject: Value) -> Bearing:
        """Does the event act on the subject?"""
        found = self._bearing(event, subject)
        in_part = issubclass(event.verb, ZeroGradPart | GradientsWritten)
        return Bearing.POSSIBLE if in_part and found is Bearing.CERTAIN else found

    def _bearing(self, event: Event, subject: Value) -> Bearing:
        if subject in event.subjects:
            return self._among(event, subject)
        if subject.kind is Kind.OPTIMIZER:
            return self._on_gradients(event, subject)
        if subject.kind is Kind.MODULE:
            return self._on_module(event, subject)
        return self._on_unknown(event)

    def _among(self, event: Event, subject: Value) -> Bearing:
        """One of several objects is meant for certain only if no other of them can exist beside it."""
        if issubclass(event.verb, Escaped):
            return Bearing.CERTAIN
        others = [value for value in event.subjects if value is not subject and value.kind is subject.kind]
        return Bearing.POSSIBLE if any(self._coexist(subject, other) for other in others) else Bearing.CERTAIN

    def _coexist(self, one: Value, other: Value) -> bool:
        first, second = self._beginning(one), self._beginning(other)
        return second in self._after(first) or first in self._after(second)

    def _beginning(self, value: Value) -> int:
        for event in self.trace.events(Created, Obtained):
            if value in event.subjects:
                return event.number
        return 0

    def _after(self, number: int) -> set[int]:
        known: dict[int, set[int]] = self.__dict__.setdefault("_reachable", {})
        if number not in known:
            known[number] = self.trace.reachable(number)
        return known[number]

    def _on_gradients(self, event: Event, optimizer: Value) -> Bearing:
        """Do gradients that the event adds or changes belong to the optimizer?"""
        related = self._related(event, optimizer)
        if issubclass(event.verb, Escaped):
            return Bearing.POSSIBLE if related is not False else Bearing.NONE
        if issubclass(event.verb, Backward):
            return Bearing.NONE if related is False else Bearing.CERTAIN
        if any(value.kind is Kind.OPTIMIZER for value in event.subjects):
            return self._on_shared_gradients(event, optimizer, related)
        if related is None:
            alone = len(self._by_kind[Kind.OPTIMIZER]) == 1
            return Bearing.CERTAIN if alone and event.subjects else Bearing.POSSIBLE
        if related and issubclass(event.verb, ZeroGrad) and not self._covers(event, optimizer):
            return Bearing.POSSIBLE
        return Bearing.CERTAIN if related else Bearing.NONE

    def _on_shared_gradients(self, event: Event, optimizer: Value, related: bool | None) -> Bearing:
        """Another optimizer acts on its parameters; this one may have the same, or be built from that one's groups."""
        if not issubclass(event.verb, ZeroGrad | UnscaleGradients):
            return self._on_unknown(event)
        held = self._origins(frozenset({optimizer}))
        if any(value.path == "param_groups" and value.owner in event.subjects for value in held):
            return Bearing.CERTAIN
        return Bearing.POSSIBLE if related else self._on_unknown(event)

    def _covers(self, event: Event, optimizer: Value) -> bool:
        """Is every module whose parameters the optimizer holds among the event's objects, or a part of one?"""
        held = {value for value in self._origins(frozenset({optimizer})) if value.kind is Kind.MODULE}
        reached = {value for value in self._origins(event.subjects) if value.kind is Kind.MODULE}
        return all(any(one.within(other) for other in reached) for one in held)

    def _related(self, event: Event, optimizer: Value) -> bool | None:
        """Do the event's objects come from modules whose parameters the optimizer holds? ``None``: not known."""
        held = self._origins(frozenset({optimizer}))
        touched = self._origins(event.subjects)
        modules = {value for value in held if value.kind is Kind.MODULE}
        reached = {value for value in touched if value.kind is Kind.MODULE}
        if any(one.within(other) or other.within(one) for one in modules for other in reached):
            return True
        is_complete = modules and reached and not any(_is_opaque(value) for value in held | touched)
        return False if is_complete else None

    def _origins(self, values: frozenset[Value]) -> set[Value]:
        known: dict[frozenset[Value], set[Value]] = self.__dict__.setdefault("_known_origins", {})
        if values not in known:
            known[values] = self.store.origins(values)
        return known[values]

    def _on_module(self, event: Event, module: Value) -> Bearing:
        """A mode set for the whole is set for its parts; one set for a part concerns the whole in part."""
        wholes = [value for value in event.subjects if module.within(value) or self._holds(value, module)]
        if wholes:
            return self._among(event, wholes[0]) if len(wholes) < len(event.subjects) else Bearing.CERTAIN
        if issubclass(event.verb, Forward | Escaped):
            return Bearing.NONE
        if any(value.within(module) or self._holds(module, value) for value in event.subjects):
            return Bearing.POSSIBLE
        return self._on_unknown(event) if issubclass(event.verb, TrainMode | EvalMode) else Bearing.NONE

    def _holds(self, whole: Value, part: Value) -> bool:
        return whole.kind is Kind.MODULE and part.kind is Kind.MODULE and part in self._origins(frozenset({whole}))

    @staticmethod
    def _on_unknown(event: Event) -> Bearing:
        return Bearing.POSSIBLE if any(_may_be_any(value) for value in event.subjects) else Bearing.NONE


def _breaks(protocol: Protocol, event: Event, states: set[str]) -> bool:
    """Does every state that may arrive break the protocol?"""
    if issubclass(event.verb, Escaped | Created | Obtained):
        return False
    return {protocol.after(state, event.verb) for state in states} == {BROKEN}


def _is_opaque(value: Value) -> bool:
    return value.kind in {Kind.UNKNOWN, Kind.INSTANCE}


def _may_be_any(value: Value) -> bool:
    """An object without a constructor or a name of its own may be any other."""
    return value.kind is Kind.UNKNOWN or (
        value.guessed and value.owner is None and value.site is not None and _is_result(value)
    )


def _is_result(value: Value) -> bool:
    return type(value.site).__name__ in {"Call", "Subscript", "For", "AssignName"}


def _position(value: Value) -> tuple[int, int]:
    site = value.site
    return (site.lineno or 0, site.col_offset or 0) if site is not None else (0, 0)


def all_breaches(followers: Iterable[Follower], protocol: Protocol) -> Iterator[Breach]:
    """Return where the protocol is broken in any trace."""
    for follower in followers:
        yield from follower.breaches(protocol)
