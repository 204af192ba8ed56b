"""Which statements of a module only bind a name, so that they can wait until the name is used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from astroid import nodes

from pylint_torchcheck.trace.project import local_file
from pylint_torchcheck.trace.survey import undivided

_Bindings: TypeAlias = Mapping[str, Sequence[nodes.NodeNG]]


def waiting_in(tree: nodes.Module) -> dict[str, nodes.NodeNG]:
    """Return the names of a module that one statement binds for good, without doing anything else, each with that."""
    bindings = _bindings_in(tree)
    found: dict[str, nodes.NodeNG] = {}
    for node in tree.body:
        names = list(_bound_by(node, bindings))
        if names and all(len(bindings[name]) == 1 for name in names):
            found.update(dict.fromkeys(names, node))
    return found


def _bindings_in(tree: nodes.Module) -> _Bindings:
    """Return what binds each name of a module; astroid does not count ``from`` imports before it looks them up."""
    found: dict[str, list[nodes.NodeNG]] = defaultdict(list)
    for name, bindings in tree.locals.items():
        found[name] += [node for node in bindings if not isinstance(node, nodes.Import | nodes.ImportFrom)]
    for node in undivided(tree.body):
        for name in _imported_by(node):
            found[name].append(node)
    return found


def _imported_by(node: nodes.NodeNG) -> Iterator[str]:
    match node:
        case nodes.Import(names=names):
            yield from (alias or name.partition(".")[0] for name, alias in names)
        case nodes.ImportFrom(names=names):
            yield from (alias or name for name, alias in names)


def _bound_by(node: nodes.NodeNG, bindings: _Bindings) -> Iterator[str]:
    match node:
        case nodes.FunctionDef(name=name) | nodes.ClassDef(name=name):
            yield name
        case nodes.Import() | nodes.ImportFrom() if node.names[0][0] != "*":
            yield from _imported_by(node)
        case (
            nodes.Assign(targets=[nodes.AssignName(name=name)], value=value)
            | nodes.AnnAssign(target=nodes.AssignName(name=name), value=nodes.NodeNG() as value)
        ) if not any(_is_variable(used, bindings) for used in value.nodes_of_class(nodes.Name)):
            yield name


def _is_variable(used: nodes.Name, bindings: _Bindings) -> bool:
    """May this be an object that something happens to? Not if it is called, or spelt like a constant or a class."""
    is_called = isinstance(used.parent, nodes.Call) and used.parent.func is used
    if is_called or not used.name.islower():
        return False
    return any(_binds_object(binding) for binding in bindings.get(used.name, ()))


def _binds_object(binding: nodes.NodeNG) -> bool:
    match binding:
        case nodes.ImportFrom(modname=module, level=level):
            return local_file(Path(binding.root().file), module, level or 0) is not None
        case nodes.Import() | nodes.FunctionDef() | nodes.ClassDef():
            return False
    return True
