"""Validation, test or inference in train mode."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import EvalMode, EvaluationForward, Kind, TrainMode, Trait


class MissingEval(Pitfall):
    """In train mode dropout drops, and BatchNorm normalises by the batch and moves its running statistics.

    ``no_grad()`` changes neither. An evaluation in train mode reports a noisier, usually worse model than the one
    that was trained, and leaves the statistics of the validation set behind in it.
    """

    msgid = "W7731"
    symbol = "missing-eval"
    message = (
        "%s evaluates a module that is still in train mode, so dropout and BatchNorm act as in training; "
        "call .eval() on it before, and .train() after"
    )
    guard = "torchguard.eval_mode"
    protocol = Protocol(
        of=Kind.MODULE,
        start="train",
        moves={
            (ANY, TrainMode): "train",
            (ANY, EvalMode): "eval",
            ("train", EvaluationForward): BROKEN,
        },
        unless_lacking=Trait.MODE_DEPENDENT,
    )
