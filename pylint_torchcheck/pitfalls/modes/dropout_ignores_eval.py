"""Functional dropout that no mode switches off."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind

_FUNCTIONS = ("dropout", "dropout1d", "dropout2d", "dropout3d")
_ATTENTION = "torch.nn.functional.scaled_dot_product_attention"
_FIXED = re.compile(r"self(\.\w+)+|[\d.]+")


class DropoutIgnoresEval(Pitfall):
    """``nn.Dropout`` looks at the mode of its module; the functions of ``torch.nn.functional`` cannot.

    ``F.dropout`` drops unless it is told ``training=False``, and attention drops whatever ``dropout_p`` says. In
    eval mode too, then: each evaluation of the same input gives another output, and a worse one.
    """

    msgid = "W7737"
    symbol = "dropout-ignores-eval"
    message = "%s drops in eval mode, too, because nothing tells it the mode; pass %s"
    signs = signs([Sign.FUNCTIONAL_DROPOUT])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find functional dropout in the methods of modules that does not depend on the mode."""
        for name in _FUNCTIONS:
            for call in program.calls(f"torch.nn.functional.{name}"):
                if not call.gives("training") and not _is_off(call, "p") and _is_in_module(program, call):
                    yield Finding(call, (call.text, "training=self.training"))
        for call in program.calls(_ATTENTION):
            if _is_fixed(call) and not _is_off(call, "dropout_p") and _is_in_module(program, call):
                rate = call.argument_text("dropout_p")
                yield Finding(call, (call.text, f"dropout_p={rate} if self.training else 0.0"))


def _is_fixed(call: Call) -> bool:
    return _FIXED.fullmatch(call.argument_text("dropout_p")) is not None


def _is_off(call: Call, rate: str) -> bool:
    """Is the rate zero?"""
    given = call.argument(rate)
    return bool(given) and all(value.kind is Kind.CONSTANT and value.constant == 0 for value in given)


def _is_in_module(program: Program, call: Call) -> bool:
    """Is it part of a module that is trained? What drops under ``no_grad`` is meant to, as noise when it samples."""
    is_meant = call.depends_on("training") or call.is_unrecorded
    return program.enclosing_kind(call) is Kind.MODULE and not is_meant
