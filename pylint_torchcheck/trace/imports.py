"""Imports: names of libraries, and modules of the project, which are read as the program runs them."""

from __future__ import annotations

from pathlib import Path

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.calls import Calls
from pylint_torchcheck.trace.project import local_file, tree_of
from pylint_torchcheck.trace.roles import Roles
from pylint_torchcheck.trace.state import State
from pylint_torchcheck.trace.values import NOTHING, Frame, Store, Value, Values

_MOST_MODULES = 24  # of the project, read for one file
_DEEPEST_IMPORT = 4  # modules that import modules


class Imports(Calls):
    """Binds the names that imports bring in."""

    def __init__(self, tree: nodes.Module, store: Store, roles: Roles) -> None:
        super().__init__(tree, store, roles)
        self._modules: dict[Path, Value] = {}
        self._names: dict[Value, list[str]] = {}
        self._importing: list[Path] = [Path(tree.file)] if tree.file and tree.file != "<?>" else []

    def _read_import(self, node: nodes.Import) -> None:
        for name, alias in node.names:
            path = name if alias else name.partition(".")[0]
            self.bind(alias or path, frozenset({self._module(path, 0)}))

    def _read_importfrom(self, node: nodes.ImportFrom) -> None:
        module = frozenset({self._module(node.modname, node.level or 0)})
        for name, alias in node.names:
            if name == "*":
                self._bind_everything(module)
            else:
                self.bind(alias or name, self._member_of(module, name, node))

    def _member_of(self, module: Values, name: str, node: nodes.ImportFrom) -> Values:
        """Return a name of a module, or its submodule of that name."""
        found = self.attribute(module, name, node)
        if all(value.kind is Kind.LIBRARY and value.frame is None for value in found):
            submodule = self._module(f"{node.modname}.{name}" if node.modname else name, node.level or 0)
            return frozenset({submodule}) if submodule.frame else found
        return found

    def _bind_everything(self, module: Values) -> None:
        for name in [name for value in module for name in self._names.get(value, ()) if not name.startswith("_")]:
            self.bind(name, self.here().get((next(iter(module)), name)) or NOTHING)

    def _module(self, name: str, level: int) -> Value:
        """Return what an import names: a module of the project, read; else the name of a library's."""
        library = self.store.make(Kind.LIBRARY, path="." * level + name)
        if not self._importing or len(self._importing) > _DEEPEST_IMPORT:
            return library
        path = local_file(self._importing[-1], name, level)
        if path is None or path in self._importing:
            return library
        return self._modules.get(path) or self._load(path, library)

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
        """Keep what a module's body left behind, and make its names the module's attributes."""
        held = state.everything()
        names = {name: values for (owner, name), values in held.items() if owner is frame}
        self._names[module] = [name for name in names if isinstance(name, str)]
        self.settled.update(held)
        for name, values in names.items():
            self.settled[(module, name)] = values

    def _read_module(self, tree: nodes.Module, frame: Frame, module: Value) -> None:
        """Read a module's body as its import runs it: outside of every name, loop and block of the importer."""
        importer = self.here()
        before = self.frame, self.inside, self.loops
        self.frame, self.inside, self.loops = frame, (), ()
        self.state = State(importer.ends, self.settled)
        try:
            self.read_body(tree.body)
        finally:
            self.frame, self.inside, self.loops = before
            left, self.state = self.state, importer
        if left is not None:
            importer.ends = left.ends
            self._settle(module, frame, left)
