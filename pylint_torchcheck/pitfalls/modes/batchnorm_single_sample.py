"""A last batch of one sample, met by BatchNorm in train mode."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import EvalMode, Kind, NormsHeld, SingleSampleForward, TrainMode, Trait


class BatchnormSingleSample(Pitfall):
    """A loader gives what is left over as its last batch; of 65 samples in batches of 16, that is a single one.

    In train mode BatchNorm has nothing to compare one sample with: where a channel has one value for each sample, it
    raises at the end of the first epoch; elsewhere it normalises by this sample and lets it move its statistics.
    """

    msgid = "W7740"
    symbol = "batchnorm-single-sample"
    message = (
        "%s gets a last batch of one sample in each epoch, because the loader's data set has one item more than full "
        "batches take, and BatchNorm in train mode raises for it or learns its statistics from it alone; write "
        "drop_last=True in the DataLoader"
    )
    protocol = Protocol(
        of=Kind.MODULE,
        start="train",
        moves={
            (ANY, TrainMode): "train",
            (ANY, EvalMode): "eval",
            (ANY, NormsHeld): "eval",
            ("train", SingleSampleForward): BROKEN,
        },
        having=Trait.BATCH_NORM,
    )
