"""Training of a DDP model on a loader that gives every rank all of the data."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import Backward, Kind, Ranks, Replicated


class MissingDistributedSampler(Pitfall):
    """DDP averages gradients; it does not divide the data. Each rank runs the loader that it has built.

    Without a ``DistributedSampler`` every rank goes through the whole data set: an epoch takes as long as on one
    device, and unless each rank shuffles in another way, all of them compute the same gradient.
    """

    msgid = "W7773"
    symbol = "missing-distributed-sampler"
    message = (
        "%s gives every rank all of the data, so the ranks of the DDP model share no work; add sampler=%s, or "
        "torchguard.ResumableLoader(...)"
    )
    guard = "torchguard.ResumableLoader"
    signs = signs(["DistributedDataParallel"], ["DataLoader"], [Backward])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loaders whose batches the loss of a DDP model comes from, and that nothing divides among ranks."""
        for loaders in _trained_on(program):
            calls = [program.creation(loader) for loader in loaders]
            if all(call is not None and _is_undivided(program, call) for call in calls):
                for call in calls:
                    assert call is not None
                    yield Finding(call, (call.text, f"DistributedSampler({call.argument_text('dataset')})"))


def _trained_on(program: Program) -> Iterator[set[Subject]]:
    """Return, for each loss of a DDP model, the loaders that it may come from."""
    replicated = {value for trace in program.traces for one in trace.events(Replicated) for value in one.subjects}
    for trace in program.traces:
        for event in trace.events(Backward) if replicated else ():
            origins = program.origins(event.subjects)
            if program.belong((value for value in origins if value.kind is Kind.MODULE), replicated):
                sources = origins | program.origins(event.looped_over)
                yield {value for value in sources if value.kind is Kind.LOADER}


def _is_undivided(program: Program, call: Call) -> bool:
    if any(call.gives(parameter) for parameter in ("sampler", "batch_sampler")) or call.ranks == {Ranks.ALONE}:
        return False
    data = [one for one in call.argument("dataset") if one.kind is not Kind.CONSTANT]  # None, where no name fits
    return bool(data) and all(map(program.is_rankless_sequence, data)) and not program.rests_on_rank(data)
