"""A tensor to be learned that is no parameter of its module."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Attribute, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import Kind


class UnregisteredParameter(Pitfall):
    """A module learns what is an ``nn.Parameter``, and nothing else that requires a gradient.

    ``nn.Parameter(x).cuda()`` is a copy of the parameter and none itself. Such a tensor is not in ``parameters()``, so
    no optimizer changes it, and not in ``state_dict()``, so it is not saved.
    """

    msgid = "E7782"
    symbol = "unregistered-parameter"
    message = (
        "%s is a plain tensor that requires a gradient, so it is neither trained nor saved; write %s = nn.Parameter(%s)"
    )
    signs = signs([Sign.LEAF])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find attributes of modules that get a tensor to be learned, whichever way."""
        for assignment in program.assignments():
            is_module = all(value.kind is Kind.MODULE and not value.guessed for value in assignment.receivers)
            if is_module and assignment.is_own and _is_meant_to_learn(program, assignment):
                yield Finding(assignment, (assignment.text, assignment.text, "..."))


def _is_meant_to_learn(program: Program, assignment: Attribute) -> bool:
    told = assignment.is_told_to_learn
    return bool(assignment.values) and all(_requires_gradient(program, value, told) for value in assignment.values)


def _requires_gradient(program: Program, value: Subject, told: bool) -> bool:
    """Is it made or told to require a gradient, or the moved copy of a parameter that was made for it?"""
    if value.kind is not Kind.TENSOR:
        return False
    origins = program.copied_from(value)
    if origins:
        return all(origin.kind is Kind.PARAMETER and origin.owner is None for origin in origins)
    call = program.creation(value)
    if told:
        return call is not None
    settings = call.argument("requires_grad") if call is not None else ()
    return bool(settings) and all(setting.constant is True for setting in settings)
