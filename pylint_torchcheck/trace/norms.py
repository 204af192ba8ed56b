"""BatchNorm layers that a program picks out of a module, to put them in eval mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from astroid import nodes

from pylint_torchcheck.trace.values import Values

_NORM = re.compile(r"batch_?norm|\bbn|bn\b|_bn|\bnorm", re.IGNORECASE)


def owners_of(modules: Values) -> Values:
    """Return the modules of which each of ``modules`` may be any part, as a loop over ``model.modules()`` gives it."""
    return frozenset(value.owner for value in modules if value.path == "*" and value.owner is not None)


def are_picked(node: nodes.NodeNG) -> bool:
    """Do the conditions around a call hold for BatchNorm layers, whatever else is asked for in the program?"""
    tests = list(_tests_around(node))
    return bool(tests) and all(_NORM.search(test.as_string()) and not _asks_for_more(test) for test in tests)


def _asks_for_more(test: nodes.NodeNG) -> bool:
    return any(operation.op == "and" for operation in test.nodes_of_class(nodes.BoolOp))


def _tests_around(node: nodes.NodeNG) -> Iterator[nodes.NodeNG]:
    """Return the tests between the call and the loop or the function that has the layer."""
    parent = node.parent
    while parent is not None and not isinstance(parent, nodes.For | nodes.FunctionDef | nodes.Lambda):
        if isinstance(parent, nodes.If | nodes.IfExp):
            yield parent.test
        parent = parent.parent
