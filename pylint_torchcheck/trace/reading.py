"""One source file, read, with its calls, attributes and events looked up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import Pitfall
from pylint_torchcheck.pitfalls.questions import Subject
from pylint_torchcheck.pitfalls.vocabulary import Kind, Verb
from pylint_torchcheck.torch_api.effects import (
    MOVING_METHODS,
)
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.origins import Origins
from pylint_torchcheck.trace.places import Place, dotted
from pylint_torchcheck.trace.reader import Reader
from pylint_torchcheck.trace.roots import read_everything
from pylint_torchcheck.trace.sites import AttributeSite, Comparison
from pylint_torchcheck.trace.survey import Survey
from pylint_torchcheck.trace.typestate import Follower
from pylint_torchcheck.trace.values import Store, Value, Values, values_among


class Reading:
    """What every question to a program goes through."""

    def __init__(self, tree: nodes.Module, pitfalls: Sequence[type[Pitfall]] = ()) -> None:
        """Read a file: what one of the pitfalls may be found in, or everything if none is named."""
        self._store = Store()
        reader = Reader(tree, self._store)
        survey = Survey(tree, pitfalls)
        self._traces = list(read_everything(reader, survey.may_matter))
        # What is called in the project's other files is reported when those are read.
        self._callsites = list(reader.callsites.values())
        self._far_callsites = reader.far_callsites
        self._attributes = list(reader.attributes.values())
        self._comparisons = list(reader.comparisons.values())
        self._called = reader.called
        self._variables_read = [
            (Place(node), name)
            for node, names in reader.variables_read.items()
            if node.root() is tree
            for name in sorted(names)
        ]
        self.variables_known: Collection[str] = {name for names in reader.variables_read.values() for name in names}
        self.variables_set: Collection[str] = reader.variables_set
        self._entered = [one for node, one in reader.entered.items() if node.root() is tree]
        self._above_classes = [one for node, one in reader.above_classes.items() if node.root() is tree]
        self._roles = reader.roles
        self._tree = tree
        self._origins = Origins(self._store)
        self._bindings = reader.bindings
        self._followers = [Follower(trace, self._store, self._origins, tree) for trace in self._traces]

    @cached_property
    def _by_path(self) -> dict[str, list[CallSite]]:
        found: dict[str, list[CallSite]] = {}
        for callsite in self._callsites:
            if len(callsite.paths) == 1:
                found.setdefault(next(iter(callsite.paths)), []).append(callsite)
        return found

    @cached_property
    def _by_method(self) -> dict[str, list[CallSite]]:
        found: dict[str, list[CallSite]] = {}
        for callsite in self._callsites:
            if callsite.receivers:
                found.setdefault(callsite.method, []).append(callsite)
        return found

    @cached_property
    def _by_node(self) -> dict[nodes.NodeNG | None, CallSite]:
        return {callsite.node: callsite for callsite in self._callsites}

    @property
    def bindings(self) -> Iterator[tuple[nodes.NodeNG, set[Value]]]:
        """Each target of an assignment in the file, with all that it gets."""
        yield from self._bindings.items()

    @property
    def traces(self) -> Sequence[Trace]:
        """One for the module's body and one for each function that nothing in the file calls."""
        return self._traces

    def calls(self, path: str) -> Iterator[CallSite]:
        """Return the calls of a library function, by its public dotted path."""
        yield from self._by_path.get(path, ())

    def far_calls(self, path: str) -> Iterator[tuple[Place, CallSite]]:
        """Return the calls that save or load in other files of the project, each with the call that leads there."""
        for (near, _), callsite in self._far_callsites.items():
            if callsite.paths == {path}:
                yield Place(near), callsite

    def method_calls(self, *names: str) -> Iterator[CallSite]:
        """Return the calls of methods with one of these names, on whatever they are called; all, if none is named."""
        chosen = (self._by_method.get(name, ()) for name in names) if names else self._by_method.values()
        yield from (callsite for group in chosen for callsite in group)

    def pure_tensor_calls(self) -> Iterator[CallSite]:
        """Return the calls of methods that give a tensor elsewhere, otherwise, or changed, and leave it as it was."""
        return self.method_calls(*MOVING_METHODS)

    def assignments(self, *names: str) -> Iterator[AttributeSite]:
        """Return the assignments to attributes with one of these names, or to any, in the order of reading."""
        yield from (
            site for site in self._attributes if isinstance(site.node, nodes.AssignAttr) and site.is_named(names)
        )

    def attributes(self, *names: str) -> Iterator[AttributeSite]:
        """Return where attributes with one of these names are read, and not called."""
        yield from (
            site for site in self._attributes if isinstance(site.node, nodes.Attribute) and site.is_named(names)
        )

    def call_of(self, event: object) -> CallSite | None:
        """Return the call by which an event happened; ``None`` if it is no call in this file."""
        return self._by_node.get(event.node) if isinstance(event, Event) else None

    def name_of(self, subject: Subject) -> str:
        """Return the name that an object was first bound to; empty if it has none."""
        target = self._named.get(subject) if isinstance(subject, Value) else None
        return "" if target is None else dotted(target)

    @cached_property
    def _named(self) -> dict[Value, nodes.NodeNG]:
        """What each object was first bound to."""
        found: dict[Value, nodes.NodeNG] = {}
        for target, values in self.bindings:
            for value in values:
                found.setdefault(value, target)
        return found

    def comparisons(self) -> Iterator[Comparison]:
        """Return where two things are compared by ``==`` or ``!=``, or one with those in a list."""
        yield from self._comparisons

    def happenings(self, *verbs: type[Verb]) -> Iterator[tuple[Place, list[tuple[Trace, Event]]]]:
        """Return where in this file something happens, each with all the ways in which it does."""
        found: dict[nodes.NodeNG, list[tuple[Trace, Event]]] = {}
        for trace in self._traces:
            for event in trace.events(*verbs):
                if event.node.root() is self._tree:
                    found.setdefault(event.node, []).append((trace, event))
        yield from ((Place(node), ways) for node, ways in found.items())

    def constructions(self, kind: Kind) -> Iterator[CallSite]:
        """Return the calls that make objects of a kind, and nothing else."""
        for callsite in self._callsites:
            made = callsite.results
            if made and all(value.kind is kind and value.site is callsite.node for value in made):
                yield callsite

    def place_of(self, event: object) -> Place | None:
        """Return where an event of a loop shows in this file; ``None`` if the loop is in another one."""
        if not isinstance(event, Event) or event.node.root() is self._tree:
            return event.place if isinstance(event, Event) else None
        call = event.leaving_call(self._tree)
        is_looped_here = bool(event.loops) and event.loops[-1].node.root() is self._tree
        return Place(call) if call is not None and is_looped_here else None

    def call_at(self, place: object) -> CallSite | None:
        """Return the call that a place is; ``None`` if it is none."""
        return self._by_node.get(place.node) if isinstance(place, Place) else None

    def creation(self, subject: Subject) -> CallSite | None:
        """Return the call of a library's class that made an object."""
        callsite = self._by_node.get(subject.site) if isinstance(subject, Value) else None
        return callsite if callsite is not None and callsite.paths == {subject.path} else None

    def path_of(self, subject: Subject) -> str:
        """Return the path of the library's function or class that an object came from; empty if it is not known."""
        callsite = self._by_node.get(subject.site) if isinstance(subject, Value) else None
        return next(iter(callsite.paths)) if callsite is not None and len(callsite.paths) == 1 else ""

    def origins(self, subjects: Iterable[Subject]) -> Values:
        """Return the subjects and all that they were computed or built from."""
        return self._origins.of(values_among(subjects))

    def uses(self, subject: Subject) -> set[str]:
        """Return what is done with an object: the keys, attributes and methods that are asked of it."""
        return self._store.uses.get(subject, set()) if isinstance(subject, Value) else set()
