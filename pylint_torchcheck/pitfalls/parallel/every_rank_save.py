"""A checkpoint, or a log, that every rank of a process group writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Ranks

# What is written, by whom, the parameter that says where, what comes of it, and what to call.
_WRITERS = (
    (
        "torch.save",
        "f",
        "they write over one another and may leave a torn file",
        "torchguard.Checkpointer(folder, ...).save()",
    ),
    (
        "torch.utils.tensorboard.SummaryWriter",
        "log_dir",
        "each curve is logged once by each of them",
        "torchguard.is_main()",
    ),
    ("tensorboardX.SummaryWriter", "logdir", "each curve is logged once by each of them", "torchguard.is_main()"),
)
_IN_MEMORY = re.compile(r"buf|bytes|stream|\bbio\b|memory", re.IGNORECASE)


class EveryRankSave(Pitfall):
    """Each process of a group runs the whole script, so what is not for one rank alone is done by all of them.

    Several processes that write one file at once leave a mixture of what each of them wrote, or cut it short while
    another one reads it. The weights are the same on every rank: one of them has to save.
    """

    msgid = "W7768"
    symbol = "every-rank-save"
    message = (
        "%s runs on every rank of the process group, so %s; write if torch.distributed.get_rank() == 0:, or call %s"
    )
    guard = "torchguard.Checkpointer"
    signs = signs(
        [".save", "save", "SummaryWriter"],
        ["init_process_group", "DistributedDataParallel", "FullyShardedDataParallel", "fully_shard"],
    )
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find what is written in a process group with no regard to the rank, in the path or around the call."""
        for path, target, harm, guard in _WRITERS:
            calls = chain(((call, call) for call in program.calls(path)), program.far_calls(path))
            for place in dict.fromkeys(place for place, call in calls if _is_by_all(program, call, target)):
                yield Finding(place, (place.text, harm, guard))


def _is_by_all(program: Program, call: Call, target: str) -> bool:
    return Ranks.EVERY in call.ranks_in_group and not _is_apart(program, call, target)


def _is_apart(program: Program, call: Call, target: str) -> bool:
    """Does each rank write to a place of its own?"""
    where = call.argument(target)
    is_in_memory = program.are_private_files(where) or _IN_MEMORY.search(call.argument_text(target))
    return bool(is_in_memory) or program.rests_on_rank(where)
