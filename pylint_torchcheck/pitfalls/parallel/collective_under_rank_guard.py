"""A collective operation that one rank of a process group calls, and no other."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Near, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Ranks

_COLLECTIVES = (
    *(
        f"torch.distributed.{name}"
        for name in (
            "all_gather all_gather_into_tensor all_gather_object all_reduce all_to_all all_to_all_single barrier "
            "broadcast broadcast_object_list gather gather_object new_group reduce reduce_scatter "
            "reduce_scatter_tensor scatter scatter_object_list"
        ).split()
    ),
    *(
        f"torch.distributed.checkpoint.{name}"
        for name in "save load async_save save_state_dict load_state_dict".split()
    ),
)
_SHARDED = "torch.distributed.fsdp.FullyShardedDataParallel"
_OF_SOME = ("group", "process_group", "no_dist")


class CollectiveUnderRankGuard(Pitfall):
    """A collective operation waits for every rank of its group.

    Called by one rank only, it waits for ever, or takes the other ranks' next collective for its own and mixes up the
    data of both. Saving a distributed checkpoint and the state dict of an FSDP module are such operations, too.
    """

    msgid = "E7769"
    symbol = "collective-under-rank-guard"
    message = (
        "%s waits for every rank of the group, and a condition lets only one rank come here, so it never returns; "
        "write it before the condition"
    )
    signs = signs(Near({*_COLLECTIVES, ".state_dict"}), Near({*_COLLECTIVES, _SHARDED.rpartition(".")[2]}), [Sign.RANK])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find collectives that the first rank comes to, and the others to none."""
        collectives = [call for path in _COLLECTIVES for call in program.calls(path) if _is_of_all(call)]
        collectives += [call for call in program.method_calls("state_dict") if _is_sharded(program, call)]
        if not any(Ranks.OTHERS in call.ranks for call in collectives):
            for call in collectives:
                if call.ranks == {Ranks.FIRST}:
                    yield Finding(call, (call.text,))


def _is_of_all(call: Call) -> bool:
    return not any(call.gives(parameter) for parameter in _OF_SOME)


def _is_sharded(program: Program, call: Call) -> bool:
    return bool(call.receivers) and all(program.is_wrapped_by(value, _SHARDED) for value in call.receivers)
