"""Clipping where no gradient is waiting."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Backward, ClipGradients, Escaped, Kind, OptimizerStep, ZeroGrad


class ClipBeforeBackward(Pitfall):
    """Gradients come with ``backward()``; before it there is nothing to clip.

    The call finds no gradient, returns a norm of zero, and the step that follows is as large as if it were not there.
    """

    msgid = "W7717"
    symbol = "clip-before-backward"
    message = (
        "%s finds no gradients, because loss.backward() comes only after it, so the step is not clipped; "
        "call it between loss.backward() and optimizer.step()"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="clear",
        moves={
            (ANY, Backward): "full",
            ("full", OptimizerStep): "spent",
            (ANY, ZeroGrad): "clear",
            ("clear", Escaped): "full",  # the code that got hold of the model or the loss may call backward
            ("clear", ClipGradients): BROKEN,
        },
    )
