"""A checkpoint to resume from, in half precision."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Contents, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import FileWritten, Halved, Kind

_HALF = frozenset({"half", "bfloat16"})


class HalfPrecisionCheckpoint(Pitfall):
    """Half precision keeps 11 of the 24 bits of a weight, and bfloat16 keeps 8.

    A run that is resumed from such weights goes on from others than it had, beside an optimizer whose state belongs to
    the true ones. To turn the live module for the save does the same to the run itself.
    """

    msgid = "W7747"
    symbol = "half-precision-checkpoint"
    message = (
        "%s saves weights in half precision beside the optimizer's state, so a resumed run goes on from rounded "
        "ones; write %s.state_dict() as it is, and turn a copy for inference alone, or call "
        "torchguard.Checkpointer(folder, ...).save()"
    )
    guard = "torchguard.Checkpointer"
    signs = signs(["torch.save"], [Halved])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find what is saved to resume from, with weights that were turned for it."""
        for trace in program.traces:
            turned = _turned_to_save(program, trace)
            for event in trace.events(FileWritten):
                if event.contents is None or not _is_to_resume_from(event.contents):
                    continue
                halved = [value for value in event.contents.values if _is_half(program, value, turned)]
                place = program.making(event) or program.shown_at(event, *(value.owner or value for value in halved))
                if halved and place is not None:
                    module = halved[0].owner or halved[0]
                    name = "" if program.is_copy(module) else program.name_of(module)
                    yield Finding(place, (place.text, name or "model"), halved[0].guessed)


def _is_to_resume_from(contents: Contents) -> bool:
    kinds = {
        (value.owner or value).kind for value in contents.values if value.kind in {Kind.STATE_DICT, Kind.OPTIMIZER}
    }
    return Kind.OPTIMIZER in kinds


def _turned_to_save(program: Program, trace: Trace) -> frozenset[Subject]:
    """Return the modules that are turned where they are saved: copies, and live ones in the loop that trains them."""
    return frozenset(
        module for event in trace.events(Halved) for module in event.subjects if event.depth or program.is_copy(module)
    )


def _is_half(program: Program, value: Subject, turned: Collection[Subject]) -> bool:
    if value.kind is Kind.TENSOR:
        sources = program.copied_from(value)
        return value.path in _HALF and any(source.owner and source.owner.kind is Kind.STATE_DICT for source in sources)
    if value.kind is Kind.UNKNOWN:
        return value in turned and program.is_copy(value)
    return value in turned or (value.kind is Kind.STATE_DICT and value.owner in turned)
