"""``backward()`` from a loss that no graph leads to."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program
from pylint_torchcheck.pitfalls.vocabulary import Backward

_CUTTING = (
    *("tensor", "Variable", ".detach", ".data", ".requires_grad_", ".requires_grad ="),
    *("no_grad", "inference_mode", "set_grad_enabled"),
)


class DetachedLoss(Pitfall):
    """``backward()`` goes back along the graph, and a tensor made of a number has none.

    ``torch.tensor(loss.item(), requires_grad=True)`` and ``loss.detach().requires_grad_()`` silence the error that
    torch raises, and nothing learns any more: the gradient ends where it begins. So it does for a loss of detached
    outputs, of indices, or of what was computed under ``no_grad``.
    """

    msgid = "E7787"
    symbol = "detached-loss"
    message = (
        "%s begins at a tensor that no graph leads to, so no parameter gets a gradient; "
        "call backward() on the loss itself"
    )
    signs = signs([Backward], _CUTTING)

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find backward passes that begin so, whichever way they are reached."""
        for place, ways in program.happenings(Backward):
            call = program.call_at(place)
            if call is None or call.method != "backward" or call.depends_on("requires_grad"):
                continue
            if all(_is_cut_off(program, event) for _, event in ways):
                yield Finding(place, (place.text,))


def _is_cut_off(program: Program, event: Event) -> bool:
    return bool(event.subjects) and all(program.is_cut_off(value) for value in event.subjects)
