"""``no_grad`` that is named, or made, and never entered."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Program


class NoGradNotCalled(Pitfall):
    """``torch.no_grad`` is a class, and what switches gradients off is an object of it that is entered.

    ``with torch.no_grad:`` raises. ``torch.no_grad()`` on a line of its own switches off nothing, so the graph of
    every batch is built; and above a class it reaches the constructor alone, so the methods build theirs as well.
    """

    msgid = "E7788"
    symbol = "no-grad-not-called"
    message = "%s %s; write %s"
    signs = signs([Sign.IDLE_CONTEXT])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find what is entered without being called, called without being entered, or put above a class."""
        for entered in program.entered_classes():
            yield Finding(
                entered, (f"with {entered.text}:", "enters a class and not an object of it", f"with {entered.text}():")
            )
        for call in program.unentered_contexts():
            yield Finding(
                call, (call.text, "makes a context manager that nothing enters", f"with {call.text}: around the code")
            )
        for decorator in program.contexts_of_classes():
            above = f"@{decorator.text}"
            yield Finding(
                decorator, (above, "reaches the constructor of the class alone", f"{above} above each method")
            )
