"""Classes of the file: what they inherit, what they define, and what their instances are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind, Trait
from pylint_torchcheck.torch_api import frameworks
from pylint_torchcheck.torch_api.effects import RANKLESS_BASES, RANKLESS_DATA_SETS, Effect
from pylint_torchcheck.torch_api.frameworks import Course
from pylint_torchcheck.torch_api.objects import HOLDERS, made_by, trait_of
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.values import Store, Value

if TYPE_CHECKING:
    from pylint_torchcheck.trace.machine import Machine

_MODULE_BASES = frozenset({"torch.nn.Module", "torch.jit.ScriptModule"})
_MODE_NAMES = frozenset({"dropout", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout", "training"})
_BATCH_NORM_NAMES = frozenset({"batch_norm"})
_TELLING_NAMES = {
    Trait.BATCH_NORM: _BATCH_NORM_NAMES,
    Trait.MODE_DEPENDENT: _MODE_NAMES | _BATCH_NORM_NAMES,
    Trait.PARAMETERS: frozenset({"Parameter", "register_parameter"}),
}


def lineage(definition: nodes.ClassDef, store: Store) -> list[nodes.ClassDef | str | None]:
    """Return the class, then its bases in the order of search: a path for a library's class, ``None`` if unknown."""
    known = store.lineages.get(definition)
    if known is None:
        known = store.lineages[definition] = list(_ancestry(definition, store))
    return known


def _ancestry(definition: nodes.ClassDef, store: Store) -> Iterator[nodes.ClassDef | str | None]:
    seen: set[nodes.ClassDef] = set()
    waiting: list[nodes.ClassDef | str | None] = [definition]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, nodes.ClassDef):
            if current in seen:
                continue
            seen.add(current)
            waiting[:0] = [_base(value) for values in store.bases.get(current, ()) for value in values]
        yield current


def _base(value: Value) -> nodes.ClassDef | str | None:
    if value.kind is Kind.CLASS and isinstance(value.definition, nodes.ClassDef):
        return value.definition
    return value.path if value.kind is Kind.LIBRARY else None


def find_method(
    definition: nodes.ClassDef, name: str, machine: Machine, after: nodes.ClassDef | None = None
) -> nodes.FunctionDef | None:
    """Return the method that an instance runs for ``name``; with ``after``, what ``super()`` finds there."""
    passed = after is None
    for ancestor in lineage(definition, machine.store):
        if passed and isinstance(ancestor, nodes.ClassDef):
            for found in ancestor.locals.get(name, ()):
                if isinstance(found, nodes.FunctionDef):
                    return found
        passed = passed or ancestor is after
    return None


def framework_method(value: Value, name: str, store: Store) -> Effect | None:
    """Return what a method does that an object has from a framework's class."""
    if not isinstance(value.definition, nodes.ClassDef):
        return frameworks.METHODS.get(value.path, {}).get(name) if value.kind is Kind.FRAMEWORK else None
    for ancestor in lineage(value.definition, store):
        if isinstance(ancestor, str) and name in frameworks.METHODS.get(ancestor, ()):
            return frameworks.METHODS[ancestor][name]
    return None


def course_of(definition: nodes.ClassDef, store: Store) -> Course | None:
    """Return what a framework does with the methods of a class; ``None`` if none is known to do anything."""
    known = (ancestor for ancestor in lineage(definition, store) if isinstance(ancestor, str))
    return next((frameworks.COURSES[path] for path in known if path in frameworks.COURSES), None)


def enclosing_class(node: nodes.NodeNG) -> nodes.ClassDef | None:
    """Return the class around a node, whichever functions are between."""
    while node is not None and not isinstance(node, nodes.ClassDef):
        node = node.parent
    return node


def is_property(method: nodes.FunctionDef) -> bool:
    """Is the method read like an attribute?"""
    return _is_decorated(method, {"property", "cached_property", "functools.cached_property"})


def is_static(method: nodes.FunctionDef) -> bool:
    """Does the method take no ``self``?"""
    return _is_decorated(method, {"staticmethod"})


def is_class_method(method: nodes.FunctionDef) -> bool:
    """Does the method take its class in place of ``self``?"""
    return _is_decorated(method, {"classmethod"})


def is_abstract(function: nodes.NodeNG) -> bool:
    """Is it a method that does nothing but say that subclasses have to define it?"""
    body = function.body if isinstance(function, nodes.FunctionDef) else []
    match body:
        case [nodes.Raise(exc=nodes.Name(name=name) | nodes.Call(func=nodes.Name(name=name)))]:
            return name == "NotImplementedError" and isinstance(function.parent, nodes.ClassDef)
    return False


def is_context_manager(function: nodes.FunctionDef) -> bool:
    """Does ``contextlib`` make a context manager of the generator?"""
    names = ("contextmanager", "asynccontextmanager")
    return _is_decorated(function, {*names, *(f"contextlib.{name}" for name in names)})


def _is_decorated(method: nodes.FunctionDef, names: set[str]) -> bool:
    return method.decorators is not None and any(dotted(node) in names for node in method.decorators.nodes)


def has_unknown_base(definition: nodes.ClassDef, store: Store) -> bool:
    """May an instance have methods that are not in the file, other than torch's own?"""
    return any(
        ancestor is None
        or (isinstance(ancestor, str) and not ancestor.startswith(("torch.", "builtins.", "abc.", "typing.")))
        for ancestor in lineage(definition, store)
    )


