"""The rank on one machine in the place of the rank in the whole group."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program, Subject

_WITH_RANK = (
    "torch.distributed.init_process_group",
    "torch.utils.data.distributed.DistributedSampler",
    "torch.utils.data.DistributedSampler",
)


class LocalRankAsRank(Pitfall):
    """``LOCAL_RANK`` counts the processes of one machine, ``RANK`` those of all machines.

    On one machine they are the same. On two, each local rank is there twice: the group never comes together, or two
    processes get the same share of the data and other shares are given to nobody.
    """

    msgid = "W7770"
    symbol = "local-rank-as-rank"
    message = (
        "%s takes LOCAL_RANK for the rank, which is wrong on more than one machine; write "
        "rank=int(os.environ[%s]), or with torchguard.distributed() as env:"
    )
    guard = "torchguard.distributed"
    signs = signs(["environ", "getenv", ".environ", ".getenv"], ["init_process_group", "DistributedSampler"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find ranks that are read from the launcher's ``LOCAL_RANK`` and from nothing else."""
        for path in _WITH_RANK:
            for call in program.calls(path):
                ranks = [value for value in call.argument("rank") if program.rests_on_rank([value])]
                if _is_launched_local(ranks):
                    yield Finding(call, (call.text, '"RANK"'))


def _is_launched_local(ranks: list[Subject]) -> bool:
    """Is this the variable of the launcher, and may it be no rank of the whole group?"""
    return any(rank.constant == "LOCAL_RANK" for rank in ranks) and {rank.path for rank in ranks} == {"local rank"}
