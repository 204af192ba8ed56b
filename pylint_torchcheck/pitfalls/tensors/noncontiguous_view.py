"""``.view()`` of what ``permute`` and its like have put in another order."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Program


class NoncontiguousView(Pitfall):
    """``view`` copies nothing, so it can only join dimensions that follow one another in memory.

    ``permute``, ``transpose`` and ``expand`` change the order and move no number. A view that joins what they have
    put beside each other raises a ``RuntimeError``; ``reshape`` copies where it has to.
    """

    msgid = "W7792"
    symbol = "noncontiguous-view"
    message = "%s joins dimensions that are not neighbours in memory, which raises; write %s.reshape(...)"
    signs = signs([Sign.REARRANGED_VIEW])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find views that cannot be, whatever the sizes are, as long as they are above one."""
        for call in program.method_calls("view"):
            if program.is_impossible_view(call):
                yield Finding(call, (call.text, call.receiver_text))
