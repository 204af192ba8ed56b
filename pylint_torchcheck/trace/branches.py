"""Branches that exclude one another: what is made in one of them does not exist beside what is made in the other."""

from __future__ import annotations

from collections.abc import Iterator

from astroid import nodes

from pylint_torchcheck.trace.values import Value

_LOOPS = (nodes.For, nodes.While)


def are_alternatives(one: Value, other: Value) -> bool:
    """Do two objects come about in different branches of one condition, which is met once?"""
    ways = [[*value.frame.calls, value.site] for value in (one, other) if value.frame is not None]
    if len(ways) < 2:
        return False
    forks = ((first, second) for first, second in zip(*ways, strict=False) if first is not second)
    first, second = next(forks, (None, None))
    return first is not None and second is not None and _exclude_each_other(first, second)


def _exclude_each_other(first: nodes.NodeNG, second: nodes.NodeNG) -> bool:
    if first.scope() is not second.scope():
        return False
    taken = dict(_branches(first))
    return any(node in taken and taken[node] != branch and not _is_in_loop(node) for node, branch in _branches(second))


def _branches(node: nodes.NodeNG) -> Iterator[tuple[nodes.If, str]]:
    """Return the conditions around a node in its function, each with the branch that it is in."""
    while node.parent is not None and node is not node.scope():
        if isinstance(node.parent, nodes.If):
            yield node.parent, "orelse" if node in node.parent.orelse else "body"
        node = node.parent


def _is_in_loop(node: nodes.NodeNG) -> bool:
    scope = node.scope()
    while node is not scope:
        node = node.parent
        if isinstance(node, _LOOPS):
            return True
    return False
