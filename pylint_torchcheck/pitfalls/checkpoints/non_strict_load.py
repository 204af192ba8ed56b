"""``strict=False`` without a look at what was not loaded."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind


class NonStrictLoad(Pitfall):
    """``strict=False`` skips every key that does not fit, up to all of them.

    One renamed layer or a ``module.`` prefix, and the model keeps its random weights without a word. What was
    skipped stands only in the result, which lists the missing and the unexpected keys.
    """

    msgid = "W7741"
    symbol = "non-strict-load"
    message = (
        "%s skips every key that does not fit, and nobody looks at which; write missing, unexpected = %s and "
        "check both, or call torchguard.load_weights"
    )
    guard = "torchguard.load_weights"
    signs = signs([".load_state_dict"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find non-strict loads whose result is dropped."""
        for call in program.method_calls("load_state_dict"):
            if call.is_dropped and _is_lenient(call) and not call.has_own_keywords and not _has_compared(program, call):
                yield Finding(call, (call.text, call.text))


def _has_compared(program: Program, load: Call) -> bool:
    """Has the function asked the module for its own keys first, to pick those that fit?"""
    asked = program.method_calls("state_dict")
    return any(call.receiver_text == load.receiver_text and call.precedes(load) for call in asked)


def _is_lenient(call: Call) -> bool:
    strict = call.argument("strict")
    return bool(strict) and all(value.kind is Kind.CONSTANT and value.constant is False for value in strict)
