"""The state of the abstract machine: what each name and attribute may hold, and which events may come last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from pylint_torchcheck.trace.values import NOTHING, Frame, Value, Values

Slot: TypeAlias = tuple[Frame | Value | None, str | int]


@dataclass(slots=True)
class State:
    """One point of the program.

    Args:
        slots: what a variable ``(frame, name)`` or an attribute or element ``(value, name)`` may hold.
        ends: numbers of the events after which the program may be here.
        settled: what the slots of imported modules held after the import; shared by all states, and seldom changed
            afterwards, so that branches need not carry it along.
    """

    slots: dict[Slot, Values] = field(default_factory=dict)
    ends: frozenset[int] = frozenset()
    settled: dict[Slot, Values] = field(default_factory=dict)

    def get(self, slot: Slot) -> Values | None:
        """Return what a slot may hold; ``None`` if nothing was put there."""
        values = self.slots.get(slot)
        return values if values is not None else self.settled.get(slot)

    def copy(self) -> State:
        """Return a state that can go its own way."""
        return State(self.slots.copy(), self.ends, self.settled)

    def settle(self, before: Collection[Slot]) -> None:
        """Take all slots but those of ``before`` out of what branches carry along."""
        for slot in [slot for slot in self.slots if slot not in before]:
            self.settled[slot] = self.slots.pop(slot)

    def add(self, slot: Slot, values: Values) -> None:
        """Let a slot hold ``values`` beside what it may hold already."""
        self.slots[slot] = (self.get(slot) or NOTHING) | values


def join(states: Iterable[State | None]) -> State | None:
    """Return the state in which any of ``states`` may be; ``None`` if the program comes here in none."""
    alive = [state for state in states if state is not None]
    if len(alive) < 2:
        return alive[0] if alive else None
    merged = alive[0].copy()
    for state in alive[1:]:
        _merge(merged.slots, state.slots, state.settled)
        merged.ends |= state.ends
    return merged


def _merge(slots: dict[Slot, Values], others: dict[Slot, Values], settled: dict[Slot, Values]) -> None:
    for slot, values in others.items():
        mine = slots.get(slot)
        if mine is not values:
            slots[slot] = values | (settled.get(slot, NOTHING) if mine is None else mine)
