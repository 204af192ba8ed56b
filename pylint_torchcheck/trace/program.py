"""One source file, read: what a pitfall may ask. See ``pylint_torchcheck.pitfalls.questions.Program``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import Pitfall, Protocol
from pylint_torchcheck.pitfalls.questions import Subject
from pylint_torchcheck.pitfalls.vocabulary import Trait
from pylint_torchcheck.torch_api.effects import MOVING_METHODS
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.classes import has_trait
from pylint_torchcheck.trace.events import Trace
from pylint_torchcheck.trace.reader import Reader
from pylint_torchcheck.trace.roots import read_everything
from pylint_torchcheck.trace.survey import Survey, statements
from pylint_torchcheck.trace.typestate import Breach, Follower, all_breaches
from pylint_torchcheck.trace.values import Store, Value


class Program:
    """The values, calls and events of one file."""

    def __init__(self, tree: nodes.Module, pitfalls: Sequence[type[Pitfall]] = ()) -> None:
        """Read a file: what one of the pitfalls may be found in, or everything if none is named."""
        self._store = Store()
        reader = Reader(tree, self._store)
        survey = Survey(tree, pitfalls)
        self._traces = list(read_everything(reader, survey.may_matter))
        # What is called in the project's other files is reported when those are read.
        self._callsites = [callsite for node, callsite in reader.callsites.items() if node.root() is tree]
        self._tree = tree
        self._bindings = reader.bindings
        self._followers = [Follower(trace, self._store, tree) for trace in self._traces]

    @cached_property
    def _by_path(self) -> dict[str, list[CallSite]]:
        found: dict[str, list[CallSite]] = {}
        for callsite in self._callsites:
            if len(callsite.paths) == 1:
                found.setdefault(next(iter(callsite.paths)), []).append(callsite)
        return found

    @property
    def bindings(self) -> Iterator[tuple[nodes.NodeNG, set[Value]]]:
        """Each target of an assignment in the file, with all that it gets."""
        return ((target, values) for target, values in self._bindings.items() if target.root() is self._tree)

    @property
    def traces(self) -> Sequence[Trace]:
        """One for the module's body and one for each function that nothing in the file calls."""
        return self._traces

    def calls(self, path: str) -> Iterator[CallSite]:
        """Return the calls of a library function, by its public dotted path."""
        yield from self._by_path.get(path, ())

    def method_calls(self, *names: str) -> Iterator[CallSite]:
        """Return the calls of methods with one of these names, on whatever they are called; all, if none is named."""
        wanted = frozenset(names)
        for callsite in self._callsites:
            if (not wanted or callsite.method in wanted) and callsite.receivers:
                yield callsite

    def pure_tensor_calls(self) -> Iterator[CallSite]:
        """Return the calls of methods that give a tensor elsewhere, otherwise, or changed, and leave it as it was."""
        return self.method_calls(*MOVING_METHODS)

    def origins(self, subjects: Iterable[Subject]) -> set[Value]:
        """Return the subjects and all that they were computed or built from."""
        return self._store.origins(subject for subject in subjects if isinstance(subject, Value))

    def uses(self, subject: Subject) -> set[str]:
        """Return what is done with an object: the keys, attributes and methods that are asked of it."""
        return self._store.uses.get(subject, set()) if isinstance(subject, Value) else set()

    def belongs(self, part: Subject, whole: Subject) -> bool:
        """Is ``part`` the module ``whole`` itself, or one of the modules in it?"""
        assert isinstance(part, Value)
        assert isinstance(whole, Value)
        return part.within(whole) or part in self._store.origins([whole])

    def has(self, subject: Subject, trait: Trait) -> bool | None:
        """Is the module made so? ``None``: not known."""
        return has_trait(subject, trait, self._store) if isinstance(subject, Value) else None

    def breaches(self, protocol: Protocol) -> Iterator[Breach]:
        """Return where a protocol is broken on every way that leads there."""
        return all_breaches(self._followers, protocol)


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
