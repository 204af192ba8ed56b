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
    if not name or not loops:
        return False
    loop = loops[-1]
    if "." in name:
        resets = _resets(_home_of(accumulator), name)
        return not any(loop.frame is not frame or _may_happen_within(loop, reset) for reset in resets)
    return loop.frame is frame and not any(_resets(loop.node, name))


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
    return isinstance(statement, nodes.Assign) and grows(statement.value, name)


def grows(value: nodes.NodeNG, name: str) -> bool:
    """Is this ``name + something`` or ``something + name``?"""
    return isinstance(value, nodes.BinOp) and value.op == "+" and name in {dotted(value.left), dotted(value.right)}


def _in_constructor(node: nodes.NodeNG) -> bool:
    scope = node.scope()
    return isinstance(scope, nodes.FunctionDef) and scope.name == "__init__"
