"""The state of the abstract machine: what each name and attribute may hold, and which events may come last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeAlias

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.decisions import UNDECIDED, Decisions, Turn, last_common
from pylint_torchcheck.trace.values import NOTHING, PLAIN, Frame, Value, Values

Slot: TypeAlias = tuple[Frame | Value | None, str | int]
Slots: TypeAlias = dict[Slot, Values]

_SMALL = 64  # slots; a layer of so many is copied rather than kept as one more to look through


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """What was known at a fork; the states that go on from there share it and never change it."""

    slots: Slots
    below: Layer | None

    def down(self) -> Iterator[Layer]:
        layer: Layer | None = self
        while layer is not None:
            yield layer
            layer = layer.below


class Settled(dict[Slot, Values]):
    """What the slots of imported modules held after the import, and, for speed, which slots were ever put at all."""

    def __init__(self) -> None:
        super().__init__()
        self.ever: set[Slot] = set()

    def settle(self, slots: Slots) -> None:
        """Let slots hold what they hold, from now on and in every state."""
        self.update(slots)
        self.ever.update(slots)


@dataclass(slots=True)
class State:
    """One point of the program.

    A branch costs what it changes and not what there is: a fork lays down what is known as a layer that both ways
    share, and a join compares only what either has put on top of it.

    Args:
        ends: numbers of the events after which the program may be here.
        settled: what the slots of imported modules hold; shared by all states.
        own: what was put since the last fork.
        below: what was known at that fork.
        turn: the last condition behind which the program is on every way that leads here.
    """

    ends: frozenset[int] = frozenset()
    settled: Settled = field(default_factory=Settled)
    own: Slots = field(default_factory=dict)
    below: Layer | None = None
    turn: Turn | None = None

    @property
    def under(self) -> Decisions:
        """What has been decided on every way that leads here."""
        return self.turn.under if self.turn is not None else UNDECIDED

    def get(self, slot: Slot) -> Values | None:
        """Return what a variable ``(frame, name)`` or an attribute or element ``(value, name)`` may hold.

        ``None``: nothing was put there.
        """
        if slot not in self.settled.ever:
            return None
        values = self.own.get(slot)
        layer = self.below
        while values is None and layer is not None:
            values, layer = layer.slots.get(slot), layer.below
        return values if values is not None else self.settled.get(slot)

    def put(self, slot: Slot, values: Values) -> None:
        """Let a slot hold ``values``, and nothing of what it held."""
        self.own[slot] = values
        self.settled.ever.add(slot)

    def add(self, slot: Slot, values: Values) -> None:
        """Let a slot hold ``values`` beside what it may hold already."""
        self.put(slot, (self.get(slot) or NOTHING) | values)

    def forget(self, slot: Slot) -> None:
        """Drop a slot that nobody will ask for; what a fork has laid down stays."""
        self.own.pop(slot, None)

    def everything(self) -> Slots:
        """Return all slots but the settled ones."""
        found: Slots = {}
        for layer in reversed(list(self.below.down()) if self.below else []):
            found.update(layer.slots)
        return {**found, **self.own}

    def fork(self) -> Layer | None:
        """Lay down what is known; return the layer, on top of which is put what comes."""
        if self.own:
            self.below, self.own = Layer(self.own, self.below), {}
        return self.below

    def copy(self) -> State:
        """Return a state that can go its own way."""
        return State(self.ends, self.settled, {}, self.fork(), self.turn)

    def changed_since(self, base: Layer | None) -> set[Slot]:
        """Return the slots that were put on top of ``base``."""
        changed = set(self.own)
        for layer in self.below.down() if self.below else ():
            if layer is base:
                break
            changed.update(layer.slots)
        return changed


def join(states: Iterable[State | None]) -> State | None:
    """Return the state in which any of ``states`` may be; ``None`` if the program comes here in none."""
    alive = [state for state in states if state is not None]
    if len(alive) < 2:
        return alive[0] if alive else None
    base = _common_layer(alive)
    merged = State(frozenset[int]().union(*(state.ends for state in alive)), alive[0].settled, {}, base)
    merged.turn = reduce(last_common, (state.turn for state in alive))
    for slot in set[Slot]().union(*(state.changed_since(base) for state in alive)):
        merged.own[slot] = _held_in_any(alive, slot)
    return _flattened(merged)


def _held_in_any(states: list[State], slot: Slot) -> Values:
    held, is_everywhere = NOTHING, True
    for state in states:
        values = state.get(slot)
        is_everywhere = is_everywhere and values is not None
        if values and values is not held:
            held = held | values if held else values
    return held if is_everywhere else _or_another(slot, held)


def _or_another(slot: Slot, held: Values) -> Values:
    """Add what a setting may be where nothing in sight has put it: what the object, or its class, had before."""
    owner = slot[0]
    is_setting = isinstance(owner, Value) and owner.kind is not Kind.COLLECTION
    return held | PLAIN if is_setting and all(value.kind is Kind.CONSTANT for value in held) else held


def _common_layer(states: list[State]) -> Layer | None:
    """Return the topmost layer that all states share."""
    shared = [set(state.below.down()) if state.below else set() for state in states[1:]]
    first = states[0].below
    for layer in first.down() if first else ():
        if all(layer in others for others in shared):
            return layer
    return None


def _flattened(state: State) -> State:
    """Take a small layer back in, so that a long run of branches does not pile layers up."""
    below = state.below
    if below is not None and len(below.slots) <= _SMALL:
        return State(state.ends, state.settled, {**below.slots, **state.own}, below.below, state.turn)
    return state
