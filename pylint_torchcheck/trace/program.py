"""One source file, read: what a pitfall may ask. See ``pylint_torchcheck.pitfalls.questions.Program``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import Pitfall, Protocol
from pylint_torchcheck.pitfalls.questions import Subject
from pylint_torchcheck.pitfalls.vocabulary import Kind, Trait
from pylint_torchcheck.torch_api.effects import CUTTING, MODULE_METHODS, MOVING_METHODS
from pylint_torchcheck.torch_api.generated import CONSTRUCTORS, GRAPH_KEEPING_CONSTRUCTORS
from pylint_torchcheck.torch_api.objects import is_method
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.carried import carried
from pylint_torchcheck.trace.classes import enclosing_class, has_trait, kind_of_instance
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.files import Files
from pylint_torchcheck.trace.origins import Origins
from pylint_torchcheck.trace.places import Place, dotted
from pylint_torchcheck.trace.reader import Reader
from pylint_torchcheck.trace.registration import hidden_modules
from pylint_torchcheck.trace.roots import read_everything
from pylint_torchcheck.trace.shapes import is_scalar
from pylint_torchcheck.trace.sites import AttributeSite, Comparison
from pylint_torchcheck.trace.survey import Survey, statements
from pylint_torchcheck.trace.typestate import Breach, Follower, all_breaches
from pylint_torchcheck.trace.values import NOTHING, Store, Value, Values
from pylint_torchcheck.trace.waste import Waste


class Program:
    """The values, calls and events of one file."""

    def __init__(self, tree: nodes.Module, pitfalls: Sequence[type[Pitfall]] = ()) -> None:
        """Read a file: what one of the pitfalls may be found in, or everything if none is named."""
        self._store = Store()
        reader = Reader(tree, self._store)
        survey = Survey(tree, pitfalls)
        self._traces = list(read_everything(reader, survey.may_matter))
        # What is called in the project's other files is reported when those are read.
        self._callsites = list(reader.callsites.values())
        self._attributes = list(reader.attributes.values())
        self._comparisons = list(reader.comparisons.values())
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

    def wasted_gradients(self) -> Iterator[tuple[Event, Value]]:
        """Return backward passes, each with a module that it need not go back through."""
        for trace in self._traces:
            yield from Waste(trace, self._store, self._origins).wasted()

    def carried_states(self) -> Iterator[tuple[CallSite, Place]]:
        """Return calls of modules, each with the argument that is still on the graph of the iteration before."""
        for trace in self._traces:
            yield from ((call, Place(argument)) for call, argument in carried(trace, self._by_node, self._store))

    def name_of(self, subject: Subject) -> str:
        """Return the name that an object was first bound to; empty if it has none."""
        return next((dotted(target) for target, values in self.bindings if subject in values), "")

    def comparisons(self) -> Iterator[Comparison]:
        """Return where two things are compared by ``==`` or ``!=``."""
        yield from self._comparisons

    def is_cut_off(self, subject: Subject) -> bool:
        """Is it a tensor that was made of numbers, or detached, so that no graph leads to it?"""
        if not isinstance(subject, Value) or subject.kind is not Kind.TENSOR or self._store.parts.get(subject):
            return False
        return subject.path in CUTTING or subject.path in CONSTRUCTORS - GRAPH_KEEPING_CONSTRUCTORS

    def copied_from(self, subject: Subject) -> Values:
        """Return what a tensor is a moved, converted or reshaped copy of; nothing, if it was made another way."""
        if not isinstance(subject, Value) or subject.path not in MOVING_METHODS:
            return NOTHING
        sources = self._store.parts.get(subject, ())
        return frozenset(value for value in sources if value.kind in {Kind.TENSOR, Kind.PARAMETER})

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

    def constructions(self, kind: Kind) -> Iterator[CallSite]:
        """Return the calls that make objects of a kind, and nothing else."""
        for callsite in self._callsites:
            made = callsite.results
            if made and all(value.kind is kind and value.site is callsite.node for value in made):
                yield callsite

    def hidden_modules(self, attribute: object) -> Values:
        """Return the modules in a collection that an attribute of a module gets, and that it has no other way."""
        return hidden_modules(attribute, self._store) if isinstance(attribute, AttributeSite) else NOTHING

    def shadowed_methods(self) -> Iterator[AttributeSite]:
        """Return the assignments by which an object hides a method of its own that it has from ``nn.Module``."""
        for site in self.assignments(*MODULE_METHODS):
            if site.receivers and all(value.kind is Kind.MODULE for value in site.receivers):
                yield site

    def enclosing_kind(self, place: object) -> Kind | None:
        """Return what the objects are whose method a place stands in; ``None`` if it stands in none."""
        owner = enclosing_class(place.node) if isinstance(place, Place) else None
        return kind_of_instance(owner, self._store)[0] if owner is not None else None

    def is_scalar(self, subject: Subject) -> bool:
        """Is it a tensor without dimensions for certain?"""
        return isinstance(subject, Value) and is_scalar(subject, self._store)

    def is_backpropagated(self, attribute: object) -> bool:
        """Is ``backward()`` called on the name that an attribute belongs to?"""
        if not isinstance(attribute, AttributeSite):
            return False
        return self._roles.of(attribute.node.scope(), dotted(attribute.node.expr)) is Kind.TENSOR

    def place_of(self, event: object) -> Place | None:
        """Return where an event of a loop shows in this file; ``None`` if the loop is in another one."""
        if not isinstance(event, Event) or event.node.root() is self._tree:
            return event.place if isinstance(event, Event) else None
        call = event.leaving_call(self._tree)
        is_looped_here = bool(event.loops) and event.loops[-1].node.root() is self._tree
        return Place(call) if call is not None and is_looped_here else None

    def creation(self, subject: Subject) -> CallSite | None:
        """Return the call of a library's class that made an object."""
        callsite = self._by_node.get(subject.site) if isinstance(subject, Value) else None
        return callsite if callsite is not None and callsite.paths == {subject.path} else None

    def kind_around(self, place: object) -> Kind | None:
        """Return what the instances of the class around a call are; ``None`` if it is in no class."""
        node = place.node if isinstance(place, Place) else None
        while node is not None and not isinstance(node, nodes.ClassDef):
            node = node.parent
        return kind_of_instance(node, self._store)[0] if node is not None else None

    def reads_back(self, call: object) -> bool:
        """Does a call load what the program itself has saved under the same name, whichever way it is reached?"""
        return isinstance(call, CallSite) and self._saved.are_read_back(call)

    @cached_property
    def _saved(self) -> Files:
        return Files(self.calls("torch.save"), self._traces)

    def origins(self, subjects: Iterable[Subject]) -> Values:
        """Return the subjects and all that they were computed or built from."""
        return self._origins.of(_values(subjects))

    def uses(self, subject: Subject) -> set[str]:
        """Return what is done with an object: the keys, attributes and methods that are asked of it."""
        return self._store.uses.get(subject, set()) if isinstance(subject, Value) else set()

    def belong(self, parts: Iterable[Subject], wholes: Iterable[Subject]) -> bool:
        """Is any of ``parts`` one of the modules ``wholes``, or a module in one of them?"""
        inner, outer = _values(parts), _values(wholes)
        return not inner.isdisjoint(self._origins.of(outer)) or not self._origins.wholes(inner).isdisjoint(outer)

    def has(self, subject: Subject, trait: Trait) -> bool | None:
        """Is the module made so? ``None``: not known."""
        return has_trait(subject, trait, self._store) if isinstance(subject, Value) else None

    def breaches(self, protocol: Protocol) -> Iterator[Breach]:
        """Return where a protocol is broken on every way that leads there."""
        return all_breaches(self._followers, protocol)


def _values(subjects: Iterable[Subject]) -> Values:
    return frozenset(subject for subject in subjects if isinstance(subject, Value))


def _is_callable(value: Value) -> bool:
    return value.kind in {Kind.FUNCTION, Kind.UNKNOWN}


def mentions_torch(tree: nodes.Module) -> bool:
    """Does the file import torch, or something built on it? A file that does not costs nothing."""
    for node in statements(tree):
        names: list[str] = []
        if isinstance(node, nodes.ImportFrom):
            names = [node.modname]
        elif isinstance(node, nodes.Import):
            names = [name for name, _ in node.names]
        if any(name.partition(".")[0] in _TORCH for name in names):
            return True
    return False


_TORCH = frozenset("torch torchvision torchaudio timm lightning pytorch_lightning accelerate torch_geometric".split())
