"""Training under float16 autocast without a gradient scaler."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    HalfBackward,
    Kind,
    OptimizerStep,
    ScaledBackward,
    ScaledStep,
    UnscaleGradients,
    ZeroGrad,
)


class AutocastWithoutScaler(Pitfall):
    """float16 holds nothing below 6e-8, and the gradients of a trained network are often smaller than that.

    A backward pass through float16 autocast flushes them to zero, without a word: those weights stop learning. A
    gradient scaler multiplies the loss first, so that they stay in range. bfloat16 has the range of float32 and
    needs none.
    """

    msgid = "W7764"
    symbol = "autocast-without-scaler"
    message = (
        "%s follows gradients that went through float16 unscaled, where small ones are flushed to zero; write "
        "scaler.scale(loss).backward(), scaler.step(optimizer), scaler.update(), or use dtype=torch.bfloat16, or "
        "call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="clear",
        moves={
            ("clear", HalfBackward): "half",
            (ANY, ScaledBackward): "scaled",
            ("clear", Backward): "full",
            ("half", UnscaleGradients): "scaled",
            ("half", OptimizerStep): BROKEN,
            ("half", ScaledStep): "clear",
            (ANY, ZeroGrad): "clear",
        },
        unless_seen=(ScaledStep,),  # what an option chooses between goes with autocast that it switches off
    )
