"""``scaler.step()`` a second time with no ``scaler.update()`` between."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Kind, ScaledStep, ScalerUpdate


class MissingScalerUpdate(Pitfall):
    """``scaler.update()`` ends an iteration: it sets the next scale and lets each optimizer be stepped again.

    Without it the second ``scaler.step(optimizer)`` raises; where the scaler is new in each iteration, it never
    learns its scale.
    """

    msgid = "E7764"
    symbol = "missing-scaler-update"
    message = (
        "%s runs again with no scaler.update() since it last ran, which raises RuntimeError; call scaler.update() "
        "after the steps of each iteration, or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="ready",
        moves={
            (ANY, ScalerUpdate): "ready",
            ("ready", ScaledStep): "stepped",
            ("stepped", ScaledStep): BROKEN,
        },
        unless_many=True,
    )
