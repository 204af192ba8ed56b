"""What a pitfall may ask of modules, their parts and their attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pylint_torchcheck.pitfalls.questions import Subject
from pylint_torchcheck.pitfalls.vocabulary import Kind, Trait
from pylint_torchcheck.torch_api.effects import (
    AVERAGES,
    MODULE_METHODS,
    RANKLESS_DATA_SETS,
)
from pylint_torchcheck.torch_api.objects import is_method
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.classes import (
    enclosing_class,
    has_trait,
    is_rankless_sequence,
    kind_of_instance,
    speaks_of,
)
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.reading import Reading
from pylint_torchcheck.trace.registration import hidden_modules, hidden_parameters
from pylint_torchcheck.trace.sites import AttributeSite
from pylint_torchcheck.trace.values import NOTHING, Frame, Value, Values, values_among


class AboutModules(Reading):
    """What a pitfall may ask of modules, their parts and their attributes."""

    def uncalled_methods(self) -> Iterator[AttributeSite]:
        """Return where a method that torch gives an object is read, and not called."""
        for site in self._attributes:
            is_read = bool(site.receivers) and not site.is_assigned and all(map(_is_callable, site.values))
            if is_read and all(is_method(value.kind, site.name) for value in site.receivers):
                yield site

    def is_handed_to(self, attribute: object, path: str) -> bool:
        """Is what is read an argument of a library's function, by itself or in a dict, list or tuple?"""
        callsite = self._by_node.get(attribute.handed_to) if isinstance(attribute, AttributeSite) else None
        return callsite is not None and callsite.paths == {path}

    def hidden_modules(self, attribute: object) -> Values:
        """Return the modules in a collection that an attribute of a module gets, and that it has no other way."""
        return hidden_modules(attribute, self._store) if isinstance(attribute, AttributeSite) else NOTHING

    def hidden_parameters(self, attribute: object) -> Values:
        """Return the parameters in a collection that an attribute of a module gets, and that it has no other way."""
        return hidden_parameters(attribute, self._store) if isinstance(attribute, AttributeSite) else NOTHING

    def shadowed_methods(self) -> Iterator[AttributeSite]:
        """Return the assignments by which an object hides a method of its own that it has from ``nn.Module``."""
        for site in self.assignments(*MODULE_METHODS):
            if site.receivers and all(value.kind is Kind.MODULE for value in site.receivers):
                yield site

    def runs_in_forward(self, call: object) -> bool:
        """Is a call a part of a module's ``forward``, or of what that calls, whichever way it is reached?"""
        return isinstance(call, CallSite) and bool(call.frames) and all(map(_is_in_forward, call.frames))

    def enclosing_kind(self, place: object) -> Kind | None:
        """Return what the objects are whose method a place stands in; ``None`` if it stands in none."""
        owner = enclosing_class(place.node) if isinstance(place, Place) else None
        return kind_of_instance(owner, self._store)[0] if owner is not None else None

    def is_rankless_sequence(self, subject: Subject) -> bool:
        """Is it a data set that is indexed and that looks at no rank, of a library or of a class of the project?"""
        if not isinstance(subject, Value):
            return False
        return self.path_of(subject).startswith(RANKLESS_DATA_SETS) or is_rankless_sequence(
            subject.definition, self._store
        )

    def is_wrapped_by(self, subject: Subject, path: str) -> bool:
        """Does a call of a library's function or class in the file give the object back, wrapped?"""
        return any(subject in call.results for call in self.calls(path))

    def opens_autocast(self, subject: Subject) -> bool:
        """Does the module's own ``forward`` speak of autocast?"""
        return isinstance(subject, Value) and speaks_of(subject.definition, "forward", "autocast")

    def with_copied(self, subjects: Iterable[Subject]) -> Values:
        """Return objects, and the modules whose weights those among them have got, as copies do."""
        found, waiting = set[Value](), list(values_among(subjects))
        while waiting:
            value = waiting.pop()
            if value not in found:
                found.add(value)
                waiting += self._store.copied_from.get(value, ())
        return frozenset(found)

    def averages(self) -> Values:
        """Return the running averages of weights that have a name in the file, as classes of libraries make them."""
        named = {value for _, values in self.bindings for value in values}
        return frozenset(value for value in named if {value.path, self._store.came_from.get(value)} & AVERAGES)

    def belong(self, parts: Iterable[Subject], wholes: Iterable[Subject]) -> bool:
        """Is any of ``parts`` one of the modules ``wholes``, or a module in one of them?"""
        inner, outer = values_among(parts), values_among(wholes)
        return not inner.isdisjoint(self._origins.of(outer)) or not self._origins.wholes(inner).isdisjoint(outer)

    def has(self, subject: Subject, trait: Trait) -> bool | None:
        """Is the module made so? ``None``: not known."""
        return has_trait(subject, trait, self._store) if isinstance(subject, Value) else None


def _is_in_forward(frame: Frame) -> bool:
    ways = [one for one in frame.chain() if getattr(one.scope, "name", "") == "forward"]
    return any(receiver.kind is Kind.MODULE for way in ways for receiver in way.receiver)


def _is_callable(value: Value) -> bool:
    return value.kind in {Kind.FUNCTION, Kind.UNKNOWN}
