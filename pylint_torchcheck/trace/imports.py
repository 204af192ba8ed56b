"""Imports: names of libraries, and modules of the project, which are read as the program runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.torch_api.objects import canonical
from pylint_torchcheck.trace.calls import Calls
from pylint_torchcheck.trace.declarations import waiting_in
from pylint_torchcheck.trace.project import found_in, local_file, tree_of
from pylint_torchcheck.trace.state import State
from pylint_torchcheck.trace.values import NOTHING, Frame, Store, Value, Values

_MOST_MODULES = 24  # of the project, read for one file
_DEEPEST_IMPORT = 4  # modules that import modules


@dataclass(frozen=True, slots=True)
class _Promise:
    """An import of a file of the project, which is read when the name is used.

    Args:
        importers: the files under way, the one with the import last.
        level: the number of leading dots.
        module: the dotted name of the module.
        member: the name taken from it; empty for the module itself.
        node: the import.
    """

    importers: tuple[Path, ...]
    level: int
    module: str
    member: str
    node: nodes.NodeNG


class Imports(Calls):
    """Binds the names that imports bring in."""

    def __init__(self, tree: nodes.Module, store: Store) -> None:
        super().__init__(tree, store)
        self._modules: dict[Path, Value] = {}
        self._names: dict[Value, list[str]] = {}
        self._waiting: dict[Frame, dict[str, nodes.NodeNG]] = {}  # what binds the names of modules, not read so far
        self._frames: dict[Value, Frame] = {}  # of the modules that were read
        self._importers: dict[Frame, tuple[Path, ...]] = {}  # the files that lead to each, itself the last one
        self._importing: list[Path] = [Path(tree.file)] if tree.file and tree.file != "<?>" else []
        self._promises: dict[Value, _Promise] = {}
        self._kept: dict[Value, Values] = {}  # promises

    def lookup(self, name: str) -> Values:
        """Return what a name may stand for here, with the file that it comes from read."""
        values = super().lookup(name)
        return self._keep(values) if any(value in self._promises for value in values) else values

    def not_found(self, frame: Frame, name: str) -> Values | None:
        """Read what binds a name of an imported module, if that has waited for it."""
        waiting = self._waiting.get(frame)
        statement = waiting.pop(name, None) if waiting else None
        if statement is None:
            return None
        outer, self._importing = self._importing, list(self._importers[frame])
        try:
            left = self._aside(frame, lambda: self._bind_name(statement, name))
        finally:
            self._importing = outer
        self.settled.settle(left.everything() if left is not None else {})
        return self.here().get((frame, name))

    def held(self, value: Value, name: str) -> Values | None:
        """Return what an attribute holds; that of a module is one of its names, unless it has been set from outside."""
        values = super().held(value, name)
        frame = self._frames.get(value) if values is None else None
        if frame is None:
            return values
        values = self.here().get((frame, name))
        return self.not_found(frame, name) if values is None else values

    def _bind_name(self, statement: nodes.NodeNG, name: str) -> None:
        match statement:
            case nodes.Import(names=names) | nodes.ImportFrom(names=names):
                bound = [(one, alias) for one, alias in names if name == (alias or one.partition(".")[0])]
                self._bind_imports(statement, bound)
            case _:
                self.read_body([statement])

    def _attribute_of(self, value: Value, name: str, node: nodes.NodeNG) -> Values:
        values = super()._attribute_of(value, name, node)
        return self._keep(values) if any(value in self._promises for value in values) else values

    def _keep(self, values: Values) -> Values:
        """Read the files that names of imports stand for."""
        return NOTHING.union(*(self._kept_of(value) if value in self._promises else {value} for value in values))

    def _kept_of(self, value: Value) -> Values:
        if value not in self._kept:
            self._kept[value] = frozenset({value})  # what an import in a circle finds
            promise = self._promises[value]
            outer, self._importing = self._importing, list(promise.importers)
            try:
                module = frozenset({self._module(promise.module, promise.level)})
                self._kept[value] = self._member_of(module, promise) if promise.member else module
            finally:
                self._importing = outer
        return self._kept[value]

    def _read_import(self, node: nodes.Import) -> None:
        self._bind_imports(node, node.names)

    def _read_importfrom(self, node: nodes.ImportFrom) -> None:
        self._bind_imports(node, node.names)

    def _bind_imports(self, node: nodes.NodeNG, names: list[tuple[str, str | None]]) -> None:
        for name, alias in names:
            if isinstance(node, nodes.Import):
                path = name if alias else name.partition(".")[0]
                self.bind(alias or path, self._imported(node, 0, path, ""))
            elif name == "*":
                self._bind_everything(node)
            else:
                self.bind(alias or name, self._imported(node, node.level or 0, node.modname, name))

    def _imported(self, node: nodes.NodeNG, level: int, module: str, member: str) -> Values:
        """Return what an import brings: a name of a library, or the promise of one of the project."""
        is_local = self._file_of(module, level) or (member and self._file_of(_submodule(module, member), level))
        path = "." * level + (_submodule(module, member) if member else module)
        if not is_local:
            return frozenset({self.store.make(Kind.LIBRARY, path=canonical(path))})
        value = self.store.make(Kind.LIBRARY, node, self.frame, path=path)
        self._promises[value] = _Promise(tuple(self._importing), level, module, member, node)
        return frozenset({value})

    def _member_of(self, module: Values, promise: _Promise) -> Values:
        """Return a name of a module, or its submodule of that name."""
        found = self.attribute(module, promise.member, promise.node)
        if all(value.kind is Kind.LIBRARY and value.frame is None for value in found):
            submodule = self._module(_submodule(promise.module, promise.member), promise.level)
            return frozenset({submodule}) if submodule.frame else found
        return found

    def _bind_everything(self, node: nodes.ImportFrom) -> None:
        module = self._module(node.modname, node.level or 0)
        for name in self._names.get(module, ()):
            if not name.startswith("_"):
                held = self.here().get((self._frames[module], name))
                self.bind(name, self._imported(node, node.level or 0, node.modname, name) if held is None else held)

    def _file_of(self, name: str, level: int) -> Path | None:
        if not self._importing or len(self._importing) > _DEEPEST_IMPORT:
            return None
        path = local_file(self._importing[-1], name, level)
        return None if path in self._importing else path

    def _module(self, name: str, level: int) -> Value:
        """Return what an import names: a module of the project, read; else the name of a library's."""
        library = self.store.make(Kind.LIBRARY, path="." * level + name)
        path = self._file_of(name, level)
        return library if path is None else self._modules.get(path) or self._load(path, library)

    def _load(self, path: Path, library: Value) -> Value:
        tree = tree_of(path) if len(self._modules) < _MOST_MODULES else None
        if tree is None:
            return library
        frame = self.store.frame(tree, None, None, None, NOTHING)
        module = self._modules[path] = self.store.make(Kind.LIBRARY, tree, frame, path=library.path)
        self._importing.append(path)
        try:
            self._read_module(tree, frame, module)
        finally:
            self._importing.pop()
        return module

    def _settle(self, module: Value, frame: Frame, state: State) -> None:
        """Keep what a module's body left behind."""
        held = state.everything()
        bound = (name for owner, name in held if owner is frame and isinstance(name, str))
        self._names[module] = [*bound, *self._waiting[frame]]
        self.settled.settle(held)

    def _read_module(self, tree: nodes.Module, frame: Frame, module: Value) -> None:
        """Read a module's body as its import runs it; what only binds a name waits until the name is used."""
        waiting = found_in(tree, waiting_in)
        self._waiting[frame], self._frames[module] = dict(waiting), frame
        self._importers[frame] = tuple(self._importing)
        apart = set(waiting.values())
        left = self._aside(frame, lambda: self.read_body([node for node in tree.body if node not in apart]))
        if left is not None:
            self._settle(module, frame, left)

    def _aside(self, frame: Frame, reading: Callable[[], object]) -> State | None:
        """Read what belongs to a module's body, outside of every name, loop and block of the importer."""
        importer = self.here()
        before = self.frame, self.inside, self.loops
        self.frame, self.inside, self.loops = frame, (), ()
        self.state = State(importer.ends, self.settled)
        try:
            reading()
        finally:
            self.frame, self.inside, self.loops = before
            left, self.state = self.state, importer
        if left is not None:
            importer.ends = left.ends
        return left


def _submodule(module: str, name: str) -> str:
    return f"{module}.{name}" if module else name
