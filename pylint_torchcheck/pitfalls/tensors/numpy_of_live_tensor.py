"""``.numpy()`` of a tensor that is on the graph, or on an accelerator."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program, Subject


class NumpyOfLiveTensor(Pitfall):
    """An array shares the tensor's memory, which numpy can reach on the CPU alone and autograd must not lose sight of.

    Torch refuses: ``.numpy()`` of a tensor that requires a gradient raises a ``RuntimeError``, and of one on an
    accelerator a ``TypeError``, which a test on the CPU does not show.
    """

    msgid = "W7791"
    symbol = "numpy-of-live-tensor"
    message = "%s raises, since the tensor is %s; write %s"
    signs = signs([".numpy"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find calls on what is on the graph, or on an accelerator, for certain."""
        for call in program.method_calls("numpy"):
            if call.receivers and not call.gives("force"):
                fault = _fault(program, call)
                if fault:
                    where, way = fault
                    yield Finding(call, (call.text, where, f"{call.receiver_text}{way}.numpy()"))


def _fault(program: Program, call: Call) -> tuple[str, str] | None:
    """Return what is wrong with the tensor, and what to call on it first."""
    is_live = program.is_surely_recorded(call) and all(_is_live(program, value) for value in call.receivers)
    is_away = all(program.is_on_accelerator(value) for value in call.receivers)
    if is_live:
        return ("on the graph and on an accelerator", ".detach().cpu()") if is_away else ("on the graph", ".detach()")
    return ("on an accelerator", ".cpu()") if is_away else None


def _is_live(program: Program, value: Subject) -> bool:
    return program.is_leaf(value) or program.is_live(value)
