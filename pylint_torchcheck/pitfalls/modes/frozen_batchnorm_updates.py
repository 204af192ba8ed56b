"""Frozen parameters whose BatchNorm statistics still move."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import EvalMode, Forward, Freeze, Kind, Thaw, TrainMode, Trait, WeightsCopied


class FrozenBatchnormUpdates(Pitfall):
    """``requires_grad = False`` stops the optimizer; it does not stop BatchNorm.

    In train mode each forward pass still moves ``running_mean`` and ``running_var``, so a backbone that was meant
    to stay as it was pretrained drifts towards the statistics of the new data.
    """

    msgid = "W7732"
    symbol = "frozen-batchnorm-updates"
    message = (
        "%s runs in train mode with frozen parameters, so its BatchNorm statistics still move; "
        "put the frozen part in eval mode after each .train()"
    )
    guard = "torchguard.freeze"
    protocol = Protocol(
        of=Kind.MODULE,
        start="training",
        moves={
            ("training", Freeze): "frozen",
            ("training", EvalMode): "evaluating",
            ("evaluating", TrainMode): "training",
            ("evaluating", Freeze): "held",
            ("frozen", EvalMode): "held",
            ("frozen", Thaw): "training",
            ("held", TrainMode): "frozen",
            ("held", Thaw): "evaluating",
            ("frozen", Forward): BROKEN,
        },
        having=Trait.BATCH_NORM,
        # Frozen for a while, as a GAN does with its discriminator; or a teacher, which follows its student.
        unless_seen=(Thaw, WeightsCopied),
    )
