"""Is a value asked for only to see whether it is there?"""

from __future__ import annotations

from astroid import nodes

_TESTING = (nodes.If, nodes.IfExp, nodes.While, nodes.Assert)


def is_only_tested(node: nodes.NodeNG) -> bool:
    """Is an expression a part of a condition, and nothing else: ``x``, ``x is not None`` or ``exists(x)``?"""
    if _is_compared_with_none(node.parent, node) or _is_asked_about(node.parent, node):
        node = node.parent
    while isinstance(node.parent, nodes.BoolOp) or (isinstance(node.parent, nodes.UnaryOp) and node.parent.op == "not"):
        node = node.parent
    return isinstance(node.parent, _TESTING) and node.parent.test is node


def _is_compared_with_none(parent: nodes.NodeNG, node: nodes.NodeNG) -> bool:
    match parent:
        case nodes.Compare(left=left, ops=[(_, nodes.Const(value=None))]):
            return left is node
    return False


def _is_asked_about(parent: nodes.NodeNG, node: nodes.NodeNG) -> bool:
    """Is it handed to a function of the file that does nothing but compare it with ``None``?"""
    match parent:
        case nodes.Call(func=nodes.Name(name=name), args=[argument], keywords=[]) if argument is node:
            return any(_compares_with_none(one) for one in node.root().locals.get(name, ()))
    return False


def _compares_with_none(definition: nodes.NodeNG) -> bool:
    match definition:
        case nodes.FunctionDef(body=[nodes.Return(value=nodes.Compare(left=nodes.Name() as left) as compared)]):
            return _is_compared_with_none(compared, left)
    return False