def kind_of_instance(definition: nodes.ClassDef, store: Store) -> tuple[Kind, bool]:
    """Return what an instance is, and whether that is a guess."""
    for ancestor in lineage(definition, store):
        if isinstance(ancestor, str):
            kind = Kind.MODULE if ancestor in _MODULE_BASES else made_by(ancestor)
            if kind is Kind.MODULE and definition.name.lower().endswith("loss"):
                return Kind.LOSS_FUNCTION, False
            if kind is not None and kind is not Kind.TENSOR:
                return kind, False
    if has_unknown_base(definition, store) and "forward" in definition.locals:
        return Kind.MODULE, True
    return Kind.INSTANCE, False


def has_trait(value: Value, trait: Trait, store: Store) -> bool | None:
    """Is a module made so? It is if one of its parts is; it is not if every part is known and none is."""
    return _any_has([value], trait, store, set())


def _any_has(values: list[Value], trait: Trait, store: Store, seen: set[Value]) -> bool | None:
    answers = {_one_has(value, trait, store, seen) for value in values if value not in seen}
    if True in answers:
        return True
    return None if None in answers else False


def _one_has(value: Value, trait: Trait, store: Store, seen: set[Value]) -> bool | None:
    seen.add(value)
    value = store.models.get(value, value)
    parts = [part for part in store.parts.get(value, ()) if part.kind in _MADE_OF]
    if isinstance(value.definition, nodes.ClassDef):
        return _instance_has(value, value.definition, parts, trait, store, seen)
    if value.kind is Kind.COLLECTION or value.path in HOLDERS:
        return _any_has(parts, trait, store, seen)
    if value.kind is Kind.CLASS or value.guessed:
        return None
    if value.kind not in {Kind.MODULE, Kind.LOSS_FUNCTION}:
        return None
    answer = trait_of(value.path, trait)
    if trait is Trait.PARAMETERS:  # the constant tells of modes
        return answer
    return value.constant if value.constant is False or (answer is None and value.constant is True) else answer


_MADE_OF = frozenset({Kind.MODULE, Kind.LOSS_FUNCTION, Kind.UNKNOWN, Kind.COLLECTION, Kind.INSTANCE})


def _instance_has(
    value: Value, definition: nodes.ClassDef, parts: list[Value], trait: Trait, store: Store, seen: set[Value]
) -> bool | None:
    ancestors = list(lineage(definition, store))
    if any(isinstance(ancestor, nodes.ClassDef) and _body_has(ancestor, trait, store) for ancestor in ancestors):
        return True
    libraries = {ancestor for ancestor in ancestors if not isinstance(ancestor, nodes.ClassDef)}
    inherited = {trait_of(path, trait) if path else None for path in libraries - HOLDERS - {"builtins.object"}}
    answer = _any_has(parts, trait, store, seen)
    if answer or True in inherited:
        return True
    return None if None in inherited or answer is None or value.guessed else False


def _body_has(definition: nodes.ClassDef, trait: Trait, store: Store) -> bool:
    """Does the class call the functional form, ask ``self.training``, or make parameters?"""
    if definition not in store.attributes_of:
        asked = definition.nodes_of_class(nodes.Attribute)
        store.attributes_of[definition] = frozenset(node.attrname for node in asked)
    return not _TELLING_NAMES[trait].isdisjoint(store.attributes_of[definition])


def speaks_of(definition: object, method: str, word: str) -> bool:
    """Does a name in a method of a class, or in its decorators, end in a word?"""
    found = definition.locals.get(method, ()) if isinstance(definition, nodes.ClassDef) else ()
    return any(
        (name.name if isinstance(name, nodes.Name) else name.attrname).endswith(word)
        for function in found
        for name in function.nodes_of_class((nodes.Name, nodes.Attribute))
    )


_OF_RANKS = ("rank", "shard", "worker_info", "replica", "world_size")


def is_rankless_sequence(definition: object, store: Store) -> bool:
    """Has a class items and a length, its own or inherited, and no name in it or in its bases that speaks of ranks?"""
    if not isinstance(definition, nodes.ClassDef):
        return False
    ancestors = lineage(definition, store)
    classes = [one for one in ancestors if isinstance(one, nodes.ClassDef)]
    libraries = [one for one in ancestors if not isinstance(one, nodes.ClassDef)]
    if any(map(_speaks_of_ranks, classes)) or any(path and path.endswith("IterableDataset") for path in libraries):
        return False
    if definition.locals.keys() >= _SEQUENCE:
        return True
    inherited = [path is not None and path.startswith(RANKLESS_DATA_SETS) for path in libraries]
    is_known = all(plain or path in RANKLESS_BASES for plain, path in zip(inherited, libraries, strict=True))
    return is_known and (any(inherited) or {name for one in classes for name in one.locals} >= _SEQUENCE)


_SEQUENCE = frozenset({"__getitem__", "__len__"})


def _speaks_of_ranks(definition: nodes.ClassDef) -> bool:
    names = definition.nodes_of_class((nodes.Name, nodes.Attribute))
    asked = {(name.name if isinstance(name, nodes.Name) else name.attrname).lower() for name in names}
    return any(word in name for name in asked for word in _OF_RANKS)
