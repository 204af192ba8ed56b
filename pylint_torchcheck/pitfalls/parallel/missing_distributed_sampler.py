"""Training of a DDP model on a loader that gives every rank all of the data."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import Backward, Kind, Ranks, Replicated

# Data sets that know nothing of ranks.
_PLAIN = ("torchvision.datasets.", "torch.utils.data.TensorDataset", "torch.utils.data.Subset")


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
            if not replicated.isdisjoint(program.origins(event.subjects)):
                yield {value for value in program.origins(event.looped_over) if value.kind is Kind.LOADER}


def _is_undivided(program: Program, call: Call) -> bool:
    if any(call.gives(parameter) for parameter in ("sampler", "batch_sampler")) or call.ranks == {Ranks.ALONE}:
        return False
    data = call.argument("dataset")
    return bool(data) and all(_is_plain(program, one) for one in data) and not program.rests_on_rank(data)


def _is_plain(program: Program, data: Subject) -> bool:
    """Is this a data set that is indexed, and that does not look at the rank itself?"""
    return program.path_of(data).startswith(_PLAIN) or program.is_rankless_sequence(data)
