"""A step by a gradient scaler after a backward pass that it has not scaled."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Kind,
    OptimizerStep,
    ScaledBackward,
    ScaledStep,
    UnscaledByHand,
    ZeroGrad,
)


class BackwardNotScaled(Pitfall):
    """``scaler.step(optimizer)`` divides every gradient by the scale, 65536 at first, whether or not it was scaled.

    After a bare ``loss.backward()`` the steps are that much too small, and the training all but stands still; and
    the small gradients that the scale is there to save are lost in float16. A scaler that has never scaled anything
    raises.
    """

    msgid = "E7762"
    symbol = "backward-not-scaled"
    message = (
        "%s divides the gradients by the loss scale although nothing multiplied the loss by it, so the step is "
        "thousands of times too small; write scaler.scale(loss).backward(), or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="clear",
        moves={
            (ANY, ScaledBackward): "scaled",
            ("clear", Backward): "bare",
            ("bare", UnscaledByHand): "clear",
            ("bare", ScaledStep): BROKEN,
            ("bare", OptimizerStep): "clear",
            (ANY, ZeroGrad): "clear",
        },
    )
