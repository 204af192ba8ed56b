"""Follows a protocol along a trace: it is broken where every state that may arrive breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Created,
    Escaped,
    Forward,
    Obtained,
    OptimizerStep,
    StepElsewhere,
    Trait,
    Verb,
    ZeroElsewhere,
    ZeroGrad,
)
from pylint_torchcheck.trace.bearing import Bearing, Bearings
from pylint_torchcheck.trace.classes import has_trait
from pylint_torchcheck.trace.concerns import Concerns
from pylint_torchcheck.trace.decisions import contradict
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.flow import Flow
from pylint_torchcheck.trace.origins import Origins
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.recurrence import recurs
from pylint_torchcheck.trace.values import BATCH, NOTHING, PLAIN, Store, Value, Values


@dataclass(frozen=True, slots=True)
class Breach:
    """A protocol that is broken, whichever way the program took."""

    place: Place
    guessed: bool


def _is_many(subject: Value) -> bool:
    """Does it stand for all that a comprehension made, or for each item that a loop comes to?"""
    in_comprehension = subject.frame is not None and isinstance(subject.frame.scope, nodes.ComprehensionScope)
    return in_comprehension or isinstance(subject.site, nodes.For)


class Follower:
    """Follows protocols along one trace."""

    def __init__(self, trace: Trace, store: Store, origins: Origins, tree: nodes.Module) -> None:
        self.trace = trace
        self.store = store
        self.tree = tree
        self.origins = origins
        self.bearings = Bearings(trace, origins)
        self.concerns = Concerns(trace, origins)
        self._made_so: dict[tuple[Value, Trait], bool | None] = {}
        self._led: dict[tuple[type[Verb], ...], Values] = {}

    @cached_property
    def flow(self) -> Flow:
        """The shape of the trace."""
        return Flow(self.trace.followers)

    def breaches(self, protocol: Protocol) -> Iterator[Breach]:
        """Return where the protocol is broken, for each subject of its kind."""
        if not any(issubclass(verb, protocol.breaking) for verb in self.concerns.verbs):
            return
        table = _Table(protocol, self.concerns.verbs)
        for subject in self.bearings.by_kind.get(protocol.of, ()):
            if self._is_meant(subject, table):
                yield from self._broken(subject, table)

    def _is_meant(self, subject: Value, table: _Table) -> bool:
        protocol = table.protocol
        if protocol.having and has_trait(subject, protocol.having, self.store) is not True:
            return False
        if protocol.unless_lacking and self._has(subject, protocol) is False and not self._may_change(subject):
            return False
        if protocol.unless_many and _is_many(subject):
            return False
        return not protocol.unless_seen_apart or not self.silencing(subject, table)

    def silencing(self, subject: Value, table: _Table) -> list[Event]:
        """Return the events that silence the pitfall for a subject."""
        seen = self.concerns.of(subject, table.silencing)
        return [event for event in seen if self.bearings.of(event, subject) is not Bearing.NONE]

    def _has(self, module: Value, protocol: Protocol) -> bool | None:
        """Is the module made as it must be for the pitfall to bite? ``None``: not known."""
        trait = protocol.unless_lacking
        if trait is None:
            return True
        if (module, trait) not in self._made_so:
            self._made_so[module, trait] = has_trait(module, trait, self.store)
        return self._made_so[module, trait]

    def _may_change(self, module: Value) -> bool:
        """Is it a model that is trained here and defined in another file, which may be written anew?"""
        in_sight = module.definition is None or module.definition.root() is self.tree
        return not in_sight and self.bearings.is_trained(module)

    def _broken(self, subject: Value, table: _Table) -> Iterator[Breach]:
        walk = _Walk(self, subject, table)
        broken = walk.broken_events()
        own = [event for event in broken if event.node.root() is self.tree]
        yield from (Breach(event.place, subject.guessed) for event in own)
        if len(own) < len(broken):
            yield from self._broken_elsewhere(walk, broken)

    def is_excused(self, event: Event, subject: Value, protocol: Protocol) -> bool:
        """Does what came of the event come to a verb that makes it right?

        A policy in its environment, or a module that is tried out, is excused unless it is known to be made so.
        """
        excusing = protocol.unless_leading_to
        if excusing and not self._leading_to(excusing).isdisjoint(event.results):
            return True
        in_sight = isinstance(subject.definition, nodes.ClassDef) or subject.path.startswith("torch.nn.")
        return (
            in_sight
            and issubclass(event.verb, Forward)
            and not self._takes_items(event)
            and self._has(subject, protocol) is not True
        )

    def _takes_items(self, event: Event) -> bool:
        """Does what comes of it come from what a loop around it runs over?"""
        items = NOTHING.union(*(loop.target for loop in event.loops)) - PLAIN
        return any(value in items or value.path == BATCH for value in self.origins.of(event.results))

    def _leading_to(self, verbs: tuple[type[Verb], ...]) -> Values:
        """Return all that leads to what these verbs happen to."""
        if verbs not in self._led:
            subjects = NOTHING.union(*(event.subjects for event in self.trace.events(*verbs)))
            self._led[verbs] = self.origins.of(subjects)
        return self._led[verbs]

    def _broken_elsewhere(self, walk: _Walk, broken: list[Event]) -> Iterator[Breach]:
        """Report at the call that leaves the file what only the two files together show.

        What breaks in whatever state the subject comes into the other file is reported when that is read.
        """
        alone = {event.node for event in walk.broken_events(each_file_alone=True)}
        for event in broken:
            call = event.leaving_call(self.tree)
            if call is not None and event.node not in alone:
                yield Breach(Place(call), walk.subject.guessed)


class _Table:
    """A protocol, and which of the verbs of a trace it speaks of."""

    def __init__(self, protocol: Protocol, verbs: Iterable[type[Verb]]) -> None:
        self.protocol = protocol
        self.states = protocol.states
        self.unknown = {protocol.obtained} if protocol.obtained else set(protocol.states)
        self.breaking = [verb for verb in verbs if issubclass(verb, protocol.breaking)]
        self.silencing = [verb for verb in verbs if issubclass(verb, protocol.unless_seen)]
        self.changing = [verb for verb in verbs if issubclass(verb, _CHANGING_ALL) or protocol.names(verb)]
        self._verbs = verbs
        self.elsewhere = {verb: other for verb, other in _ELSEWHERE.items() if protocol.names(other)}
        self._known: dict[tuple[str, type[Verb]], str] = {}

    @cached_property
    def leaving(self) -> list[type[Verb]]:
        """The verbs that lead out of the first state."""
        unmoved = {self.protocol.start, BROKEN}
        return [verb for verb in self._verbs if self.after(self.protocol.start, verb) not in unmoved]

    def after(self, state: str, verb: type[Verb]) -> str:
        """Return the state after ``verb``, which may be ``BROKEN``."""
        if (state, verb) not in self._known:
            self._known[state, verb] = self.protocol.after(state, verb)
        return self._known[state, verb]


_ELSEWHERE: dict[type[Verb], type[Verb]] = {OptimizerStep: StepElsewhere, ZeroGrad: ZeroElsewhere}
_CHANGING_ALL = (Created, Obtained, Escaped)
_MOST_DECIDED = 6  # sets of decisions under which one subject's way is followed apart


class _Walk:
    """One subject's way through the states of one protocol, from its beginning to the last event that can break it."""

    def __init__(self, follower: Follower, subject: Value, table: _Table) -> None:
        self.subject = subject
        self._follower = follower
        self._trace = follower.trace
        self._table = table
        self._start = follower.bearings.begun.get(subject, 0)
        self._known: dict[int, Bearing] = {}
        self._each_file_alone = False
        self._relevant_ones: set[int] = set()
        self._ways: dict[int, list[tuple[int, int]]] = {}
        self._off = frozenset[int]()  # events that the ways that count do not come to

    def broken_events(self, *, each_file_alone: bool = False) -> list[Event]:
        """Return the events at which every state that may arrive breaks the protocol.

        Args:
            each_file_alone: the subject may be in any state whenever the program changes from file to file.
        """
        last = self._last_breaking()
        if last is None:
            return []
        self._each_file_alone = each_file_alone
        stretch = self._stretch(last)
        self._relevant_ones = self._relevant(stretch)
        arriving = self._arriving_unless(frozenset())
        events = self._in_order(arriving)
        broken = [event for event, states in events if self._breaks(event, states) or self._breaks_again(event, states)]
        broken += self._broken_as_decided([one for one in events if one[0].under and one[0] not in broken], stretch)
        found = sorted(broken, key=_number) or self._broken_once(arriving)
        silencing = self._follower.silencing(self.subject, self._table) if found else []
        return [event for event in found if all(self._is_apart(other, event) for other in silencing)]

    def _is_apart(self, silencing: Event, event: Event) -> bool:
        """Does all that leads to an event stand on the other side of a condition than one that would silence it?"""
        started = [self._trace.recorded[number] for number in self._relevant_ones]
        leading = [one for one in started if one.verb in self._table.leaving and not contradict(one.under, event.under)]
        return bool(leading) and all(contradict(one.under, silencing.under) for one in leading)

    def _arriving_unless(self, off: frozenset[int]) -> dict[int, set[str]]:
        """Return the states before each event, on every way that comes to none of the events ``off``."""
        self._off = off
        self._ways = self._follower.flow.ways(self._relevant_ones | off)
        begun = self._leaving(self._trace.recorded[self._start], set() if self._start else self._table.unknown)
        return self._arriving(self._start, begun)

    def _broken_as_decided(self, events: list[tuple[Event, set[str]]], stretch: range) -> list[Event]:
        """Return the events at which every state breaks it that may arrive with what has been decided there."""
        broken: list[Event] = []
        known: dict[frozenset[int], dict[int, set[str]]] = {}
        ways = self._ways
        for event in [event for event, states in events if self._may_break(event, states)]:
            decided = event.under | self._trace.recorded[self._start].under
            off = frozenset(self._trace.out_of_reach(decided).intersection(stretch))
            if off and off not in known and len(known) < _MOST_DECIDED:
                known[off] = self._arriving_unless(off)
            if off in known and self._breaks(event, known[off].get(event.number, set())):
                broken.append(event)
        self._ways, self._off = ways, frozenset()
        return broken

    def _may_break(self, event: Event, states: set[str]) -> bool:
        """Does the event break it in some of the states in which the subject may come to it?"""
        may_break = event.verb in self._table.breaking and self._bearing(event) is Bearing.CERTAIN
        return may_break and any(self._table.after(state, self._verb(event)) is BROKEN for state in states)

    def _in_order(self, arriving: dict[int, set[str]]) -> list[tuple[Event, set[str]]]:
        return [(self._trace.recorded[number], arriving[number]) for number in sorted(arriving)]

    def _broken_once(self, arriving: dict[int, set[str]]) -> list[Event]:
        """Return the events that break it once the subject has entered a state, which it need not do on every way.

        So it is with ``if epoch % 10 == 0: model.eval()`` and no ``train()`` anywhere.
        """
        for event, states in self._in_order(arriving) if self._table.protocol.once else ():
            begun = {self._table.protocol.once.get(state, "") for state in self._entered(event, states)} - {""}
            onward = self._in_order(self._arriving(event.number, begun)) if begun else []
            broken = [later for later, coming in onward if self._breaks(later, coming)]
            if broken:
                return broken
        return []

    def _entered(self, event: Event, states: set[str]) -> set[str]:
        """Return the states that an event takes the subject to for certain, and in which it has not been before."""
        if self._bearing(event) is not Bearing.CERTAIN or issubclass(event.verb, Escaped | Created | Obtained):
            return set()
        return {self._table.after(state, self._verb(event)) for state in states} - states

    def _last_breaking(self) -> int | None:
        """Return the last event that can break the protocol; ``None`` if there is none."""
        life = self._stretch(len(self._trace.recorded) - 1)
        events = self._follower.concerns.of(self.subject, self._table.breaking, life)
        certain = (event.number for event in reversed(events) if self._bearing(event) is Bearing.CERTAIN)
        return next(certain, None)

    def _stretch(self, last: int) -> range:
        """Return the numbers of the events that the subject may live to see and that ``last`` may follow."""
        reach = self._follower.flow.reach
        return range(reach(self._start)[0], reach(last)[1] + 1)

    def _breaks(self, event: Event, states: set[str]) -> bool:
        if issubclass(event.verb, Escaped | Created | Obtained) or self._bearing(event) is not Bearing.CERTAIN:
            return False
        return {self._table.after(state, self._verb(event)) for state in states} == {BROKEN}

    def _breaks_again(self, event: Event, states: set[str]) -> bool:
        """Can the event happen a second time only by breaking the protocol, although it need not the first time?

        So it is with ``if (index + 1) % 4 == 0: optimizer.step()`` and no ``zero_grad()`` anywhere.
        """
        after = {self._table.after(state, self._verb(event)) for state in states}
        if BROKEN not in after or self._bearing(event) is not Bearing.CERTAIN or not recurs(event):
            return False
        return self._breaks(event, self._arriving(event.number, after - {BROKEN})[event.number])

    def _bearing(self, event: Event) -> Bearing:
        if event.number not in self._known:
            is_spoken_of = event.verb in self._table.changing
            self._known[event.number] = self._find_bearing(event) if is_spoken_of else Bearing.NONE
        return self._known[event.number]

    def _find_bearing(self, event: Event) -> Bearing:
        if issubclass(event.verb, Created | Obtained):
            return Bearing.CERTAIN if self.subject in event.subjects else Bearing.NONE
        if event.verb in self._table.breaking and self._is_excused(event):
            return Bearing.NONE
        if issubclass(self._verb(event), StepElsewhere | ZeroElsewhere):
            return Bearing.CERTAIN
        found = self._follower.bearings.of(event, self.subject)
        is_assumed = found is Bearing.CERTAIN and issubclass(event.verb, self._table.protocol.known_only)
        if is_assumed and not self._follower.bearings.is_known(event, self.subject):
            return Bearing.POSSIBLE
        return found

    def _is_excused(self, event: Event) -> bool:
        return self._follower.is_excused(event, self.subject, self._table.protocol)

    def _verb(self, event: Event) -> type[Verb]:
        """Return what an event is to the subject: the step of another optimizer is no step of this one."""
        for verb, elsewhere in self._table.elsewhere.items():
            if issubclass(event.verb, verb) and self._follower.bearings.is_another(event, self.subject):
                return elsewhere
        return event.verb

    def _relevant(self, stretch: range) -> set[int]:
        """Return the events that may change the subject's state, and the first one."""
        events = self._follower.concerns.of(self.subject, self._table.changing, stretch)
        if self._table.elsewhere:
            events += [event for event in self._trace.events(*self._table.elsewhere) if event.number in stretch]
        found = {event.number for event in events if self._bearing(event) is not Bearing.NONE}
        if self._each_file_alone:
            found.update(self._changes_of_file(stretch))
        return found | {self._start}

    def _arriving(self, start: int, begun: set[str]) -> dict[int, set[str]]:
        """Return the states before each event that changes them, and where ways meet, on every way from ``start``.

        Args:
            start: the number of an event.
            begun: the states that the subject may be in behind it.
        """
        arriving: dict[int, set[str]] = {start: set()}
        waiting = [(start, begun)]
        while waiting:
            number, leaving = waiting.pop()
            for last, follower in self._ways.get(number, ()) if leaving else ():
                if follower in self._off:
                    continue
                is_alone = self._each_file_alone and self._changes_file(last, follower)
                coming = set(self._table.states) if is_alone else leaving
                if not coming <= arriving.setdefault(follower, set()):
                    arriving[follower] |= coming
                    waiting.append((follower, self._leaving(self._trace.recorded[follower], arriving[follower])))
        return arriving

    def _changes_of_file(self, stretch: range) -> Iterator[int]:
        """Return the events that the program comes to from another file."""
        for number in stretch:
            yield from (one for one in self._trace.followers[number] if self._changes_file(number, one))

    def _changes_file(self, number: int, follower: int) -> bool:
        """Does the program leave the file, come back, or leave it by another call, between two events?"""
        first, second = self._trace.recorded[number], self._trace.recorded[follower]
        tree = self._follower.tree
        return first.leaving_call(tree) is not second.leaving_call(tree)

    def _leaving(self, event: Event, states: set[str]) -> set[str]:
        bearing = self._bearing(event)
        if bearing is Bearing.NONE:
            return states
        if issubclass(event.verb, Created):
            return {self._table.protocol.start}
        if issubclass(event.verb, Obtained):
            return self._table.unknown
        if issubclass(event.verb, Escaped):
            return self._after_escape(event, bearing, states)
        after = {self._table.after(state, self._verb(event)) for state in states} - {BROKEN}
        return after if bearing is Bearing.CERTAIN else after | states

    def _after_escape(self, event: Event, bearing: Bearing, states: set[str]) -> set[str]:
        """Code that is not in sight may leave an object in any state; what belongs to the object, as a row says."""
        if bearing is Bearing.CERTAIN:
            return set(self._table.states) if states else states
        return states | {self._table.after(state, self._verb(event)) for state in states} - {BROKEN}


def _number(event: Event) -> int:
    return event.number


def all_breaches(followers: Iterable[Follower], protocol: Protocol) -> Iterator[Breach]:
    """Return where the protocol is broken in any trace."""
    for follower in followers:
        yield from follower.breaches(protocol)
