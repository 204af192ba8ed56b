"""The typestate table of a protocol: which verb takes an object from which state to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pylint_torchcheck.pitfalls.vocabulary import Kind, Trait, Verb

BROKEN: Final = "(broken)"
ANY: Final = "(any)"


@dataclass(frozen=True)
class Protocol:
    """A typestate table: which verb takes a subject from which state to which.

    What no row names changes nothing. A row for a verb serves its special cases too, unless they have a
    row of their own. ``BROKEN`` as a target means: this is the pitfall.

    Args:
        of: the kind of object whose state this is.
        start: the state of an object that was built in sight.
        obtained: the state that an object is taken to be in when it comes from code that is not in sight; by default,
            it may be in any.
        moves: ``(state, verb)`` to the next state; ``ANY`` stands for each state without a row of its own.
        having: a trait that the subject must be known to have.
        unless_lacking: a trait that the subject must not be known to lack. One that is built in sight must be known to
            have it, where a call on something else than data breaks it: on what an environment shows, or on noise.
        known_only: verbs that count only where it is known, and not merely possible, that they reach the subject.
        unless_seen: verbs that silence the pitfall for a subject wherever in the program they occur.
        unless_seen_apart: do they silence it, too, where they stand on the other side of a condition than all that
            leads to what breaks it?
        unless_many: a subject that stands for all that a comprehension made, or that a loop comes to, does not count,
            only one that is one object.
        once: states that need not be entered on every way: it is broken where each way on from there breaks it, if the
            subject goes on in the state that is named here.
        unless_leading_to: verbs that silence it where they happen to what came of the event that breaks it.
    """

    of: Kind
    start: str
    moves: Mapping[tuple[str, type[Verb]], str]
    obtained: str = ""
    once: Mapping[str, str] = field(default_factory=dict)
    having: Trait | None = None
    unless_lacking: Trait | None = None
    known_only: tuple[type[Verb], ...] = ()
    unless_seen: tuple[type[Verb], ...] = ()
    unless_seen_apart: bool = True
    unless_leading_to: tuple[type[Verb], ...] = ()
    unless_many: bool = False

    @cached_property
    def states(self) -> frozenset[str]:
        """Every state that a subject can be in."""
        named = {self.start, *(state for state, _ in self.moves), *self.moves.values()}
        return frozenset(named - {ANY, BROKEN})

    @cached_property
    def breaking(self) -> tuple[type[Verb], ...]:
        """The verbs that can break it."""
        return tuple(verb for (_, verb), target in self.moves.items() if target is BROKEN)

    @cached_property
    def necessary(self) -> tuple[type[Verb], ...]:
        """The verbs without which nothing can break, whatever else happens."""
        verbs = dict.fromkeys(verb for _, verb in self.moves)
        return tuple(verb for verb in verbs if not self._can_break([other for other in verbs if other is not verb]))

    def _can_break(self, verbs: Sequence[type[Verb]]) -> bool:
        """May these verbs lead to where every state that may arrive is broken?"""
        seen: set[frozenset[str]] = set()
        waiting = [frozenset({self.start}), self.states]
        while waiting:
            arriving = waiting.pop()
            if arriving not in seen:
                seen.add(arriving)
                after = [frozenset(self.after(state, verb) for state in arriving) for verb in verbs]
                if frozenset({BROKEN}) in after:
                    return True
                waiting += [states - {BROKEN} for states in after]
        return False

    def after(self, state: str, verb: type[Verb]) -> str:
        """Return the state after ``verb``, which may be ``BROKEN``."""
        for ancestor in verb.__mro__:
            for origin in (state, ANY):
                target = self.moves.get((origin, ancestor))
                if target is not None:
                    return target
        return state

    def names(self, verb: type[Verb]) -> bool:
        """Does any row speak of ``verb``?"""
        return any(ancestor in self._verbs for ancestor in verb.__mro__)

    @cached_property
    def _verbs(self) -> frozenset[type[Verb]]:
        return frozenset(verb for _, verb in self.moves)
