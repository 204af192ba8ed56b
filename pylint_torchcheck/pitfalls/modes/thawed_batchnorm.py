"""``train()`` after BatchNorm was put in eval mode."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    EvalMode,
    EvaluationForward,
    Forward,
    Kind,
    NormsHeld,
    TrainMode,
    Trait,
)


class ThawedBatchnorm(Pitfall):
    """``train()`` puts every layer back in train mode, those that were put in eval mode by hand included.

    BatchNorm that is held once, before the first epoch, is free again as soon as the loop calls ``train()``: its
    running statistics move, and small batches normalise by themselves after all.
    """

    msgid = "W7736"
    symbol = "thawed-batchnorm"
    message = (
        "%s runs with its BatchNorm layers in train mode again, because .train() came after they were put in eval "
        "mode; put them in eval mode after each .train()"
    )
    guard = "torchguard.freeze"
    protocol = Protocol(
        of=Kind.MODULE,
        start="free",
        moves={
            ("free", NormsHeld): "held",
            ("held", TrainMode): "undone",
            ("undone", NormsHeld): "held",
            ("undone", EvalMode): "resting",
            ("resting", TrainMode): "undone",
            ("undone", EvaluationForward): "undone",  # in train mode by mistake, which has a name of its own
            ("undone", Forward): BROKEN,
        },
        unless_lacking=Trait.BATCH_NORM,
    )
