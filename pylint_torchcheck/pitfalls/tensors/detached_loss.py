"""``backward()`` from a loss that no graph leads to."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program
from pylint_torchcheck.pitfalls.vocabulary import Backward


class DetachedLoss(Pitfall):
    """``backward()`` goes back along the graph, and a tensor made of a number has none.

    ``torch.tensor(loss.item(), requires_grad=True)`` and ``loss.detach().requires_grad_()`` silence the error that
    torch raises, and nothing learns any more: the gradient ends where it begins.
    """

    msgid = "E7787"
    symbol = "detached-loss"
    message = (
        "%s begins at a tensor that no graph leads to, so no parameter gets a gradient; "
        "call backward() on the loss itself"
    )
    signs = signs([Backward], ["tensor", "Variable", ".detach", ".data"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find backward passes that begin so, whichever way they are reached."""
        for place, ways in program.happenings(Backward):
            if "backward" in place.text and all(_is_cut_off(program, event) for _, event in ways):
                yield Finding(place, (place.text,))


def _is_cut_off(program: Program, event: Event) -> bool:
    return bool(event.subjects) and all(program.is_cut_off(value) for value in event.subjects)
