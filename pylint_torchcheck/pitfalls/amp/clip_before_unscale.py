"""Clipping gradients that a gradient scaler has multiplied."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    ClipGradients,
    Kind,
    OptimizerStep,
    ScaledBackward,
    UnscaleGradients,
    ZeroGrad,
)


class ClipBeforeUnscale(Pitfall):
    """A gradient scaler multiplies the loss, by 65536 at first, and so every gradient.

    A norm taken before ``unscale_()`` is that much too large: nearly every step is clipped to next to nothing,
    by an amount that changes whenever the scale does.
    """

    msgid = "W7761"
    symbol = "clip-before-unscale"
    message = (
        "%s clips gradients that are still multiplied by the loss scale, so the threshold is thousands of times "
        "too tight; call scaler.unscale_(optimizer) first, or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="true",
        moves={
            (ANY, ScaledBackward): "scaled",
            ("true", Backward): "true",
            ("scaled", UnscaleGradients): "true",
            ("scaled", OptimizerStep): "true",
            ("scaled", ZeroGrad): "true",
            ("scaled", ClipGradients): BROKEN,
        },
    )
