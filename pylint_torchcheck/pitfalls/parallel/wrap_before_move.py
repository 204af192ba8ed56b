"""A module that is wrapped by DDP before it is where it will be trained."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Finding, Pitfall, Protocol
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Escaped, Kind, Moved, Replicated


class WrapBeforeMove(Pitfall):
    """DDP lays out the buckets in which it sums gradients when it is built, for the device of the parameters.

    Moved afterwards, the parameters are on one device and what DDP knows of them on another: the first backward pass
    raises, or the ranks do not agree any more. The harm shows only where there is a GPU: on a CPU nothing moves, and
    the examples print that there was no error.
    """

    msgid = "W7775"
    symbol = "wrap-before-move"
    message = (
        "%s moves a module that DistributedDataParallel has wrapped already, and prepared for the device that it was "
        "on; call model.to(device) before DistributedDataParallel(model)"
    )
    protocol = Protocol(
        of=Kind.MODULE,
        start="unmoved",
        moves={
            ("unmoved", Moved): "placed",
            ("unmoved", Escaped): "placed",
            ("unmoved", Replicated): "early",
            ("early", Escaped): "placed",
            ("early", Moved): BROKEN,
        },
    )

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find moves to another device; host memory is where a module is that was never moved."""
        yield from (finding for finding in super().check(program) if "cpu" not in finding.place.text)
