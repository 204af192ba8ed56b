"""A module that takes submodules before it is one."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Attribute, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind


class MissingSuperInit(Pitfall):
    """The constructor of ``nn.Module`` makes the tables in which submodules and parameters are kept.

    Until it has run there is no place for them, and the first assignment of one raises an ``AttributeError``.
    """

    msgid = "E7710"
    symbol = "missing-super-init"
    message = (
        "%s needs the tables that the constructor of nn.Module makes, and it has not run; "
        "call super().__init__() on the first line of __init__"
    )
    signs = signs([Sign.BARE_CONSTRUCTOR])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find the first submodule or parameter that a constructor assigns before it calls another one."""
        seen: set[str] = set()
        for assignment in program.assignments():
            name = next((value.path for value in assignment.receivers), "")
            if name not in seen and _is_too_early(assignment):
                seen.add(name)
                yield Finding(assignment, (f"{assignment.text} = {assignment.value_text}",))


def _is_too_early(assignment: Attribute) -> bool:
    if assignment.function != "__init__" or not assignment.is_own or not assignment.values:
        return False
    is_module = all(value.kind in _MODULES and not value.guessed for value in assignment.receivers)
    is_kept = all(value.kind in _KEPT and not value.guessed for value in assignment.values)
    return is_module and is_kept and assignment.is_before_base


_MODULES = frozenset({Kind.MODULE, Kind.LOSS_FUNCTION})
_KEPT = frozenset({Kind.MODULE, Kind.LOSS_FUNCTION, Kind.PARAMETER})
