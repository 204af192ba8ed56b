"""A line that every rank of a process group prints."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Ranks


class EveryRankPrint(Pitfall):
    """Each process of a group runs the whole script, so a line is printed as many times as there are ranks.

    The copies come in any order, and it cannot be told which rank has printed which.
    """

    msgid = "C7768"
    symbol = "every-rank-print"
    message = (
        "%s runs on every rank of the process group, so the line is printed many times over; write if "
        "torch.distributed.get_rank() == 0:, or call torchguard.print_once"
    )
    guard = "torchguard.print_once"
    default_enabled = False
    signs = signs(
        ["print"], ["init_process_group", "DistributedDataParallel", "FullyShardedDataParallel", "fully_shard"]
    )
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find prints in a process group that neither a condition nor the line itself tells apart by rank."""
        for call in program.calls("builtins.print"):
            if Ranks.EVERY in call.ranks_in_group and not program.rests_on_rank(call.argument_values()):
                yield Finding(call, (call.text,))
