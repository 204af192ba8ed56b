"""``backward()`` inside an autocast block."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Backward


class BackwardInAutocast(Pitfall):
    """The backward pass uses for each operation the type that autocast chose for it in the forward pass.

    It needs no autocast of its own, and torch advises against one: what runs only in the backward pass, such as a
    hook, a custom function or the recomputation of a checkpoint, is then cast a second time.
    """

    msgid = "R7762"
    symbol = "backward-in-autocast"
    message = (
        "%s runs under autocast, which is meant for the forward pass and the loss only; put loss.backward() after "
        "the with block, or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    signs = signs(["autocast"], [Backward])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find backward passes with an autocast block around them."""
        for trace in program.traces:
            for event in trace.events(Backward):
                place = program.place_of(event) if event.autocast not in {None, "off"} else None
                if place is not None:
                    yield Finding(place, (place.text,), any(value.guessed for value in event.subjects))
