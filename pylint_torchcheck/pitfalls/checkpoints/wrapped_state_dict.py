"""The state dict of a wrapper, saved."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Place, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import FileWritten, LoadWeights, StateTaken, Wrapped


class WrappedStateDict(Pitfall):
    """``DataParallel``, ``DistributedDataParallel`` and ``torch.compile`` put their own name before every key.

    Weights that are saved so fit no bare module: a strict load raises, and a lenient one loads nothing.
    """

    msgid = "W7745"
    symbol = "wrapped-state-dict"
    message = (
        "%s is that of a wrapper, so every key begins with %s and fits no bare module; write %s.%s.state_dict(), "
        "or call torchguard.Checkpointer(folder, ...).save()"
    )
    guard = "torchguard.Checkpointer"
    signs = signs([Wrapped], [".state_dict"], ["torch.save"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find wrappers' state dicts that are saved, where no wrapper loads one."""
        wrappings = [(trace, event) for trace in program.traces for event in trace.events(Wrapped)]
        loads = [event for trace in program.traces for event in trace.events(LoadWeights)] if wrappings else []
        for trace in program.traces if wrappings else ():
            for taken in trace.events(StateTaken):
                place = program.shown_at(taken)
                if place is not None and _is_saved(trace, taken) and not _is_for_bare(program, taken, place):
                    for wrapping in _wrappings_of(program, trace, taken, wrappings):
                        if not any(_goes_into(program, load, wrapping) for load in loads):
                            yield Finding(place, (place.text, *_names(program, wrapping, taken)))


def _is_for_bare(program: Program, taken: Event, place: Place) -> bool:
    """Is it only taken where there is no wrapper, since the other branch of a condition takes that of ``.module``?"""
    inner = f"{taken.receiver_text}.module"
    return any(other.receiver_text == inner and other.excludes(place) for other in program.method_calls("state_dict"))


def _is_saved(trace: Trace, taken: Event) -> bool:
    saves = (event.contents for event in trace.events(FileWritten) if event.contents is not None)
    return any(not set(taken.results).isdisjoint(contents.values) for contents in saves)


def _wrappings_of(
    program: Program, trace: Trace, taken: Event, wrappings: list[tuple[Trace, Event]]
) -> Iterator[Event]:
    """Return what has wrapped for certain the very thing whose state dict is taken."""
    for other, wrapping in wrappings:
        is_certain = (
            trace.always_follows(taken, after=wrapping) if other is trace else program.is_of_constructor(wrapping)
        )
        if is_certain and program.same_reference(taken, wrapping):
            yield wrapping


def _goes_into(program: Program, load: Event, wrapping: Event) -> bool:
    """Is a state dict loaded into the wrapper, or by a helper into what may be it?"""
    is_by_a_helper = not set(load.subjects).isdisjoint(wrapping.subjects) and len(load.subjects) > 1
    return is_by_a_helper or program.same_reference(load, wrapping)


def _names(program: Program, wrapping: Event, taken: Event) -> tuple[str, str, str]:
    prefix = program.key_prefix(wrapping)
    return repr(prefix), taken.receiver_text, prefix.rstrip(".")
