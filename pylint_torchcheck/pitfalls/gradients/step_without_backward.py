"""A step for which no ``backward()`` has worked out gradients."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Backward, Escaped, EvaluationForward, Forward, Kind, OptimizerStep


class StepWithoutBackward(Pitfall):
    """A step follows the gradients that it finds. Where no backward pass has reached its parameters, it finds none.

    It then leaves them as they are, without a word; or, where those of the step before were not cleared, it takes the
    same step once more. So it is with a ``backward()`` that was forgotten, or with a loss of another module.
    """

    msgid = "W7718"
    symbol = "step-without-backward"
    message = (
        "%s has no new gradients to follow, because the module was called but no backward() reached its parameters "
        "since the last step; call loss.backward() before optimizer.step()"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="idle",
        moves={
            (ANY, Backward): "full",
            (ANY, Escaped): "full",  # the code that got hold of the model or the loss may call backward
            ("idle", Forward): "called",  # steps that follow no call at all are there for a scheduler's sake
            ("idle", EvaluationForward): "idle",
            ("called", OptimizerStep): BROKEN,
            ("full", OptimizerStep): "idle",
        },
    )
