"""Best guesses at objects whose creation is not in the file, from what is asked of their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from astroid import nodes

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
    ({"()", "eval"}, Kind.MODULE),
    ({"()", "train"}, Kind.MODULE),
    ({"()", "state_dict"}, Kind.MODULE),
    ({"()", "load_state_dict"}, Kind.MODULE),
    ({"()", "zero_grad"}, Kind.MODULE),
    ({"eval", "train"}, Kind.MODULE),
    ({"eval", "load_state_dict"}, Kind.MODULE),
)
# One of these, if the name says so too: a name alone is no proof.
_NAMED = (
    ("step", re.compile(r"optim|^opt$|^opt_|_opt$"), Kind.OPTIMIZER),
    ("step", re.compile(r"sched"), Kind.SCHEDULER),
    ("for", re.compile(r"loader|dataloader|^dl$|_dl$"), Kind.LOADER),
    ("()", re.compile(r"criterion|loss_fn|loss_func"), Kind.LOSS_FUNCTION),
)
_HANDED_OVER = {"step": Kind.OPTIMIZER, "unscale_": Kind.OPTIMIZER}
_SELF = ("self.", "cls.")


class Roles:
    """What each name of a file seems to be. A name used in two ways has no role."""

    def __init__(self, tree: nodes.Module) -> None:
        self._asked: dict[tuple[nodes.NodeNG, str], set[str]] = {}
        self._tree = tree
        for node, scopes in _walk(tree, (tree,)):
            self._note(node, scopes)

    def of(self, scope: nodes.NodeNG, name: str) -> Kind:
        """Return the role of a dotted name seen from ``scope``; ``UNKNOWN`` if it has none, or several."""
        if not name:
            return Kind.UNKNOWN
        asked = self._asked.get((_home(scope, name), name)) or self._asked.get((self._tree, name)) or set()
        kinds = set(_kinds(asked, name.rpartition(".")[2].lower()))
        return kinds.pop() if len(kinds) == 1 else Kind.UNKNOWN

    def is_called(self, scope: nodes.NodeNG, name: str) -> bool:
        """Is the object that a dotted name stands for called like a function?"""
        return "()" in self._asked.get((_home(scope, name), name), ())

    def _note(self, node: nodes.NodeNG, scopes: tuple[nodes.NodeNG, ...]) -> None:
        match node:
            case nodes.Call(func=called):
                self._ask(called, "()", scopes)
                self._note_method(node, scopes)
            case nodes.Attribute(attrname="param_groups", expr=receiver):
                self._ask(receiver, "param_groups", scopes)
            case nodes.For(iter=iterated):
                self._ask(_unwrapped(iterated), "for", scopes)

    def _note_method(self, call: nodes.Call, scopes: tuple[nodes.NodeNG, ...]) -> None:
        if not isinstance(call.func, nodes.Attribute):
            return
        method = call.func.attrname
        if method != "backward" or not call.args:  # `engine.backward(loss)` makes no tensor of the engine
            self._ask(call.func.expr, method, scopes)
        if method in _HANDED_OVER and call.args:
            self._ask(call.args[0], f"handed to {method}", scopes)

    def _ask(self, node: nodes.NodeNG, what: str, scopes: tuple[nodes.NodeNG, ...]) -> None:
        name = dotted(node)
        if name:
            for scope in (_home(scopes[-1], name), self._tree):
                self._asked.setdefault((scope, name), set()).add(what)


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


def _walk(
    node: nodes.NodeNG, scopes: tuple[nodes.NodeNG, ...]
) -> Iterator[tuple[nodes.NodeNG, tuple[nodes.NodeNG, ...]]]:
    waiting = [(node, scopes)]
    while waiting:
        node, scopes = waiting.pop()
        yield node, scopes
        inner = (*scopes, node) if isinstance(node, nodes.FunctionDef | nodes.ClassDef) else scopes
        waiting.extend((child, inner) for child in node.get_children())
