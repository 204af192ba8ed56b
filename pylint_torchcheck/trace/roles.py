"""Best guesses at objects whose creation is not in the file, from what is asked of their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from astroid import nodes
from astroid.const import Context

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.places import dotted

# Called on the name: proof enough on its own.
_PROOF = {
    "param_groups": Kind.OPTIMIZER,
    "add_param_group": Kind.OPTIMIZER,
    "unscale_": Kind.SCALER,
    "backward": Kind.TENSOR,
    "named_parameters": Kind.MODULE,
    "parameters": Kind.MODULE,
    "named_modules": Kind.MODULE,
}
# Several of these together are proof.
_TOGETHER = (
    ({"step", "zero_grad"}, Kind.OPTIMIZER),
    ({"scale", "step", "update"}, Kind.SCALER),
    ({"scale", "update"}, Kind.SCALER),
    ({"()", "eval"}, Kind.MODULE),
    ({"()", "train"}, Kind.MODULE),
    ({"()", "state_dict"}, Kind.MODULE),
    ({"()", "load_state_dict"}, Kind.MODULE),
    ({"()", "zero_grad"}, Kind.MODULE),
    ({"eval", "train"}, Kind.MODULE),
    ({"eval", "load_state_dict"}, Kind.MODULE),
    ({"forward", "eval"}, Kind.MODULE),
    ({"forward", "train"}, Kind.MODULE),
    ({"forward", "load_state_dict"}, Kind.MODULE),
)
# One of these, if the name says so too: a name alone is no proof.
_NAMED = (
    ("step", re.compile(r"optim|^opt$|^opt_|_opt$"), Kind.OPTIMIZER),
    ("step", re.compile(r"sched"), Kind.SCHEDULER),
    ("scale", re.compile(r"scaler"), Kind.SCALER),
    ("update", re.compile(r"scaler(?!\w*meter)"), Kind.SCALER),
    ("for", re.compile(r"loader|dataloader|^dl$|_dl$"), Kind.LOADER),
    ("()", re.compile(r"criterion|loss_fn|loss_func"), Kind.LOSS_FUNCTION),
)
_HANDED_OVER = {"step": Kind.OPTIMIZER, "unscale_": Kind.OPTIMIZER}
_SELF = ("self.", "cls.")
_NOTED = frozenset({nodes.Call, nodes.Attribute, nodes.For, nodes.AsyncFor})
_SCOPES = frozenset({nodes.FunctionDef, nodes.AsyncFunctionDef, nodes.ClassDef})
_LEAVES = frozenset({nodes.Name, nodes.Const, nodes.AssignName, nodes.Import, nodes.ImportFrom, nodes.Pass})


class Roles:
    """What each name of a file seems to be. A name used in two ways has no role."""

    def __init__(self, tree: nodes.Module) -> None:
        self._asked: dict[tuple[nodes.NodeNG, str], set[str]] = {}
        self._known: dict[tuple[nodes.NodeNG, str], Kind] = {}
        self._tree = tree
        self.called: set[str] = set()  # names of all that is called, methods among them
        self.enclosing: set[nodes.NodeNG] = set()  # functions and classes that have functions in them
        self.stored: dict[str, list[nodes.NodeNG]] = {}  # where attributes and elements of a name are assigned
        scopes = [tree]
        while scopes:
            scope = scopes.pop()
            waiting = list(scope.get_children())
            while waiting:
                node = waiting.pop()
                kind = type(node)
                if kind in _NOTED:
                    self._note(node, scope)
                elif kind is nodes.AssignAttr:
                    self.stored.setdefault(node.attrname, []).append(node)
                elif kind is nodes.Subscript and node.ctx is Context.Store and isinstance(node.slice, nodes.Const):
                    self.stored.setdefault(repr(node.slice.value), []).append(node)
                if kind in _SCOPES or kind is nodes.Lambda:
                    self.enclosing.add(scope)
                if kind in _SCOPES:
                    scopes.append(node)
                elif kind not in _LEAVES:
                    waiting += node.get_children()

    def of(self, scope: nodes.NodeNG, name: str) -> Kind:
        """Return the role of a dotted name seen from ``scope``; ``UNKNOWN`` if it has none, or several."""
        if not name:
            return Kind.UNKNOWN
        place = (_home(scope, name), name)
        if place not in self._known:
            asked = self._asked.get(place) or self._asked.get((self._tree, name)) or set()
            kinds = set(_kinds(asked, name.rpartition(".")[2].lower()))
            self._known[place] = kinds.pop() if len(kinds) == 1 else Kind.UNKNOWN
        return self._known[place]

    def is_called(self, scope: nodes.NodeNG, name: str) -> bool:
        """Is the object that a dotted name stands for called like a function?"""
        return "()" in self._asked.get((_home(scope, name), name), ())

    def _note(self, node: nodes.NodeNG, scope: nodes.NodeNG) -> None:
        match node:
            case nodes.Call(func=called):
                self._ask(called, "()", scope)
                self._note_method(node, scope)
            case nodes.Attribute(attrname="param_groups", expr=receiver):
                self._ask(receiver, "param_groups", scope)
            case nodes.Attribute(attrname=name, expr=receiver) if isinstance(node.parent, nodes.Expr):
                self._ask(receiver, name, scope)  # a call without its parentheses
            case nodes.For(iter=iterated):
                self._ask(_unwrapped(iterated), "for", scope)

    def _note_method(self, call: nodes.Call, scope: nodes.NodeNG) -> None:
        if not isinstance(call.func, nodes.Attribute):
            self.called.add(getattr(call.func, "name", ""))
            return
        method = call.func.attrname
        self.called.add(method)
        if method != "backward" or not call.args:  # `engine.backward(loss)` makes no tensor of the engine
            self._ask(call.func.expr, method, scope)
        if method in _HANDED_OVER and call.args:
            self._ask(call.args[0], f"handed to {method}", scope)

    def _ask(self, node: nodes.NodeNG, what: str, scope: nodes.NodeNG) -> None:
        name = dotted(node)
        if name:
            for place in (_home(scope, name), self._tree):
                self._asked.setdefault((place, name), set()).add(what)


def _kinds(asked: set[str], name: str) -> Iterator[Kind]:
    yield from (kind for what, kind in _PROOF.items() if what in asked)
    yield from (kind for together, kind in _TOGETHER if together <= asked)
    yield from (kind for what, spelt, kind in _NAMED if what in asked and spelt.search(name))
    if asked & {f"handed to {method}" for method in _HANDED_OVER} and "backward" not in asked:
        yield from (kind for method, kind in _HANDED_OVER.items() if f"handed to {method}" in asked and "optim" in name)


def _unwrapped(iterated: nodes.NodeNG) -> nodes.NodeNG:
    """See through ``enumerate(loader)`` and ``tqdm(enumerate(loader))``."""
    while isinstance(iterated, nodes.Call) and iterated.args:
        iterated = iterated.args[0]
    return iterated


def _home(scope: nodes.NodeNG, name: str) -> nodes.NodeNG:
    """Return the scope in which a name means one thing: the class for ``self.x``, else the function."""
    if name.startswith(_SELF):
        while scope.parent is not None and not isinstance(scope, nodes.ClassDef):
            scope = scope.parent
    return scope
