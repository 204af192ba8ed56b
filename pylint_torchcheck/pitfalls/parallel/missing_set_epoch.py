"""A distributed sampler that deals out the same order in every epoch."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Drawn, EpochSet, Escaped, Kind


class MissingSetEpoch(Pitfall):
    """``DistributedSampler`` shuffles by its seed and its epoch, so that all ranks agree on the order.

    Nobody but the training loop knows the epoch. Without ``set_epoch`` every epoch has the order of the first one, and
    each rank sees the same share of the data in the same batches again and again.
    """

    msgid = "W7774"
    symbol = "missing-set-epoch"
    message = (
        "%s draws the order of the epoch before once more, since its DistributedSampler was not told the new "
        "epoch; call sampler.set_epoch(epoch) before it, or write torchguard.ResumableLoader(...)"
    )
    guard = "torchguard.ResumableLoader"
    protocol = Protocol(
        of=Kind.SAMPLER,
        start="told",
        moves={
            (ANY, EpochSet): "told",
            (ANY, Escaped): "told",
            ("told", Drawn): "drawn",
            ("drawn", Drawn): BROKEN,
        },
    )
