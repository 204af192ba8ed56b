"""Which events may have to do with an object: looked up, so that no object is held against every event."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from pylint_torchcheck.pitfalls.vocabulary import Backward, Created, Kind, Obtained, OptimizerStep, Verb
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.origins import Origins, wholes_of
from pylint_torchcheck.trace.values import Value

_EVERYTHING = range(1 << 60)


class Concerns:
    """Answers for one trace. An event that is not found has no bearing; one that is found need not have one."""

    def __init__(self, trace: Trace, origins: Origins) -> None:
        self._trace = trace
        self._origins = origins
        self._indexes: dict[type[Verb], _Index] = {}

    @cached_property
    def verbs(self) -> dict[type[Verb], list[Event]]:
        """The events of each verb, special cases apart."""
        found: dict[type[Verb], list[Event]] = {}
        for event in self._trace.recorded:
            found.setdefault(event.verb, []).append(event)
        return found

    def of(self, subject: Value, verbs: Iterable[type[Verb]], within: range = _EVERYTHING) -> list[Event]:
        """Return the events of exactly these verbs that may bear on ``subject``, in the order of reading."""
        numbers: set[int] = set()
        for verb in verbs:
            for found in self._index(verb).concerning(subject):
                numbers.update(found[bisect_left(found, within.start) : bisect_right(found, within.stop - 1)])
        return [self._trace.recorded[number] for number in sorted(numbers)]

    def _index(self, verb: type[Verb]) -> _Index:
        if verb not in self._indexes:
            self._indexes[verb] = _Index(verb, self.verbs.get(verb, []), self._origins)
        return self._indexes[verb]


class _Index:
    """The events of one verb, by the objects that they concern."""

    def __init__(self, verb: type[Verb], events: list[Event], origins: Origins) -> None:
        self._begins = issubclass(verb, Created | Obtained)
        self._is_on_weights = issubclass(verb, Backward | OptimizerStep)
        self._events = events
        self._origins = origins
        self._on: dict[Value, list[int]] = {}
        self._inside: dict[Value, list[int]] = {}
        self._of_any: list[int] = []
        for event in events:
            self._enter(event)

    def _enter(self, event: Event) -> None:
        for value in event.subjects:
            _add(self._on, value, event)
            for whole in wholes_of(value):
                _add(self._inside, whole, event)
        if any(may_be_any(value) for value in event.subjects):
            self._of_any.append(event.number)

    def concerning(self, subject: Value) -> Iterator[Sequence[int]]:
        """Return lists of the numbers of events, each in order."""
        yield self._on.get(subject, ())
        if self._begins:
            return
        yield self._of_any
        if subject.kind is Kind.OPTIMIZER:
            yield from self._through_gradients(subject)
        elif subject.kind is Kind.MODULE:
            yield from self._through_weights(subject) if self._is_on_weights else self._through_parts(subject)
        elif subject.kind is Kind.SCHEDULER:
            yield from (self._on.get(held, ()) for held in self._origins.of_one(subject))
            yield self._beyond_sight(subject)

    def _beyond_sight(self, scheduler: Value) -> Sequence[int]:
        """Return all events, if what a scheduler is built from is not known."""
        is_known = not any(value.kind is Kind.UNKNOWN for value in self._origins.of_one(scheduler))
        return () if is_known else [event.number for event in self._events]

    # Modules, by their parts

    def _through_weights(self, module: Value) -> Iterator[Sequence[int]]:
        yield self._sources.anywhere
        yield self._sources.within.get(module, ())
        for whole in wholes_of(module):
            yield self._sources.exactly.get(whole, ())

    def _through_parts(self, module: Value) -> Iterator[Sequence[int]]:
        yield self._inside.get(module, ())
        yield self._on_holders.get(module, ())
        for other in (*wholes_of(module), *self._origins.modules(frozenset({module}))[0]):
            yield self._on.get(other, ())

    @cached_property
    def _on_holders(self) -> dict[Value, list[int]]:
        """The events on a module, by the modules that it holds."""
        found: dict[Value, list[int]] = {}
        for event in self._events:
            wholes = frozenset(value for value in event.subjects if value.kind is Kind.MODULE)
            for part in self._origins.modules(wholes)[0]:
                _add(found, part, event)
        return found

    # Optimizers, by the modules whose parameters they hold

    def _through_gradients(self, optimizer: Value) -> Iterator[Sequence[int]]:
        held, is_in_sight = self._origins.modules(frozenset({optimizer}))
        if not held or not is_in_sight:
            yield [event.number for event in self._events]
            return
        for origin in self._origins.of_one(optimizer):
            if origin.owner is not None:
                yield self._on.get(origin.owner, ())
        yield self._sources.anywhere
        for module in held:
            yield self._sources.within.get(module, ())
            for whole in wholes_of(module):
                yield self._sources.exactly.get(whole, ())

    @cached_property
    def _sources(self) -> _Sources:
        return _Sources(self._events, self._origins)


class _Sources:
    """Events by the modules that their objects come from."""

    def __init__(self, events: list[Event], origins: Origins) -> None:
        self.anywhere: list[int] = []
        self.exactly: dict[Value, list[int]] = {}
        self.within: dict[Value, list[int]] = {}
        for event in events:
            modules, is_in_sight = origins.modules(event.subjects)
            if not modules or not is_in_sight:
                self.anywhere.append(event.number)
            for module in modules:
                _add(self.exactly, module, event)
                for whole in (module, *wholes_of(module)):
                    _add(self.within, whole, event)


def _add(index: dict[Value, list[int]], value: Value, event: Event) -> None:
    numbers = index.setdefault(value, [])
    if not numbers or numbers[-1] != event.number:
        numbers.append(event.number)


def may_be_any(value: Value) -> bool:
    """An object without a constructor or a name of its own may be any other."""
    return value.kind is Kind.UNKNOWN or (
        value.guessed and value.owner is None and value.site is not None and _is_result(value)
    )


def _is_result(value: Value) -> bool:
    return type(value.site).__name__ in {"Call", "Subscript", "For", "AssignName"}
