"""What an event has to do with an object: certainly, possibly, or nothing."""

from __future__ import annotations

from enum import Enum, auto
from functools import cached_property

from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Created,
    Escaped,
    EvalMode,
    Forward,
    GradientsWritten,
    Kind,
    Obtained,
    OptimizerStep,
    PartReplaced,
    TrainMode,
    UnscaledByHand,
    UnscaleGradients,
    ZeroGrad,
    ZeroGradPart,
)
from pylint_torchcheck.trace.branches import are_alternatives
from pylint_torchcheck.trace.concerns import may_be_any
from pylint_torchcheck.trace.decisions import UNDECIDED, Decisions, contradict
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.origins import Origins
from pylint_torchcheck.trace.values import Value, Values

_ON_WEIGHTS = (Backward, OptimizerStep)
_IN_PART = (ZeroGradPart, GradientsWritten, UnscaledByHand)


class Bearing(Enum):
    """Does an event act on a subject?"""

    CERTAIN = auto()
    POSSIBLE = auto()
    NONE = auto()


class Bearings:
    """Answers for one trace."""

    def __init__(self, trace: Trace, origins: Origins) -> None:
        self.trace = trace
        self._origins = origins
        self._reachable: dict[int, set[int]] = {}
        self._known: dict[tuple[int, Value], Bearing] = {}  # each protocol of a kind asks the same again
        self._known_others: dict[tuple[int, Value], bool] = {}

    @cached_property
    def by_kind(self) -> dict[Kind, list[Value]]:
        """Every object of the trace, in the order in which it first appears."""
        found: dict[Kind, dict[Value, None]] = {}
        for event in self.trace.recorded:
            for value in sorted(event.subjects, key=_position):
                found.setdefault(value.kind, {})[value] = None
        return {kind: list(values) for kind, values in found.items()}

    @cached_property
    def begun(self) -> dict[Value, int]:
        """The number of the event with which each object that comes to be in the trace begins."""
        found: dict[Value, int] = {}
        for event in self.trace.events(Created, Obtained):
            for value in event.subjects:
                found.setdefault(value, event.number)
        return found

    def is_trained(self, module: Value) -> bool:
        """Does an optimizer of the trace hold parameters of the module?"""
        return module in self._trained

    @cached_property
    def _trained(self) -> frozenset[Value]:
        return self._origins.of(frozenset(self.by_kind.get(Kind.OPTIMIZER, ())))

    def of(self, event: Event, subject: Value) -> Bearing:
        """Does the event act on the subject?"""
        key = (event.number, subject)
        found = self._known.get(key)
        if found is None:
            found = self._bearing(event, subject)
            if found is Bearing.CERTAIN and issubclass(event.verb, _IN_PART):
                found = Bearing.POSSIBLE
            self._known[key] = found
        return found

    def _bearing(self, event: Event, subject: Value) -> Bearing:
        if subject in event.subjects:
            return self._among(event, subject)
        if issubclass(event.verb, PartReplaced):
            return self._on_replaced(event, subject)
        if subject.kind is Kind.OPTIMIZER:
            return self._on_gradients(event, subject)
        if subject.kind is Kind.MODULE:
            is_on_weights = issubclass(event.verb, _ON_WEIGHTS)
            return self._on_weights(event, subject) if is_on_weights else self._on_module(event, subject)
        if subject.kind is Kind.SCHEDULER and issubclass(event.verb, OptimizerStep | Escaped):
            return self._on_schedule(event, subject)
        if subject.kind is Kind.SAMPLER:  # which nothing is taken for that is guessed to be a tensor or a module
            return Bearing.POSSIBLE if any(value.kind is Kind.UNKNOWN for value in event.subjects) else Bearing.NONE
        return self._on_unknown(event)

    def is_known(self, event: Event, optimizer: Value) -> bool:
        """Do the event's objects come from modules whose parameters the optimizer holds, as far as can be seen?"""
        return self._related(event, optimizer) is True

    def _among(self, event: Event, subject: Value) -> Bearing:
        """One of several objects is meant for certain only if no other of them can exist beside it."""
        if issubclass(event.verb, Escaped):
            return Bearing.CERTAIN
        others = [
            value
            for value in event.subjects
            if value is not subject
            and value.kind is subject.kind
            and not contradict(self._made_under(value), event.under)
        ]
        return Bearing.POSSIBLE if any(self._coexist(subject, other) for other in others) else Bearing.CERTAIN

    def _coexist(self, one: Value, other: Value) -> bool:
        if (one in self.begun) is not (other in self.begun) and are_alternatives(one, other):
            return False
        if contradict(self._made_under(one), self._made_under(other)):
            return False
        first, second = self.begun.get(one, 0), self.begun.get(other, 0)
        return second in self._after(first) or first in self._after(second)

    def _made_under(self, value: Value) -> Decisions:
        """Return what has been decided wherever the object exists."""
        begin = self.begun.get(value)
        return UNDECIDED if begin is None else self.trace.recorded[begin].under

    def _after(self, number: int) -> set[int]:
        if number not in self._reachable:
            self._reachable[number] = self.trace.reachable(number)
        return self._reachable[number]

    def is_another(self, event: Event, optimizer: Value) -> bool:
        """Does the event act on other optimizers or modules, for certain? They exist beside what this one holds."""
        key = (event.number, optimizer)
        if key not in self._known_others:
            self._known_others[key] = self._is_another(event, optimizer)
        return self._known_others[key]

    def _is_another(self, event: Event, optimizer: Value) -> bool:
        others = event.subjects
        if not others or optimizer in others or any(value.guessed for value in (optimizer, *others)):
            return False
        is_beside = all(self._coexist(optimizer, other) for other in others)
        return is_beside and self._related(event, optimizer) is False

    def _on_replaced(self, event: Event, optimizer: Value) -> Bearing:
        """A replaced part concerns an optimizer that was given the whole, or more."""
        held, is_in_sight = self._origins.modules(frozenset({optimizer}))
        if any(module.within(whole) for module in event.subjects for whole in held):
            return Bearing.CERTAIN
        return Bearing.NONE if held and is_in_sight else Bearing.POSSIBLE

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
            alone = len(self.by_kind[Kind.OPTIMIZER]) == 1
            return Bearing.CERTAIN if alone and event.subjects else Bearing.POSSIBLE
        if related and issubclass(event.verb, ZeroGrad) and not self._covers(event, optimizer):
            return Bearing.POSSIBLE
        return Bearing.CERTAIN if related else Bearing.NONE

    def _on_shared_gradients(self, event: Event, optimizer: Value, related: bool | None) -> Bearing:
        """Another optimizer acts on its parameters; this one may have the same, or be built from that one's groups."""
        if not issubclass(event.verb, ZeroGrad | UnscaleGradients):
            return self._on_unknown(event)
        held = self._origins.of_one(optimizer)
        if any(value.path == "param_groups" and value.owner in event.subjects for value in held):
            return Bearing.CERTAIN
        return Bearing.POSSIBLE if related else self._on_unknown(event)

    def _covers(self, event: Event, optimizer: Value) -> bool:
        """Is every module whose parameters the optimizer holds among the event's objects, or a part of one?"""
        held, _ = self._origins.modules(frozenset({optimizer}))
        reached, _ = self._origins.modules(event.subjects)
        return all(any(one.within(other) for other in reached) for one in held)

    def _related(self, event: Event, optimizer: Value) -> bool | None:
        """Do the event's objects come from modules whose parameters the optimizer holds? ``None``: not known."""
        held, is_held_in_sight = self._origins.modules(frozenset({optimizer}))
        reached, is_reached_in_sight = self._origins.modules(event.subjects)
        if not held.isdisjoint(reached):
            return True
        if any(one.within(other) or other.within(one) for one in held for other in reached):
            return True
        return False if held and reached and is_held_in_sight and is_reached_in_sight else None

    def _on_schedule(self, event: Event, scheduler: Value) -> Bearing:
        """A scheduler goes with its optimizer; code that is not in sight may step that one."""
        held = self._origins.of_one(scheduler)
        if event.subjects <= held and not issubclass(event.verb, Escaped):
            return Bearing.CERTAIN if len(event.subjects) == 1 else Bearing.POSSIBLE
        is_known = not any(value.kind is Kind.UNKNOWN for value in held)
        if is_known and event.subjects.isdisjoint(held):
            return self._on_unknown(event)
        return Bearing.POSSIBLE

    def _on_weights(self, event: Event, module: Value) -> Bearing:
        """Does a backward pass reach a module's parameters, or a step change them?"""
        reached, is_in_sight = self._origins.modules(event.subjects)
        wholes = self._wholes_of(module)
        with_it = [one for one in event.subjects if wholes & self._origins.modules(frozenset({one}))[0]]
        if with_it and all(one in with_it or self._is_made_without(one, module) for one in event.subjects):
            return Bearing.CERTAIN
        apart = is_in_sight and reached and not any(one.within(module) for one in reached)
        return Bearing.NONE if apart and wholes.isdisjoint(reached) else Bearing.POSSIBLE

    def _is_made_without(self, optimizer: Value, module: Value) -> bool:
        """Is it made from modules of which none can exist beside this one, so that it is another way's?"""
        held, _ = self._origins.modules(frozenset({optimizer}))
        return bool(held) and not any(self._coexist(module, other) for other in held)

    def _wholes_of(self, module: Value) -> Values:
        return self._origins.wholes(frozenset({module}))

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
        return whole.kind is Kind.MODULE and part.kind is Kind.MODULE and part in self._origins.of_one(whole)

    @staticmethod
    def _on_unknown(event: Event) -> Bearing:
        return Bearing.POSSIBLE if any(may_be_any(value) for value in event.subjects) else Bearing.NONE


def _position(value: Value) -> tuple[int, int]:
    site = value.site
    return (site.lineno or 0, site.col_offset or 0) if site is not None else (0, 0)
