"""Events and the graph that they form: what may happen to which objects, and what may happen next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind, Verb
from pylint_torchcheck.trace import precision, purpose
from pylint_torchcheck.trace.contents import Contents
from pylint_torchcheck.trace.decisions import UNDECIDED, Decision, Decisions, against
from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.places import Place, source_of
from pylint_torchcheck.trace.recurrence import conditions, counts, happens_at_times, period
from pylint_torchcheck.trace.references import giver
from pylint_torchcheck.trace.values import NOTHING, Frame, Value, Values


@dataclass(eq=False, slots=True)
class Event:
    """Something that happens; see ``pylint_torchcheck.pitfalls.questions.Event`` for what a pitfall sees of it."""

    number: int
    verb: type[Verb]
    node: nodes.NodeNG
    frame: Frame
    subjects: Values
    results: Values = NOTHING
    loops: tuple[Loop, ...] = ()
    outlives_iteration: bool = False
    contents: Contents | None = None
    inside: tuple[Values, ...] = ()  # the contexts of the `with` blocks around it
    under: Decisions = UNDECIDED  # what has been decided on every way that leads to it

    @property
    def place(self) -> Place:
        """Where it happens."""
        return Place(self.node)

    def is_told(self, keyword: str) -> bool:
        """Is a keyword given to the call by which it happens, or to one that leads to it?"""
        calls = (call for call in (self.node, *self.frame.calls) if isinstance(call, nodes.Call))
        return any(given.arg == keyword for call in calls for given in call.keywords)

    @property
    def receiver_text(self) -> str:
        """The source of what the method is called on by which it happens."""
        func = self.node.func if isinstance(self.node, nodes.Call) else None
        return source_of(func.expr) if isinstance(func, nodes.Attribute) else ""

    @property
    def giver(self) -> Place:
        """The call that brings in what happens to it: that of a helper, where it takes it and hands it on."""
        match self.node:
            case nodes.Call(args=[first, *_]) as call:
                return giver(call, first, self.frame)
        return self.place

    def leaving_call(self, tree: nodes.Module) -> nodes.NodeNG | None:
        """Return the call in a file by which an event of another file comes about."""
        if self.node.root() is tree:
            return None
        return next((call for call in reversed(self.frame.calls) if call.root() is tree), None)

    @property
    def looks_up_a_number(self) -> bool:
        """Is one number within what it gives asked for, as in ``optimizer.state_dict()["param_groups"][0]["lr"]``?"""
        entry = self.node.parent
        return isinstance(entry, nodes.Subscript) and isinstance(entry.parent, nodes.Subscript)

    @property
    def in_evaluation(self) -> bool:
        """Is this part of validation, test or inference, by the names around it?"""
        return purpose.is_evaluation(self.frame, self.loops)

    @property
    def autocast(self) -> str | None:
        """The type that autocast computes in here, or ``"off"``; ``None``: no autocast, empty: of a type not known."""
        return precision.under(self.inside)

    @property
    def depth(self) -> int:
        """In how many loops, one inside the other, does this happen?"""
        return len(self.loops)

    @property
    def in_every_iteration(self) -> bool:
        """Does this happen in each iteration of the innermost loop around it, whatever the conditions?"""
        return bool(self.loops) and not any(True for _ in conditions(self))

    @property
    def is_periodic(self) -> bool:
        """Does this happen every so many iterations of the innermost loop, as ``if index % 4 == 0`` says?"""
        return any(isinstance(one, nodes.If) and counts(one.test) for one in conditions(self))

    @property
    def happens_at_times(self) -> bool:
        """Does this happen in some iterations and not in others, or to an item that each iteration chooses anew?"""
        return happens_at_times(self)

    @property
    def period(self) -> str:
        """The source of the number of iterations after each of which this happens; empty if it is not periodic."""
        tests = (one.test for one in conditions(self) if isinstance(one, nodes.If))
        return next((found for found in map(period, tests) if found), "")

    def makes_anew(self, subject: object) -> bool:
        """Is an object made within the innermost loop around this, and so made anew in each iteration?"""
        if not self.loops or not isinstance(subject, Value):
            return False
        loop = self.loops[-1].node
        calls = subject.frame.calls if subject.frame is not None else ()
        return any(loop.parent_of(node) for node in (subject.site, *calls) if node is not None)

    @property
    def looped_over(self) -> Values:
        """What the innermost loop around it runs over."""
        return self.loops[-1].target if self.loops else NOTHING

    @property
    def functions(self) -> frozenset[str]:
        """The names of the functions under way."""
        return frozenset(function.name for function in self.frame.functions())

    def is_reached_like(self, subject: object) -> bool:
        """Was an object made on the same way into the program?"""
        return (
            isinstance(subject, Value) and subject.frame is not None and subject.frame.outermost is self.frame.outermost
        )

    def is_of_same_object(self, other: object) -> bool:
        """Do methods of one object of the project, that is no module, do both?"""
        return isinstance(other, Event) and not _acting(self.frame).isdisjoint(_acting(other.frame))

    def shares_loop_with(self, other: object) -> bool:
        """Do both happen in one loop, each time around?"""
        return isinstance(other, Event) and not set(self.loops).isdisjoint(other.loops)

    @property
    def over_loader(self) -> bool:
        """Does the innermost loop around it run over a data loader?"""
        return bool(self.loops) and self.loops[-1].over_loader


@dataclass
class Trace:
    """The events of one way into the program, in the order of reading, and which may follow which.

    Event 0 is the start. Loops make the graph cyclic; branches join in it.
    """

    recorded: list[Event] = field(default_factory=list)
    followers: list[set[int]] = field(default_factory=list)
    _found: dict[tuple[frozenset[int], frozenset[int]], set[int]] = field(default_factory=dict)
    _happened: dict[tuple[type[Verb], ...], tuple[int, list[Event]]] = field(default_factory=dict)  # of how many, which

    def add(self, event: Event, after: Iterable[int]) -> None:
        """Append an event that may follow each of the events ``after``."""
        self.recorded.append(event)
        self.followers.append(set())
        for number in after:
            self.followers[number].add(event.number)

    def link(self, ends: Iterable[int], head: int) -> None:
        """Let the program go from ``ends`` back to ``head``."""
        for number in ends:
            self.followers[number].add(head)

    def events(self, *verbs: type[Verb]) -> Iterator[Event]:
        """Return what happened, in the order of reading; all of it, if no verb is named."""
        if not verbs:
            yield from self.recorded
            return
        known, found = self._happened.get(verbs, (0, []))
        if known < len(self.recorded):
            found += [event for event in self.recorded[known:] if issubclass(event.verb, verbs)]
            self._happened[verbs] = len(self.recorded), found
        yield from found

    def beside(self, event: object, verb: type[Verb]) -> Iterator[Event]:
        """Return what happened in an iteration of the innermost loop around ``event``; nothing, if it is in none."""
        if isinstance(event, Event) and event.loops:
            events = self._in_loops.get(event.loops[-1], ())
            yield from (one for one in events if issubclass(one.verb, verb))

    def may_follow(self, *events: object, after: Iterable[object], avoiding: Iterable[object] = ()) -> bool:
        """May one of ``events`` happen after one of others, with none of those to avoid between them?"""
        following = self._reached(_numbers(after), _numbers(avoiding))
        return not following.isdisjoint(_numbers(events))

    def always_follows(self, event: object, *, after: object) -> bool:
        """Has another event happened on each way that leads to ``event``?"""
        off = self.out_of_reach(event.under) if isinstance(event, Event) else set()
        return self._reached(frozenset({0}), _numbers([after]).union(off)).isdisjoint(_numbers([event]))

    def _reached(self, starts: frozenset[int], avoiding: frozenset[int]) -> set[int]:
        """Return what can happen after some events, found out once."""
        if (starts, avoiding) not in self._found:
            self._found[starts, avoiding] = self.reachable(*starts, avoiding=avoiding)
        return self._found[starts, avoiding]

    @cached_property
    def _in_loops(self) -> dict[Loop, list[Event]]:
        """The events in each loop, for when all is read."""
        found: dict[Loop, list[Event]] = {}
        for event in self.recorded:
            for loop in event.loops:
                found.setdefault(loop, []).append(event)
        return found

    def out_of_reach(self, decisions: Decisions) -> set[int]:
        """Return the numbers of the events that no way comes to on which all this is decided."""
        return set[int]().union(*(self._decided.get(decision, ()) for decision in against(decisions)))

    @cached_property
    def _decided(self) -> dict[Decision, list[int]]:
        """The events under each decision, for when all is read."""
        found: dict[Decision, list[int]] = {}
        for event in self.recorded:
            for decision in event.under:
                found.setdefault(decision, []).append(event.number)
        return found

    def reachable(self, *starts: int, avoiding: Collection[int] = ()) -> set[int]:
        """Return the numbers of the events that can happen after one of the events ``starts``.

        Args:
            starts: the numbers of these events.
            avoiding: events that must not happen on the way.
        """
        found: set[int] = set()
        waiting = [follower for start in starts for follower in self.followers[start]]
        while waiting:
            number = waiting.pop()
            if number not in found and number not in avoiding:
                found.add(number)
                waiting.extend(self.followers[number])
        return found


def _acting(frame: Frame) -> Values:
    """Return the objects of which a method is under way."""
    receivers = NOTHING.union(*(one.receiver for one in frame.chain()))
    return frozenset(value for value in receivers if value.kind is Kind.INSTANCE)


def _numbers(events: Iterable[object]) -> frozenset[int]:
    return frozenset(event.number for event in events if isinstance(event, Event))
