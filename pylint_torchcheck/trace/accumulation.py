"""Running sums and lists: does what a loop adds to live longer than one iteration of it?"""

from __future__ import annotations

from collections.abc import Iterator

from astroid import nodes

from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.values import Frame


def outlives_iteration(accumulator: nodes.NodeNG, loops: tuple[Loop, ...], frame: Frame) -> bool:
    """Was the accumulator made before the innermost loop, and is it never made anew inside?"""
    name = dotted(accumulator)
    if not loops:
        return False
    loop = loops[-1]
    if isinstance(accumulator, nodes.Subscript):
        return _entry_outlives(accumulator, loop, frame)
    if not name:
        return False
    if "." in name:
        return _attribute_outlives(accumulator, name, loop, frame)
    return loop.frame is frame and not any(_resets(loop.node, name))


def _attribute_outlives(accumulator: nodes.NodeNG, name: str, loop: Loop, frame: Frame) -> bool:
    """The same for ``self.sum``: neither the object nor the sum may be made anew by the loop."""
    if any(value.site is not None and loop.node.parent_of(value.site) for value in frame.receiver):
        return False
    resets = [reset for reset in _resets(_home_of(accumulator), name) if reset.scope().name not in loop.apart]
    if loop.apart:
        return not resets
    if loop.frame is frame:
        return not any(_may_happen_within(loop, reset) for reset in resets)
    return all(_is_called_before(loop, reset) for reset in resets)


def _is_called_before(loop: Loop, reset: nodes.NodeNG) -> bool:
    """Is the reset a method's, which only constructors call, and the loop's own function outside of the loop?"""
    method = reset.scope()
    if not isinstance(method, nodes.FunctionDef):
        return False
    files = {method.root(), loop.node.root()}
    calls = [call for file in files for call in file.nodes_of_class(nodes.Call)]
    return all(
        _in_constructor(call) or (call.scope() is loop.node.scope() and not loop.node.parent_of(call))
        for call in calls
        if _called_name(call) == method.name
    )


def _called_name(call: nodes.Call) -> str:
    return call.func.attrname if isinstance(call.func, nodes.Attribute) else getattr(call.func, "name", "")


def _entry_outlives(entry: nodes.Subscript, loop: Loop, frame: Frame) -> bool:
    """The same for ``sums["loss"]``, of a dict that has a plain name."""
    name = dotted(entry.value)
    if not name or "." in name or not isinstance(entry.slice, nodes.Const) or loop.frame is not frame:
        return False
    if any(_resets(loop.node, name)) or any(
        call.func.attrname in _EMPTYING
        for call in loop.node.nodes_of_class(nodes.Call)
        if isinstance(call.func, nodes.Attribute) and dotted(call.func.expr) == name
    ):
        return False
    assigned = [node for node in loop.node.nodes_of_class(nodes.Subscript) if isinstance(node.parent, nodes.Assign)]
    return not any(node in node.parent.targets and dotted(node.value) == name for node in assigned)


_EMPTYING = frozenset({"clear", "pop", "popitem", "update"})


def _home_of(accumulator: nodes.NodeNG) -> nodes.NodeNG:
    """Return the class of an attribute of ``self``; else the whole file."""
    node = accumulator
    while node.parent is not None and not isinstance(node, nodes.ClassDef):
        node = node.parent
    return node


def _resets(where: nodes.NodeNG, name: str) -> Iterator[nodes.NodeNG]:
    """Return the plain assignments to the name, other than ``total = total + x`` and those in ``__init__``."""
    for target in where.nodes_of_class((nodes.AssignName, nodes.AssignAttr)):
        if dotted(target) != name or isinstance(target.parent, nodes.AugAssign):
            continue
        if not _is_growth(target, name) and not _in_constructor(target):
            yield target


def _may_happen_within(loop: Loop, statement: nodes.NodeNG) -> bool:
    """Is this in the loop, or in another function, which the loop may call?"""
    return loop.node.parent_of(statement) or statement.scope() is not loop.frame.scope


def _is_growth(target: nodes.NodeNG, name: str) -> bool:
    statement = target.parent
    return isinstance(statement, nodes.Assign) and added_to(name, statement.value) is not None


def added_to(name: str, value: nodes.NodeNG) -> nodes.NodeNG | None:
    """Return what is added in ``name + something`` or ``0.9 * name + something``; ``None`` if it is no such sum."""
    if not name or not isinstance(value, nodes.BinOp) or value.op != "+":
        return None
    if _is_scaled(name, value.left):
        return value.right
    return value.left if _is_scaled(name, value.right) else None


def _is_scaled(name: str, value: nodes.NodeNG) -> bool:
    """Is this the name, or the name times or by something?"""
    if isinstance(value, nodes.BinOp) and value.op in {"*", "/"}:
        return name in {dotted(value.left), dotted(value.right)}
    return dotted(value) == name


def _in_constructor(node: nodes.NodeNG) -> bool:
    scope = node.scope()
    return isinstance(scope, nodes.FunctionDef) and scope.name == "__init__"
