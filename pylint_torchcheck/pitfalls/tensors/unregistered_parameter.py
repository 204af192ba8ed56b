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
    message = "%s %s, so parameters() and state_dict() pass it by: it is neither trained nor saved; write %s"
    signs = signs([Sign.LEAF, Sign.KEPT_COLLECTION])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find attributes of modules that get a tensor to be learned, whichever way, or a collection of such."""
        for assignment in program.assignments():
            is_module = all(value.kind is Kind.MODULE and not value.guessed for value in assignment.receivers)
            name = assignment.text
            is_its_own = assignment.is_own and assignment.runs_within("__init__")
            if is_module and is_its_own and _is_meant_to_learn(program, assignment):
                details = name, "is a plain tensor that requires a gradient", f"{name} = nn.Parameter(...)"
                yield Finding(assignment, details)
            elif program.hidden_parameters(assignment):
                details = name, "holds parameters in a plain collection", f"{name} = nn.ParameterList(...)"
                yield Finding(assignment, details)


def _is_meant_to_learn(program: Program, assignment: Attribute) -> bool:
    return bool(assignment.values) and all(_requires_gradient(program, value) for value in assignment.values)


def _requires_gradient(program: Program, value: Subject) -> bool:
    """Is it made to require a gradient, or the moved or scaled copy of a parameter that was made for it?"""
    if value.kind is not Kind.TENSOR:
        return False
    origins = program.copied_from(value)
    if origins:
        return all(_is_fresh_parameter(origin) or _requires_gradient(program, origin) for origin in origins)
    if program.is_scaled_parameter(value):
        return True
    call = program.creation(value)
    if call is not None and program.is_told_to_require_gradient(value):
        return True
    settings = call.argument("requires_grad") if call is not None else ()
    return bool(settings) and all(setting.constant is True for setting in settings)


def _is_fresh_parameter(value: Subject) -> bool:
    return value.kind is Kind.PARAMETER and value.owner is None
