"""A tensor that a module computes with and does not know to be its own."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Program


class UnregisteredBuffer(Pitfall):
    """A module moves and saves its parameters and its buffers, and no other tensor that it has.

    A table of positions or a mask that is a plain attribute stays on the CPU while the model is moved, so ``forward``
    raises on the GPU and only there. It is not in ``state_dict()`` either: one of random numbers is lost.
    """

    msgid = "W7783"
    symbol = "unregistered-buffer"
    message = (
        "%s keeps a tensor that forward() computes with as a plain attribute, so to() and state_dict() pass it by; "
        'write self.register_buffer("%s", ...)'
    )
    signs = signs([Sign.KEPT_TENSOR])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find what a constructor makes on the CPU, and nobody moves."""
        for assignment in program.buffers_left_behind():
            yield Finding(assignment, (f"{assignment.text} = {assignment.value_text}", assignment.name))
