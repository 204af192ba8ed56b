"""Evaluation that records a graph nobody uses."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    EvalMode,
    Freeze,
    GradientsTaken,
    Kind,
    RecordedEvaluation,
    TrainMode,
)


class MissingNoGrad(Pitfall):
    """``eval()`` changes how layers act; it does not stop autograd.

    Each forward pass of the evaluation still records a graph and keeps every activation for a backward pass that
    never comes: more memory than training needs, since two batches' graphs overlap, and more time.
    """

    msgid = "W7734"
    symbol = "missing-no-grad"
    message = (
        "%s evaluates with autograd on, so each batch keeps its activations for a backward() that never comes; "
        "put the loop under with torch.no_grad():"
    )
    guard = "torchguard.eval_mode"
    protocol = Protocol(
        of=Kind.MODULE,
        start="train",
        moves={
            (ANY, TrainMode): "train",
            (ANY, EvalMode): "eval",
            ("eval", RecordedEvaluation): BROKEN,
        },
        unless_seen=(Freeze,),  # nothing is recorded for what needs no gradient
        unless_leading_to=(Backward, GradientsTaken),  # an attack needs the gradient of its input
    )
