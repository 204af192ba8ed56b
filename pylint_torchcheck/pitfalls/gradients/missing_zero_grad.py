"""No ``zero_grad()`` between one step and the next."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Backward, Kind, OptimizerStep, ZeroGrad


class MissingZeroGrad(Pitfall):
    """Every backward pass adds to ``.grad``; nothing takes away until ``zero_grad()``.

    Without it each step follows the sum of all gradients since the start, so the
    effective learning rate grows with the iteration count.
    """

    msgid = "W7711"
    symbol = "missing-zero-grad"
    message = (
        "%s runs again with no zero_grad() since it last ran, so old gradients are added in; "
        "call optimizer.zero_grad() once for each step"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="clear",
        moves={
            ("clear", Backward): "full",
            ("full", OptimizerStep): "spent",
            ("spent", Backward): "stale",
            ("stale", OptimizerStep): BROKEN,  # and not at `backward`: another optimizer's loss may fill these, too
            (ANY, ZeroGrad): "clear",
        },
    )
