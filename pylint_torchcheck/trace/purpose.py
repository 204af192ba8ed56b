"""What a piece of code is for, as far as its names say: is this validation, test or inference?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.values import Frame

_EVALUATION = frozenset(
    "validate validation validating test tests testing eval evaluate evaluation evaluating infer inference "
    "predict prediction predictions valloader testloader evalloader validloader".split()
)
# `val_loader` and `val` speak of validation, `max_val` of a value and `valid_mask` of a mask.
_SHORT = frozenset({"val", "valid"})
_BESIDE_SHORT = frozenset(
    "loader dataloader loaders data dataset datasets set sets ds dl iter iterator epoch epochs phase split step loop "
    "batch batches run do one model fold gen generator images train test".split()
)
# What is validated here is what a caller gave, and no model.
_CHECKED = frozenset(
    "arg args argument arguments kwargs config cfg input inputs param params parameter parameters path scalar shape "
    "shapes option options value values type types schema url name names file files dtype device".split()
)
_VALIDATION = frozenset({"validate", "validation", "validating"})
_TRAINING = frozenset("train training trainer trainloader fit learn".split())
MOST_WORDS = 16_384  # of which is remembered what they say
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@lru_cache(MOST_WORDS)
def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))


@lru_cache(MOST_WORDS)
def speaks_of_evaluation(name: str) -> bool:
    """Does a name hold a word for validation, test or inference?"""
    words = _words(name)
    if words & _SHORT and (words <= _SHORT or words & _BESIDE_SHORT):
        return True
    found = words & _EVALUATION
    return bool(found) and not (words & _CHECKED and found <= _VALIDATION)


def may_be_a_value(name: str) -> bool:
    """Is the name as likely to be that of a value, or of a mask, as that of a set of data?"""
    return _words(name) <= _SHORT


def _says(names: Iterable[str]) -> bool | None:
    """Do names speak of evaluation? ``None``: they say nothing, or both."""
    names = list(names)
    evaluates = any(speaks_of_evaluation(name) for name in names)
    trains = any(_words(name) & _TRAINING for name in names)
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
    answer = _says([frame.scope.name])
    if answer is None and frame.calls:
        return _call_says(frame.calls[-1])
    return answer


def _loop_says(loop: Loop) -> bool | None:
    for value in loop.target:
        if value.kind is Kind.CONSTANT and isinstance(value.constant, str):
            return _says([value.constant])
    if isinstance(loop.node, nodes.For):
        return _says(_names_in(loop.node.iter))
    return None


def _call_says(call: nodes.NodeNG) -> bool | None:
    """A function is called with ``test_loader``: then it tests."""
    if not isinstance(call, nodes.Call):
        return None
    arguments = (argument for argument in call.args if isinstance(argument, nodes.Name | nodes.Attribute))
    return _says(name for argument in arguments for name in _names_in(argument))


def _names_in(node: nodes.NodeNG) -> Iterator[str]:
    for child in node.nodes_of_class((nodes.Name, nodes.Attribute)):
        name = child.name if isinstance(child, nodes.Name) else child.attrname
        if not may_be_a_value(name):
            yield name


def _is_unit_test(function: nodes.FunctionDef) -> bool:
    """A pytest or unittest function says nothing of what the code in it is for."""
    module: str = function.root().name.rpartition(".")[2]
    return bool(function.name.startswith("test_")) and (module.startswith("test_") or module.endswith("_test"))
