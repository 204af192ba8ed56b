"""What a program does to the names in a state dict: prefixes that it cuts off, entries that it drops or makes up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from astroid import nodes

from pylint_torchcheck.torch_api.effects import KEY_PREFIXES
from pylint_torchcheck.trace.places import Place, dotted, source_of
from pylint_torchcheck.trace.project import bytes_of

# What the source must hold before its tree is looked through; as bytes, since its encoding does not matter here.
_CUTTING = re.compile(
    rb"""replace\(\s*(?P<quote>["'])[\w.]+\.(?P=quote)\s*,|\[\s*(?:7|10)\s*:\s*\]|\[\s*len\(\s*["']"""
)
_WRAPPERS = frozenset(path.rpartition(".")[2] for path in KEY_PREFIXES)
_EDITING = (nodes.Delete, nodes.Call, nodes.Assign, nodes.DictComp)
_LOOPS = (nodes.For, nodes.Comprehension)
_ITERATING = frozenset({"items", "keys"})
_HANDING_ON = frozenset({"list", "tuple", "sorted", "tqdm", "enumerate"})


@dataclass(frozen=True, slots=True)
class Cut(Place):
    """One place where text is cut off a name; see ``pylint_torchcheck.pitfalls.questions.Cut``."""

    node: nodes.Call | nodes.Subscript
    removed: str = ""
    length: int = 0
    is_counted: bool = False

    @property
    def name_text(self) -> str:
        """The source of the name."""
        return source_of(_name_in(self.node))

    @property
    def mapping_text(self) -> str:
        """The source of the mapping whose keys the name runs over; empty if it is none that shows."""
        return source_of(_mapping_of(_name_in(self.node)))

    @property
    def asks_how_it_begins(self) -> bool:
        """Does the function, or at module level the loop, ask anywhere how a text begins?"""
        region = _region_of(self.node)
        asked = (node.attrname in {"startswith", "removeprefix"} for node in region.nodes_of_class(nodes.Attribute))
        return any(asked) or any(_compares_beginning(node) for node in region.nodes_of_class(nodes.Compare))

    @property
    def has_wrapped_part(self) -> bool:
        """Does the file wrap a part of a model by itself, so that a wrapper's prefix stands inside of the names?"""
        return any(_wraps_a_part(node) for node in self.node.root().nodes_of_class(nodes.Assign))


@dataclass(frozen=True, slots=True)
class KeyEdit(Place):
    """One entry that is dropped or added; see ``pylint_torchcheck.pitfalls.questions.KeyEdit``."""

    node: nodes.NodeNG
    mapping: str = ""

    @property
    def mapping_text(self) -> str:
        """The source of the mapping that it is dropped from or added to."""
        return self.mapping


def cuts(tree: nodes.Module) -> Iterator[Cut]:
    """Return where a constant text, or so many characters, are cut off a text."""
    for node in _nodes(tree, _CUTTING, (nodes.Call, nodes.Subscript)):
        match node:
            case nodes.Call(
                func=nodes.Attribute(attrname="replace"),
                args=[nodes.Const(value=str() as removed), nodes.Const(value=""), *count],
            ):
                yield Cut(node, removed, is_counted=bool(count or node.keywords))
            case nodes.Subscript(slice=nodes.Slice(lower=nodes.Const(value=int() as length), upper=None, step=None)):
                yield Cut(node, length=length)
            case nodes.Subscript(
                slice=nodes.Slice(
                    lower=nodes.Call(func=nodes.Name(name="len"), args=[nodes.Const(value=str() as prefix)]),
                    upper=None,
                    step=None,
                )
            ):
                yield Cut(node, prefix, len(prefix))


def edits_of(word: str, tree: nodes.Module) -> Iterator[KeyEdit]:
    """Return where entries of a mapping are dropped or made up of which the key is known to hold ``word``."""
    for node in _nodes(tree, re.compile(re.escape(word.encode())), _EDITING):
        match node:
            case nodes.Delete(targets=[nodes.Subscript(value=mapping, slice=key)]) if _speaks_of(word, key):
                yield KeyEdit(node, source_of(mapping))
            case nodes.Call(func=nodes.Attribute(attrname="pop", expr=mapping), args=[key, *_]) if _speaks_of(
                word, key
            ):
                yield KeyEdit(node, source_of(mapping))
            case nodes.Assign(targets=[nodes.Subscript(value=mapping, slice=key)], value=value) if _is_made_up(
                value
            ) and _speaks_of(word, key):
                yield KeyEdit(node, source_of(mapping))
            case nodes.DictComp() if _leaves_out(word, node) and _is_loaded(node):
                yield KeyEdit(node, source_of(_iterated(node.generators[0].iter)))


def _nodes(
    tree: nodes.Module, pattern: re.Pattern[bytes], kinds: tuple[type[nodes.NodeNG], ...]
) -> Iterator[nodes.NodeNG]:
    """Return the nodes of some kinds in a file whose source has the pattern; to look through every file is slow."""
    if pattern.search(bytes_of(tree)):
        yield from tree.nodes_of_class(kinds)


def _is_made_up(value: nodes.NodeNG) -> bool:
    """Is it made of numbers that are written out, and of nothing that was there before?"""
    names = [name for name in value.nodes_of_class(nodes.Name) if name.name not in {"torch", "np", "numpy"}]
    return isinstance(value, nodes.Call) and not names


def _is_loaded(node: nodes.NodeNG) -> bool:
    """Does the code around load a state dict into a module?"""
    asked = _region_of(node, whole_module=True).nodes_of_class(nodes.Attribute)
    return any(one.attrname == "load_state_dict" for one in asked)


def _name_in(node: nodes.Call | nodes.Subscript) -> nodes.NodeNG:
    return node.func.expr if isinstance(node, nodes.Call) else node.value


def _mapping_of(name: nodes.NodeNG | None) -> nodes.NodeNG | None:
    """Return the mapping over whose keys a loop around the name lets it run."""
    if not isinstance(name, nodes.Name | nodes.AssignName):
        return None
    for loop in _loops_around(name):
        first = _first_name(loop.target)
        if first is not None and first.name == name.name:
            return _iterated(loop.iter)
    return None


def _loops_around(node: nodes.NodeNG) -> Iterator[nodes.For | nodes.Comprehension]:
    while node is not None and not isinstance(node, nodes.FunctionDef | nodes.ClassDef):
        if isinstance(node, _LOOPS):
            yield node
        yield from getattr(node, "generators", ())
        node = node.parent


def _first_name(target: nodes.NodeNG) -> nodes.AssignName | None:
    """Return the name that gets the keys: the only one, or the first of a pair."""
    if isinstance(target, nodes.Tuple) and len(target.elts) == 2:
        target = target.elts[0] if not isinstance(target.elts[1], nodes.Tuple) else target.elts[1].elts[0]
    return target if isinstance(target, nodes.AssignName) else None


def _iterated(node: nodes.NodeNG) -> nodes.NodeNG:
    while isinstance(node, nodes.Call):
        if isinstance(node.func, nodes.Attribute) and node.func.attrname in _ITERATING:
            return node.func.expr
        if not (isinstance(node.func, nodes.Name) and node.func.name in _HANDING_ON and node.args):
            break
        node = node.args[0]
    return node


def _region_of(node: nodes.NodeNG, *, whole_module: bool = False) -> nodes.NodeNG:
    """Return the function around a node; at module level, the outermost loop or statement, or all of it."""
    scope = node.scope()
    while isinstance(scope, nodes.ComprehensionScope | nodes.Lambda) and not isinstance(scope, nodes.FunctionDef):
        scope = scope.parent.scope()
    if whole_module or isinstance(scope, nodes.FunctionDef):
        return scope
    while node.parent is not scope and node.parent is not None:
        node = node.parent
    return node


def _wraps_a_part(node: nodes.Assign) -> bool:
    """Is this ``model.encoder = DataParallel(...)``?"""
    called = dotted(node.value.func) if isinstance(node.value, nodes.Call) else ""
    return called.rpartition(".")[2] in _WRAPPERS and any(
        "." in dotted(one).removeprefix("self.") for one in node.targets
    )


def _compares_beginning(node: nodes.Compare) -> bool:
    """Is this ``name[:7] == "module."``?"""
    sides = [node.left, *(side for _, side in node.ops)]
    return any(
        isinstance(side, nodes.Subscript) and isinstance(side.slice, nodes.Slice) and side.slice.lower is None
        for side in sides
    )


def _speaks_of(word: str, key: nodes.NodeNG) -> bool:
    """Is the key known to hold the word: by its own text, or by a condition around it?"""
    if _names(word, key):
        return True
    node = key
    while node is not None and not isinstance(node, nodes.FunctionDef | nodes.Module):
        child, node = node, node.parent
        if isinstance(node, nodes.If) and child in node.body and _asks_for(word, key, node.test):
            return True
    return False


def _asks_for(word: str, key: nodes.NodeNG, test: nodes.NodeNG) -> bool:
    """Does ``test`` hold only for keys with the word?"""
    match test:
        case nodes.Compare(left=nodes.Const(value=str() as text), ops=[("in", other)]):
            return word in text and other.as_string() == key.as_string()
        case nodes.Call(func=nodes.Attribute(attrname="endswith", expr=other), args=[nodes.Const(value=str() as text)]):
            return word in text and other.as_string() == key.as_string()
        case nodes.BoolOp(op="and", values=parts):
            return any(_asks_for(word, key, part) for part in parts)
    return False


def _names(word: str, key: nodes.NodeNG) -> bool:
    """Does the text of a key, or of the variable that it is, hold the word?"""
    if any(isinstance(text.value, str) and word in text.value for text in key.nodes_of_class(nodes.Const)):
        return True
    if not isinstance(key, nodes.Name):
        return False
    bound = [one.parent for one in key.scope().locals.get(key.name, ()) if isinstance(one.parent, nodes.Assign)]
    return bool(bound) and all(_holds_text(word, one.value) for one in bound)


def _holds_text(word: str, value: nodes.NodeNG) -> bool:
    return any(isinstance(text.value, str) and word in text.value for text in value.nodes_of_class(nodes.Const))


def _leaves_out(word: str, node: nodes.DictComp) -> bool:
    """Does a comprehension hand on the entries of a mapping, but for those with the word in their keys?"""
    if len(node.generators) != 1:
        return False
    return any(_refuses(word, condition) for condition in node.generators[0].ifs)


def _refuses(word: str, condition: nodes.NodeNG) -> bool:
    match condition:
        case nodes.Compare(left=nodes.Const(value=str() as text), ops=[("not in", _)]):
            return word in text
        case nodes.UnaryOp(op="not", operand=nodes.Call(func=nodes.Attribute(attrname="endswith"), args=[text])):
            return isinstance(text, nodes.Const) and isinstance(text.value, str) and word in text.value
    return False
