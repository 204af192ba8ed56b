"""Clipping gradients that the step has used already."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Backward, ClipGradients, Kind, OptimizerStep, ZeroGrad


class ClipAfterStep(Pitfall):
    """A step takes the gradients as it finds them; what is done to them afterwards changes nothing.

    The one batch whose gradients explode still throws the weights far off, which is what the clipping was for.
    """

    msgid = "W7716"
    symbol = "clip-after-step"
    message = (
        "%s comes after optimizer.step(), which has used the gradients unclipped; "
        "call it between loss.backward() and optimizer.step()"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="clear",
        moves={
            (ANY, Backward): "full",
            ("full", OptimizerStep): "spent",
            ("spent", ZeroGrad): "clear",
            ("spent", ClipGradients): BROKEN,
        },
    )
