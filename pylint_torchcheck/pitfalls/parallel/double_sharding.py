"""Data that is divided among the ranks by hand, and then once more by a sampler."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program


class DoubleSharding(Pitfall):
    """``DistributedSampler`` gives each rank its share of the data set that it gets, which has to be the whole one.

    Of a data set that each rank has cut to its own share, only a share of that is left: with eight ranks an epoch
    sees an eighth of the data, and the rest never.
    """

    msgid = "W7771"
    symbol = "double-sharding"
    message = (
        "%s divides data that %s has divided among the ranks already, so most of it is never seen; write "
        "DistributedSampler(dataset) for the whole dataset, or torchguard.ResumableLoader(...)"
    )
    guard = "torchguard.ResumableLoader"
    signs = signs(["DistributedSampler"], ["Subset", ".shard", "split_dataset_by_node"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find samplers over data sets that were cut by the rank."""
        divisions = [call for call in _divisions(program) if program.rests_on_rank(call.argument_values())]
        for path in ("torch.utils.data.distributed.DistributedSampler", "torch.utils.data.DistributedSampler"):
            for call in program.calls(path):
                data = program.origins(call.argument("dataset"))
                divided = next((one for one in divisions if not data.isdisjoint(one.results)), None)
                if divided is not None:
                    yield Finding(call, (call.text, divided.text))


def _divisions(program: Program) -> Iterator[Call]:
    yield from program.calls("torch.utils.data.Subset")
    yield from program.calls("datasets.distributed.split_dataset_by_node")
    yield from program.method_calls("shard")
