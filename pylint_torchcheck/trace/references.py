"""Where what a helper was handed comes from, and by which name it goes there."""

from __future__ import annotations

from astroid import nodes

from pylint_torchcheck.trace.arguments import parameters
from pylint_torchcheck.trace.places import Place, dotted
from pylint_torchcheck.trace.values import Frame


def giver(call: nodes.Call, argument: nodes.NodeNG | None, frame: Frame) -> Place:
    """Return the call that brings in what is handed over: the caller's, where it is but handed on by a helper."""
    at: Frame | None = frame
    while at is not None and isinstance(argument, nodes.Name) and at.calls and _takes(at.scope, argument.name):
        call = at.calls[-1]
        argument = _argument_of(at.scope, argument.name, call)
        at = at.caller
    return Place(call)


def reference(name: nodes.NodeNG | None, frame: Frame) -> tuple[str, nodes.NodeNG | None]:
    """Return by which name something goes where it comes from, and the scope that the name belongs to.

    A parameter is what the caller handed over; ``self.x`` belongs to the class. Empty if it has no name.
    """
    at: Frame | None = frame
    while at is not None and isinstance(name, nodes.Name) and at.calls and _takes(at.scope, name.name):
        name = _argument_of(at.scope, name.name, at.calls[-1])
        at = at.caller
    text = dotted(name) if name is not None and at is not None else ""
    return (text, _home(at.scope, text)) if text and at is not None else ("", None)


def target_of(call: nodes.NodeNG, frame: Frame) -> tuple[str, nodes.NodeNG | None]:
    """Return the name that the result of a call is assigned to, through ``.to(device)`` and the like, and its scope."""
    node = call
    while isinstance(node.parent, nodes.Attribute) and isinstance(node.parent.parent, nodes.Call):
        node = node.parent.parent
    if not isinstance(node.parent, nodes.Assign) or len(node.parent.targets) != 1:
        return "", None
    text = dotted(node.parent.targets[0])
    return (text, _home(frame.scope, text)) if text else ("", None)


def _home(scope: nodes.NodeNG, text: str) -> nodes.NodeNG:
    first = text.partition(".")[0]
    while not isinstance(scope, nodes.Module) and first != "self" and first not in scope.locals:
        scope = scope.parent.scope()
    while first == "self" and not isinstance(scope, nodes.ClassDef | nodes.Module):
        scope = scope.parent.scope()
    return scope


def _takes(scope: nodes.NodeNG, name: str) -> bool:
    return isinstance(scope, nodes.FunctionDef) and any(name == parameter.name for parameter in parameters(scope))


def _argument_of(scope: nodes.NodeNG, name: str, call: nodes.NodeNG) -> nodes.NodeNG | None:
    if not isinstance(call, nodes.Call) or not isinstance(scope, nodes.FunctionDef):
        return None
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = [parameter.name for parameter in parameters(scope)]
    index = names.index(name) - (1 if scope.type in {"method", "classmethod"} else 0)
    return call.args[index] if 0 <= index < len(call.args) else None
