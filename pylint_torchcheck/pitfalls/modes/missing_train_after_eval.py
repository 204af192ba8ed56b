"""Training that goes on in eval mode after a validation."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    EvalMode,
    EvaluationForward,
    Forward,
    Kind,
    OptimizerStep,
    TrainMode,
    Trait,
)


class MissingTrainAfterEval(Pitfall):
    """``eval()`` lasts until ``train()``, and a validation that ends does not end it.

    From the second epoch on dropout is off and BatchNorm normalises by statistics that no longer move: the model
    that is trained is another one than in the first epoch, and nothing says so.
    """

    msgid = "W7735"
    symbol = "missing-train-after-eval"
    message = (
        "%s trains a module that validation has left in eval mode, so dropout and BatchNorm no longer act as in "
        "training; call .train() on it at the start of each epoch"
    )
    guard = "torchguard.eval_mode"
    protocol = Protocol(
        of=Kind.MODULE,
        start="train",
        moves={
            ("train", EvalMode): "resting",  # never trained in train mode; so it may be meant
            ("train", OptimizerStep): "trained",
            ("trained", EvalMode): "paused",
            ("paused", EvaluationForward): "paused",
            ("paused", Forward): "called",
            ("called", EvaluationForward): "called",
            ("called", Backward): "reached",
            ("reached", OptimizerStep): BROKEN,  # and not at `backward`, which an attack calls in eval mode, too
            (ANY, TrainMode): "train",
            # Where eval() stands under a condition, it may be meant for what follows, unless the module is called for
            # something else than training first.
            ("switched", EvaluationForward): "paused",
            ("switched", Forward): "called once",
            ("called once", EvaluationForward): "paused",
            ("called once", Forward): "called",
            ("called once", Backward): "meant",
        },
        obtained="train",
        once={"paused": "switched"},
        unless_lacking=Trait.MODE_DEPENDENT,
    )
