"""``optimizer.step()`` on gradients that a gradient scaler has multiplied."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Kind,
    OptimizerStep,
    ScaledBackward,
    ScaledStep,
    UnscaleGradients,
    ZeroGrad,
)


class StepBypassesScaler(Pitfall):
    """A gradient scaler multiplies the loss, by 65536 at first, and so every gradient.

    ``scaler.step(optimizer)`` takes that back, and skips the step if a gradient has overflowed. ``optimizer.step()``
    does neither: the step is thousands of times too long, and one overflow fills the weights with NaN.
    """

    msgid = "E7763"
    symbol = "step-bypasses-scaler"
    message = (
        "%s follows gradients that are still multiplied by the loss scale, so the step is thousands of times too "
        "long; write scaler.step(optimizer), or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="true",
        moves={
            ("true", ScaledBackward): "scaled",
            ("true", Backward): "mixed",  # one of the losses may be another model's
            ("mixed", ScaledBackward): "mixed",
            ("scaled", Backward): "mixed",
            ("scaled", ScaledBackward): "scaled",
            ("scaled", UnscaleGradients): "true",
            ("mixed", OptimizerStep): "true",
            (ANY, ZeroGrad): "true",
            ("scaled", OptimizerStep): BROKEN,
        },
        unless_seen=(ScaledStep,),  # a scaler that an option switches off goes with both forms of the step
    )
