"""``model.forward(x)`` in place of ``model(x)``."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind


class ForwardCalledDirectly(Pitfall):
    """Calling a module does more than its ``forward``: it runs the hooks around it.

    Weight normalisation, pruning, quantisation, feature extractors and FSDP hang on those hooks and are passed by
    without a word.
    """

    msgid = "W7781"
    symbol = "forward-called-directly"
    message = "%s skips the hooks that a call of the module runs; write %s(...)"
    signs = signs([Sign.FORWARD_CALLED])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find direct calls on what is a module for certain, other than those that modules make of their parts."""
        for call in program.method_calls("forward"):
            if all(value.kind is Kind.MODULE for value in call.receivers) and not _is_inside(program, call):
                guessed = any(value.guessed for value in call.receivers)
                yield Finding(call, (call.text, call.receiver_text), guessed)


def _is_inside(program: Program, call: Call) -> bool:
    return program.enclosing_kind(call) in {Kind.MODULE, Kind.LOSS_FUNCTION}
