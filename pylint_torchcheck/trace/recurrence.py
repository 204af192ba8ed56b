"""Is an event in a loop one that happens in many of its iterations, and not in a chosen one only?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from astroid import nodes

from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.places import source_of

if TYPE_CHECKING:
    from pylint_torchcheck.trace.events import Event

_CHOOSING = (nodes.If, nodes.IfExp, nodes.Match, nodes.ExceptHandler, nodes.While)


def recurs(event: Event) -> bool:
    """Do the conditions between the innermost loop and the event hold again and again?

    ``index % 4 == 0`` does, and so does what the loop leaves as it is; ``index == 0`` holds once.
    """
    if not event.loops:
        return False
    loop = event.loops[-1]
    return all(isinstance(one, nodes.If) and _holds_again(one.test, loop) for one in conditions(event))


def conditions(event: Event) -> Iterator[nodes.NodeNG]:
    """Return the branches around an event within its loop, in the functions too through which it comes about."""
    if not event.loops:
        return
    loop = event.loops[-1]
    places = [event.node]
    frame = event.frame
    while frame is not loop.frame and frame.calls and frame.caller is not None:
        places.append(frame.calls[-1])
        frame = frame.caller
    for place in places:
        node = place.parent
        while node is not None and node is not loop.node and not isinstance(node, nodes.FunctionDef | nodes.Lambda):
            if isinstance(node, _CHOOSING):
                yield node
            node = node.parent


def _holds_again(test: nodes.NodeNG, loop: Loop) -> bool:
    if counts(test) or _is_passed(test, loop) or _is_distance(test):
        return True
    if isinstance(test, nodes.BoolOp):
        return all(_holds_again(part, loop) for part in test.values)
    asked = {node.name for node in test.nodes_of_class(nodes.Name)}
    return not any(True for _ in test.nodes_of_class(nodes.Call)) and asked.isdisjoint(_stored_in(loop))


def _is_passed(test: nodes.NodeNG, loop: Loop) -> bool:
    """Is this a threshold for what the loop counts, as ``step > 1000``, which holds ever after?"""
    if not isinstance(test, nodes.Compare) or len(test.ops) != 1 or not isinstance(test.left, nodes.Name):
        return False
    operator, threshold = test.ops[0]
    asked = {name.name for name in threshold.nodes_of_class(nodes.Name)}
    return operator in {">", ">="} and test.left.name == _counter_of(loop) and asked.isdisjoint(_stored_in(loop))


def _is_distance(test: nodes.NodeNG) -> bool:
    """Is this how far something has come since the last time, as ``step - last >= 4``, with ``last`` set behind it?"""
    match test:
        case nodes.Compare(left=nodes.BinOp(op="-", right=nodes.Name(name=last)), ops=[(">" | ">=", _)]):
            branch = test.parent
            body = branch.body if isinstance(branch, nodes.If) else []
            return any(target.name == last for node in body for target in node.nodes_of_class(nodes.AssignName))
    return False


def _counter_of(loop: Loop) -> str:
    """Return the name that counts the iterations of a loop; empty if none is known to."""
    match loop.node:
        case nodes.For(iter=nodes.Call(func=nodes.Name(name="range")), target=nodes.AssignName(name=name)):
            return str(name)
        case nodes.For(iter=nodes.Call(func=nodes.Name(name="enumerate")), target=nodes.Tuple(elts=[first, *_])):
            return getattr(first, "name", "")
    return ""


def counts(test: nodes.NodeNG) -> bool:
    """Does a condition hold every so many times, as ``index % 4 == 0`` does?"""
    return any(operation.op == "%" for operation in test.nodes_of_class(nodes.BinOp))


def happens_at_times(event: Event) -> bool:
    """Does a condition around the event, or the index of what is called, change from one iteration to another?"""
    tests = [one.test for one in conditions(event) if isinstance(one, nodes.If)]
    called = event.node.func if isinstance(event.node, nodes.Call) else None
    chosen = [called.slice] if isinstance(called, nodes.Subscript) else []
    stored = set[str]().union(*(_stored_in(loop) for loop in event.loops))
    asked = {name.name for one in (*tests, *chosen) for name in one.nodes_of_class(nodes.Name)}
    return any(counts(test) for test in tests) or not asked.isdisjoint(stored)


def period(test: nodes.NodeNG) -> str:
    """Return the source of ``4`` in ``index % 4 == 0``; empty if a condition is no such one."""
    return next(
        (source_of(operation.right) for operation in test.nodes_of_class(nodes.BinOp) if operation.op == "%"), ""
    )


def _stored_in(loop: Loop) -> set[str]:
    """Return the names that the loop may give another meaning, or change an attribute of."""
    names = {target.name for target in loop.node.nodes_of_class(nodes.AssignName)}
    for target in loop.node.nodes_of_class(nodes.AssignAttr):
        names.update(name.name for name in target.nodes_of_class(nodes.Name))
    return names
