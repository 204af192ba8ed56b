"""``optimizer.step()`` on gradients that a gradient scaler has multiplied."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Finding, Pitfall, Protocol
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Kind,
    OptimizerStep,
    ScaledBackward,
    ScaledStep,
    UnscaledByHand,
    UnscaleGradients,
    ZeroGrad,
    ZeroGradPart,
)

_LOOKED_FOR = ("isfinite", "isnan", "isinf")  # by who steps only where nothing has overflowed


class StepBypassesScaler(Pitfall):
    """A gradient scaler multiplies the loss, by 65536 at first, and so every gradient.

    ``scaler.step(optimizer)`` takes that back, and skips the step if a gradient has overflowed. ``optimizer.step()``
    does neither: the step is thousands of times too long, and one overflow, which ``unscale_`` leaves as it is, fills
    the weights with NaN.
    """

    msgid = "E7763"
    symbol = "step-bypasses-scaler"
    message = (
        "%s takes gradients as they are: multiplied by the loss scale unless unscale_() was called, and infinite "
        "where they have overflowed; write scaler.step(optimizer), or call torchguard.TrainStep"
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
            ("scaled", UnscaledByHand): "true",
            ("scaled", UnscaleGradients): "unscaled",
            ("unscaled", ScaledBackward): "scaled",
            ("unscaled", Backward): "mixed",
            ("mixed", OptimizerStep): "true",
            (ANY, ZeroGrad): "true",
            ("scaled", ZeroGradPart): "scaled",  # the rest of them is as it was
            ("unscaled", ZeroGradPart): "unscaled",
            ("scaled", OptimizerStep): BROKEN,
            ("unscaled", OptimizerStep): BROKEN,  # what has overflowed is still infinite
        },
        unless_seen=(ScaledStep,),  # a scaler that an option switches off goes with both forms of the step,
        unless_seen_apart=False,  # but not if the backward passes are two as well
    )

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find the steps, but where the program itself looks for what has overflowed."""
        for finding in super().check(program):
            call = program.call_at(finding.place)
            if call is None or not any(call.depends_on(name) for name in _LOOKED_FOR):
                yield finding
