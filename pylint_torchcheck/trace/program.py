"""One source file, read: what a pitfall may ask. See ``pylint_torchcheck.pitfalls.questions.Program``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import Pitfall, Protocol
from pylint_torchcheck.pitfalls.questions import Subject
from pylint_torchcheck.pitfalls.releases import TorchRange
from pylint_torchcheck.pitfalls.vocabulary import ChangedInPlace, Kind, Trait, Verb
from pylint_torchcheck.torch_api.effects import (
    ACTING_AT_ONCE,
    COPIERS,
    GRAD_CONTEXTS,
    KEY_PREFIXES,
    MODULE_METHODS,
    MOVING_METHODS,
)
from pylint_torchcheck.torch_api.objects import is_method, made_by
from pylint_torchcheck.trace import ranks
from pylint_torchcheck.trace.buffers import Buffers
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.carried import carried, live
from pylint_torchcheck.trace.classes import (
    enclosing_class,
    has_trait,
    is_rankless_sequence,
    kind_of_instance,
    speaks_of,
)
from pylint_torchcheck.trace.detached import Detached
from pylint_torchcheck.trace.devices import is_on_accelerator
from pylint_torchcheck.trace.epochs import Restart, restarts
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.files import Files, written_name
from pylint_torchcheck.trace.keys import Cut, KeyEdit, cuts, edits_of
from pylint_torchcheck.trace.layouts import Layouts
from pylint_torchcheck.trace.origins import Origins
from pylint_torchcheck.trace.places import Place, dotted
from pylint_torchcheck.trace.products import nullified
from pylint_torchcheck.trace.reader import Reader
from pylint_torchcheck.trace.recording import Recording, is_blended
from pylint_torchcheck.trace.references import reference, target_of
from pylint_torchcheck.trace.registration import hidden_modules, hidden_parameters
from pylint_torchcheck.trace.requirements import torch_range
from pylint_torchcheck.trace.retained import Retained
from pylint_torchcheck.trace.roots import read_everything
from pylint_torchcheck.trace.shapes import is_mean, is_scalar
from pylint_torchcheck.trace.sites import AttributeSite, Comparison, Expression
from pylint_torchcheck.trace.survey import Survey, statements
from pylint_torchcheck.trace.timing import Timings
from pylint_torchcheck.trace.typestate import Breach, Follower, all_breaches
from pylint_torchcheck.trace.values import NOTHING, Frame, Store, Value, Values
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

    @cached_property
    def torch_range(self) -> TorchRange:
        """The releases of torch that the project around the file declares."""
        return torch_range(self._tree.file)

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

    def call_of(self, event: object) -> CallSite | None:
        """Return the call by which an event happened; ``None`` if it is no call in this file."""
        return self._by_node.get(event.node) if isinstance(event, Event) else None

    def multiplied_by_zero(self, parts: Iterable[Subject], wholes: Iterable[Subject]) -> Iterator[Place]:
        """Return the products with 0 through which alone ``wholes`` were computed from ``parts``."""
        products = nullified(_values(parts), _values(wholes), self._store)
        yield from (Place(value.site) for value in products if value.site is not None)

    def live(self, tensors: Iterable[Subject]) -> Values:
        """Return the tensors that gradients flow back to for certain."""
        return live(_values(tensors), self._store)

    def unsynchronized_timings(self) -> Iterator[tuple[CallSite, CallSite]]:
        """Return looks at the clock, each with a call of a module on a GPU that nothing has waited for."""
        yield from Timings(self._by_node, self._traces).unsynchronized()

    def spent_graphs(self) -> Iterator[CallSite]:
        """Return the backward passes of loops after which nothing can go back through the same graph again."""
        kept = NOTHING.union(
            *(values for target, values in self._bindings.items() if isinstance(target, nodes.AssignAttr))
        )
        found = (event.node for trace in self._traces for event in Retained(trace, self._store, kept).spent())
        yield from (self._by_node[node] for node in dict.fromkeys(found) if node in self._by_node)

    def are_means(self, subjects: Iterable[Subject]) -> bool:
        """Is each of these tensors the mean of the losses in a batch, scaled for half precision at most?"""
        tensors = _values(subjects)
        return bool(tensors) and all(is_mean(value, self._store) for value in tensors)

    def name_of(self, subject: Subject) -> str:
        """Return the name that an object was first bound to; empty if it has none."""
        return next((dotted(target) for target, values in self.bindings if subject in values), "")

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

    def entered_classes(self) -> Iterator[Expression]:
        """Return the context managers of torch that ``with`` statements name and do not call."""
        yield from (one for one in self._entered if one.values and all(map(_is_context_class, one.values)))

    def contexts_of_classes(self) -> Iterator[Expression]:
        """Return the decorators of classes that switch the recording of gradients."""
        yield from (
            one for one in self._above_classes if one.values and all(v.path in GRAD_CONTEXTS for v in one.values)
        )

    def unentered_contexts(self) -> Iterator[CallSite]:
        """Return the statements that make a context manager of torch, and enter it nowhere."""
        for callsite in self._callsites:
            paths = callsite.paths
            is_context = paths and all(made_by(path) is Kind.CONTEXT for path in paths)
            if callsite.is_statement and is_context and paths.isdisjoint(ACTING_AT_ONCE):
                yield callsite

    @cached_property
    def _recording(self) -> Recording:
        freezes = any(self.assignments("requires_grad")) or any(self.method_calls("requires_grad_", "detach_"))
        return Recording(self._traces, self._by_node, self._store, freezes=freezes)

    def is_surely_recorded(self, place: object) -> bool:
        """Are gradients recorded at a call or an event, as far as its callers go? None of them is out of sight."""
        frames = {place.frame} if isinstance(place, Event) else place.frames if isinstance(place, CallSite) else ()
        return self._recording.is_certain(frames)

    def is_leaf(self, subject: Subject) -> bool:
        """Is it a parameter or a tensor that was made in sight to get a gradient?"""
        return isinstance(subject, Value) and self._recording.is_leaf(subject)

    def is_live(self, subject: Subject) -> bool:
        """Is it a tensor on the autograd graph for certain?"""
        return isinstance(subject, Value) and self._recording.is_live(subject)

    def is_trained_by(self, subject: Subject, event: object) -> bool:
        """Is it a parameter, or a tensor with a gradient, that a backward pass reaches for certain?"""
        if not isinstance(subject, Value) or not isinstance(event, Event):
            return False
        return self._recording.is_trained_by(subject, event)

    def is_blended(self, subject: Subject, sources: Iterable[Subject]) -> bool:
        """Are parameters other than this one among ``sources``, as for a moving average of them?"""
        return isinstance(subject, Value) and is_blended(subject, _values(sources))

    def is_changed_by_its_gradient(self, subject: Subject, sources: Iterable[Subject]) -> bool:
        """Is the ``.grad`` of a tensor among ``sources``, so that it must have one?"""
        return isinstance(subject, Value) and self._recording.is_changed_by_its_gradient(subject, _values(sources))

    def is_on_accelerator(self, subject: Subject) -> bool:
        """Is it a tensor that was moved to an accelerator, or was computed from one?"""
        return isinstance(subject, Value) and is_on_accelerator(subject, self._by_node, self._store)

    def is_impossible_view(self, call: object) -> bool:
        """Does a view join dimensions that do not follow one another in memory?"""
        return isinstance(call, CallSite) and Layouts(self._by_node, self._store).is_impossible(call)

    @cached_property
    def _detached(self) -> Detached:
        changes = (event for trace in self._traces for event in trace.events(ChangedInPlace))
        changed = {value for event in changes for value in event.subjects}
        return Detached(self._store, changed, self._told_to_require_gradient)

    def is_cut_off(self, subject: Subject) -> bool:
        """Is it a tensor that was made of numbers, or detached, or computed so that no graph leads to it?"""
        return isinstance(subject, Value) and self._detached.is_cut_off(subject)

    def is_copy(self, subject: Subject) -> bool:
        """Was an object made by copying another one, so that what happens to it does not happen to that?"""
        call = self._by_node.get(subject.site) if isinstance(subject, Value) else None
        return call is not None and bool(call.paths) and call.paths <= COPIERS

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

    def hidden_parameters(self, attribute: object) -> Values:
        """Return the parameters in a collection that an attribute of a module gets, and that it has no other way."""
        return hidden_parameters(attribute, self._store) if isinstance(attribute, AttributeSite) else NOTHING

    def is_scaled_parameter(self, subject: Subject) -> bool:
        """Is it computed from parameters that were made for it, and that nothing else keeps?"""
        if not isinstance(subject, Value) or not isinstance(subject.site, nodes.BinOp):
            return False
        parameters = {part for part in self._store.parts.get(subject, ()) if part.kind is Kind.PARAMETER}
        return bool(parameters) and all(part.owner is None and subject.site.parent_of(part.site) for part in parameters)

    def is_told_to_require_gradient(self, subject: Subject) -> bool:
        """Is ``requires_grad`` switched on for it after it was made?"""
        return subject in self._told_to_require_gradient

    @cached_property
    def _told_to_require_gradient(self) -> set[Value]:
        """The tensors of which ``requires_grad`` is set to true, or is so by ``requires_grad_()``."""
        found: set[Value] = set()
        for site in self.assignments("requires_grad"):
            if all(value.constant is True for value in site.values):
                found |= site.receivers
        for call in self.method_calls("requires_grad_"):
            if all(value.constant is True for value in call.argument("requires_grad")):
                found |= call.receivers
        return found

    def buffers_left_behind(self) -> Iterator[AttributeSite]:
        """Return where modules keep tensors as plain attributes that ``forward`` computes with, and nobody moves."""
        yield from Buffers(self.assignments(), self._told_to_require_gradient, self._by_node, self._store).left_behind()

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

    def call_at(self, place: object) -> CallSite | None:
        """Return the call that a place is; ``None`` if it is none."""
        return self._by_node.get(place.node) if isinstance(place, Place) else None

    def reads_first(self, read: object, write: object) -> bool:
        """Is a file read before another one is written, on a way on which it is never read after that?"""
        return isinstance(read, CallSite) and isinstance(write, CallSite) and self._saved.come_after(read, write)

    def is_of_constructor(self, event: object) -> bool:
        """Does an event happen each time that an object of its class is made?"""
        if not isinstance(event, Event) or event.loops:
            return False
        statement = event.node.statement()
        return isinstance(statement.parent, nodes.FunctionDef) and statement.parent.name == "__init__"

    def key_prefix(self, wrapping: object) -> str:
        """Return what the names in a wrapper's state dict begin with."""
        call = self._by_node.get(wrapping.node) if isinstance(wrapping, Event) else None
        return next((KEY_PREFIXES[path] for path in (call.paths if call else ()) if path in KEY_PREFIXES), "module.")

    def same_reference(self, one: object, other: object) -> bool:
        """Does an event happen to what the result of another one was assigned to, by that very name?"""
        if not isinstance(one, Event) or not isinstance(other, Event):
            return False
        receiver = one.node.func.expr if isinstance(one.node.func, nodes.Attribute) else None
        named = reference(receiver, one.frame)
        return bool(named[0]) and named == target_of(other.node, other.frame)

    def shown_at(self, event: object, *about: Subject) -> Place | None:
        """Return where an event shows in this file: itself, or the call that leads to it in another one.

        In another file it is shown for what it is about, if that is of this file.
        """
        if not isinstance(event, Event):
            return None
        if event.node.root() is not self._tree and not all(map(self.is_of_this_file, about)):
            return None
        call = event.node if event.node.root() is self._tree else event.leaving_call(self._tree)
        return Place(call) if call is not None else None

    def is_of_this_file(self, subject: Subject) -> bool:
        """Was an object made by code of this file, or is it known by a name here?"""
        if not isinstance(subject, Value):
            return False
        is_made = subject.site is not None and subject.site.root() is self._tree
        return is_made or any(subject in values for _, values in self.bindings)

    def giver(self, event: object, *about: Subject) -> Place | None:
        """Return the call in this file that brings in what is saved: that of a helper, where it but hands it on."""
        if not isinstance(event, Event):
            return None
        return event.giver if event.giver.node.root() is self._tree else self.shown_at(event, *about)

    def making(self, event: object) -> Place | None:
        """Return where the one mapping that is saved was made, if that is in this file."""
        sites = event.contents.sites if isinstance(event, Event) and event.contents is not None else ()
        return Place(sites[0]) if len(sites) == 1 and sites[0].root() is self._tree else None

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

    def written_name(self, call: object, parameter: str) -> str:
        """Return the name of a file that an argument is; empty if it does not stand in the source."""
        return written_name(call.argument_node(parameter)) if isinstance(call, CallSite) else ""

    def restarts(self) -> Iterator[Restart]:
        """Return where epochs are read back that were saved at the end of each of them."""
        for trace in self._traces:
            yield from restarts(trace, self._tree)

    def cuts(self) -> Iterator[Cut]:
        """Return where a constant text, or so many characters, are cut off a text."""
        return cuts(self._tree)

    def key_edits(self, word: str) -> Iterator[KeyEdit]:
        """Return where entries of a mapping are dropped or made up of which the key is known to hold ``word``."""
        return edits_of(word, self._tree)

    def calls_anywhere(self, *paths: str) -> bool:
        """Is one of these functions called, in the file or in those of the project that it leads to?"""
        return not self._called.isdisjoint(paths)

    def uses_library(self, name: str) -> bool:
        """Is anything of a library called?"""
        return any(path.partition(".")[0] == name for path in self._called)

    def variables_read(self) -> Iterator[tuple[Place, str]]:
        """Return the variables of the environment that are read, each with where that is done."""
        yield from self._variables_read

    def rests_on_rank(self, subjects: Iterable[Subject]) -> bool:
        """Is any of them a rank, or computed or built from one?"""
        return bool(ranks.carried(self.origins(subjects)))

    def path_of(self, subject: Subject) -> str:
        """Return the path of the library's function or class that an object came from; empty if it is not known."""
        callsite = self._by_node.get(subject.site) if isinstance(subject, Value) else None
        return next(iter(callsite.paths)) if callsite is not None and len(callsite.paths) == 1 else ""

    @staticmethod
    def items(subjects: Collection[Subject]) -> list[object]:
        """Return the items of a list or tuple that is written out, ``None`` for one that is no constant."""
        (site,) = {value.site for value in _values(subjects)} if len(subjects) == 1 else (None,)
        if not isinstance(site, nodes.List | nodes.Tuple):
            return []
        return [item.value if isinstance(item, nodes.Const) else None for item in site.elts]

    def is_rankless_sequence(self, subject: Subject) -> bool:
        """Is its class one of the project that is indexed, has a length, and never speaks of ranks?"""
        return isinstance(subject, Value) and is_rankless_sequence(subject.definition)

    def is_wrapped_by(self, subject: Subject, path: str) -> bool:
        """Does a call of a library's function or class in the file give the object back, wrapped?"""
        return any(subject in call.results for call in self.calls(path))

    def opens_autocast(self, subject: Subject) -> bool:
        """Does the module's own ``forward`` speak of autocast?"""
        return isinstance(subject, Value) and speaks_of(subject.definition, "forward", "autocast")

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


def _is_in_forward(frame: Frame) -> bool:
    ways = [one for one in frame.chain() if getattr(one.scope, "name", "") == "forward"]
    return any(receiver.kind is Kind.MODULE for way in ways for receiver in way.receiver)


def _is_context_class(value: Value) -> bool:
    return value.kind is Kind.LIBRARY and made_by(value.path) is Kind.CONTEXT


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
