"""A tensor method whose result is thrown away."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind


class UnassignedTensorResult(Pitfall):
    """Unlike a module's, a tensor's methods change nothing: they return a new tensor.

    ``x.cuda()`` on a line of its own leaves x on the CPU, ``x.detach()`` leaves it on the graph. Only methods whose
    names end in ``_`` work in place.
    """

    msgid = "W7701"
    symbol = "unassigned-tensor-result"
    message = "%s returns a new tensor that is thrown away here, so %s stays as it was; write %s = %s"
    guard = "torchguard.to_device"
    signs = signs([Sign.DROPPED_RESULT])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find statements that call a method of what is a tensor for certain, and drop the result."""
        for call in program.pure_tensor_calls():
            if call.is_statement and _is_tensor(call):
                name = call.chain_text
                guessed = any(value.guessed for value in call.receivers)
                yield Finding(call, (call.text, name, name, call.text), guessed)


def _is_tensor(call: Call) -> bool:
    """A tensor that is made in the same statement, as a warm-up makes one, is meant to be thrown away."""
    kinds = {value.kind for value in call.receivers}
    return kinds <= {Kind.TENSOR, Kind.PARAMETER} and "(" not in call.chain_text
