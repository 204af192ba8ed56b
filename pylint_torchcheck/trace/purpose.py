"""What a piece of code is for, as far as its names say: is this validation, test or inference?"""

from __future__ import annotations

import re
from functools import cache

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.values import Frame

_EVALUATION = frozenset(
    "val valid validate validation validating test tests testing eval evaluate evaluation evaluating infer inference "
    "predict prediction predictions valloader testloader evalloader validloader".split()
)
_TRAINING = frozenset("train training trainer trainloader fit learn".split())
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))


def _says(name: str) -> bool | None:
    """Does a name speak of evaluation? ``None``: it says nothing, or both."""
    words = _words(name)
    evaluates, trains = bool(words & _EVALUATION), bool(words & _TRAINING)
    return None if evaluates == trains else evaluates


def is_evaluation(frame: Frame, loops: tuple[Loop, ...]) -> bool:
    """Do the names around a point say that it evaluates? The nearest name that says anything decides."""
    current: Frame | None = frame
    while current is not None:
        for loop in reversed(loops):
            if loop.frame is current:
                answer = _loop_says(loop)
                if answer is not None:
                    return answer
        answer = _frame_says(current)
        if answer is not None:
            return answer
        current = current.caller
    return False


def _frame_says(frame: Frame) -> bool | None:
    if not isinstance(frame.scope, nodes.FunctionDef) or _is_unit_test(frame.scope):
        return None
    answer = _says(frame.scope.name)
    if answer is None and frame.calls:
        return _call_says(frame.calls[-1])
    return answer


def _loop_says(loop: Loop) -> bool | None:
    for value in loop.target:
        if value.kind is Kind.CONSTANT and isinstance(value.constant, str):
            return _says(value.constant)
    if isinstance(loop.node, nodes.For):
        return _says(_names_in(loop.node.iter))
    return None


def _call_says(call: nodes.NodeNG) -> bool | None:
    """A function is called with ``test_loader``: then it tests."""
    if not isinstance(call, nodes.Call):
        return None
    return _says(
        " ".join(_names_in(argument) for argument in call.args if isinstance(argument, nodes.Name | nodes.Attribute))
    )


def _names_in(node: nodes.NodeNG) -> str:
    found = [child.name for child in node.nodes_of_class(nodes.Name)]
    found += [child.attrname for child in node.nodes_of_class(nodes.Attribute)]
    return " ".join(found)


def _is_unit_test(function: nodes.FunctionDef) -> bool:
    """A pytest or unittest function says nothing of what the code in it is for."""
    module: str = function.root().name.rpartition(".")[2]
    return bool(function.name.startswith("test_")) and (module.startswith("test_") or module.endswith("_test"))
