"""``requires_grad`` assigned to a module."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Attribute, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind


class RequiresGradOnModule(Pitfall):
    """A module has no ``requires_grad``: its parameters have.

    Assigning one adds a plain attribute that nobody reads. Nothing is frozen, and the layers that were meant to stay
    as they were pretrained go on learning.
    """

    msgid = "E7703"
    symbol = "requires-grad-on-module"
    message = (
        "%s adds a plain attribute to the module, and its parameters are as trainable as before; "
        "write %s.requires_grad_(%s)"
    )
    guard = "torchguard.freeze"
    signs = signs([".requires_grad ="])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find assignments to what is a module for certain, and has no attribute of that name of its own."""
        assignments = list(program.assignments("requires_grad"))
        if any(_is_a_setting(assignment) for assignment in assignments):
            return
        for assignment in assignments:
            if assignment.receivers and all(value.kind in _MODULES for value in assignment.receivers):
                name, value = assignment.receiver_text, assignment.value_text
                guessed = any(value.guessed for value in assignment.receivers)
                yield Finding(assignment, (f"{name}.requires_grad = {value}", name, value), guessed)


def _is_a_setting(assignment: Attribute) -> bool:
    """Does a module of the file keep an option of its own under this name?"""
    return assignment.is_own and any(value.kind in _MODULES for value in assignment.receivers)


_MODULES = frozenset({Kind.MODULE, Kind.LOSS_FUNCTION})
