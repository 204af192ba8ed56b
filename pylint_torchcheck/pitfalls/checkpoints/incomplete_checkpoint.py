"""A checkpoint to resume from that lacks the state of what the run uses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Contents, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import (
    Created,
    Escaped,
    FileRead,
    FileWritten,
    Kind,
    OptimizerStep,
    ScalerUpdate,
    SchedulerSet,
    SchedulerStep,
    StateTaken,
)

# Keys under which a state may stand that is put together by hand, or comes from code that is not in sight.
_PERHAPS = {
    Kind.SCHEDULER: re.compile(r"sched|lr|last_epoch|state|extra|train", re.IGNORECASE),
    Kind.SCALER: re.compile(r"scale|amp|state|extra|train", re.IGNORECASE),
    Kind.OPTIMIZER: re.compile(r"opt|state|extra|train", re.IGNORECASE),
    Kind.MODULE: re.compile(r"ema|avg|average|swa|state|extra", re.IGNORECASE),
}
_KNOWN = frozenset({Kind.MODULE, Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER, Kind.CONSTANT})
_COUNT = re.compile(r"(?:\w+_)?(?:epochs?|iter(?:ation)?s?|steps?)", re.IGNORECASE)
_KINDS = {
    Kind.MODULE: "model",
    Kind.OPTIMIZER: "optimizer",
    Kind.SCHEDULER: "scheduler",
    Kind.SCALER: "scaler",
}
_AVERAGED = "torch.optim.swa_utils.AveragedModel"
_PLATEAU = "ReduceLROnPlateau"


class IncompleteCheckpoint(Pitfall):
    """What is not in the checkpoint starts afresh in the resumed run, beside what goes on.

    A scheduler begins its warm-up again, a gradient scaler its search for a scale, an optimizer its moments: the loss
    jumps, and the run is not the one that was interrupted. A generator that shuffles gives its first orders again.
    """

    msgid = "W7748"
    symbol = "incomplete-checkpoint"
    message = (
        "%s leaves the state of %s out of the checkpoint, so that a resumed run starts it afresh; "
        "add %s, or call torchguard.Checkpointer(folder, ...).save()"
    )
    guard = "torchguard.Checkpointer"
    signs = signs(["torch.save"], [StateTaken])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find saved mappings with an optimizer's state or an epoch, and without the state of what goes with it."""
        asked = frozenset(
            value for trace in program.traces for event in trace.events(StateTaken) for value in event.subjects
        )
        for trace in program.traces:
            used = [value for value in _used(program, trace) if value not in asked]
            for event in trace.events(FileWritten):
                if event.contents is None or not event.contents.is_complete:
                    continue
                missing = _missing(program, trace, event.contents, used, asked)
                place = program.making(event) or program.shown_at(event, *missing)
                if missing and place is not None:
                    names = list(dict.fromkeys(_name(program, value) for value in missing))
                    guessed = any(value.guessed for value in missing)
                    entries = dict.fromkeys(_entry(program, value) for value in missing)
                    yield Finding(place, (place.text, " and ".join(names), ", ".join(entries)), guessed)


def _name(program: Program, value: Subject) -> str:
    """Return the name that a reader of this file knows an object by."""
    named = program.name_of(value) if program.is_of_this_file(value) else ""
    return named or _KINDS.get(value.kind, "generator")


def _entry(program: Program, value: Subject) -> str:
    name = _name(program, value)
    taken = f"{name}.state_dict()" if value.kind in _KINDS else f"{name}.get_state()"
    return f'"{name.rpartition(".")[2]}": {taken}'


def _used(program: Program, trace: Trace) -> list[Subject]:
    """Return what has a state that matters and is at work in a trace, in the order of first use."""
    found: dict[Subject, None] = {}
    told = {value for event in trace.events(SchedulerSet) for value in event.subjects if _PLATEAU not in value.path}
    for event in trace.events(OptimizerStep, SchedulerStep, ScalerUpdate, Created):
        for value in _one_of(event.subjects):
            match value.kind:
                case Kind.SCHEDULER if value not in told and not _starts_anywhere(program, value):
                    found[value] = None
                case Kind.OPTIMIZER if event.verb is not Created and _has_state(program, value):
                    found[value] = None
                case Kind.SCALER if event.verb is ScalerUpdate and value.constant is not False:
                    found[value] = None
                case Kind.MODULE if value.path == _AVERAGED:
                    found[value] = None
    stepped = {value for event in trace.events(SchedulerStep) for value in event.subjects}
    return [value for value in found if value.kind is not Kind.SCHEDULER or value in stepped]


def _one_of(subjects: Collection[Subject]) -> list[Subject]:
    """Return the one object that something happens to; of several optimizers, of which only one is there, any one."""
    kinds = {value.kind for value in subjects}
    if len(subjects) == 1 or kinds == {Kind.OPTIMIZER}:
        return sorted(subjects, key=lambda value: (value.path.endswith(".SGD"), value.path))[-1:]
    return []


def _starts_anywhere(program: Program, scheduler: Subject) -> bool:
    """Is it told which epoch was the last, at its making or later?"""
    call = program.creation(scheduler)
    if call is not None and call.gives("last_epoch"):
        return True
    return any(scheduler in assignment.receivers for assignment in program.assignments("last_epoch"))


def _has_state(program: Program, optimizer: Subject) -> bool:
    """Does it keep more than its learning rate? Plain SGD does not."""
    call = program.creation(optimizer)
    if call is None or optimizer.guessed:
        return bool(optimizer.path) and "." not in optimizer.path  # of a class of the project
    return not optimizer.path.endswith(".SGD") or call.setting("momentum") not in (None, 0)


def _missing(
    program: Program, trace: Trace, contents: Contents, used: Collection[Subject], asked: Collection[Subject]
) -> list[Subject]:
    held = frozenset(
        (value.owner or value) for value in contents.values if value.kind in {Kind.STATE_DICT, Kind.MODULE}
    )
    optimizers = [value for value in held if value.kind is Kind.OPTIMIZER]
    if not optimizers and not _is_resumed_from(program, trace, contents, held):
        return []
    unsure = [key for key, values in contents.entries.items() if not all(map(_is_known, values))]
    stepping = {value for one in trace.events(OptimizerStep) for value in one.subjects}
    stateful = [
        value
        for value in used
        if value not in held
        and not any(_PERHAPS[value.kind].search(key) for key in unsure)
        and _goes_with(program, value, optimizers, held, len(stepping))
    ]
    return [*_models(program, optimizers, asked), *stateful, *_generators(program, contents)]


def _models(program: Program, optimizers: Collection[Subject], asked: Collection[Subject]) -> list[Subject]:
    """Return the modules of the optimizers in a checkpoint, if no module's state is saved by anybody."""
    saved = [event.contents for trace in program.traces for event in trace.events(FileWritten)]
    is_saved = any(one is None or any(map(_may_be_a_model, one.values)) for one in saved)
    is_asked = any(value.kind in {Kind.MODULE, Kind.UNKNOWN} for value in asked)
    if is_asked or is_saved or len(optimizers) != 1:
        return []
    modules = [value for value in program.origins(optimizers) if value.kind is Kind.MODULE and value.owner is None]
    escaped = {value for trace in program.traces for event in trace.events(Escaped) for value in event.subjects}
    return modules if len(modules) == 1 and escaped.isdisjoint(modules) and program.name_of(modules[0]) else []


def _may_be_a_model(value: Subject) -> bool:
    holder = value.owner if value.kind is Kind.STATE_DICT else value
    return holder is None or holder.kind not in {*_KINDS, Kind.CONSTANT, Kind.DATA} - {Kind.MODULE}


def _generators(program: Program, contents: Contents) -> list[Subject]:
    """Return the generators by which training data is shuffled, and of which no state is taken or set anywhere."""
    made = [value for call in program.calls("torch.Generator") for value in call.results]
    counted = [key for key in contents.entries if _COUNT.fullmatch(key)]
    if not made or not counted or any(True for _ in program.method_calls("get_state", "set_state", "set_epoch")):
        return []
    shuffled = [call for call in program.constructions(Kind.LOADER) if call.setting("shuffle") is True]
    drawn = program.origins(value for call in shuffled for value in call.argument("generator"))
    return [value for value in made if value in drawn and value.kind is not Kind.DATA]


def _is_known(value: Subject) -> bool:
    """Is it the state of something in sight, and so of nothing else?"""
    holder = value.owner if value.kind is Kind.STATE_DICT else value
    return holder is not None and holder.kind in _KNOWN


def _goes_with(
    program: Program, value: Subject, optimizers: Collection[Subject], held: Collection[Subject], stepping: int
) -> bool:
    """Does an object belong to what is saved?"""
    if value.kind is Kind.SCALER:
        return True
    origins = program.origins([value])
    if not optimizers:
        return not origins.isdisjoint(held)
    if value.kind is Kind.SCHEDULER:
        return not origins.isdisjoint(optimizers) or (value.guessed and stepping == 1)
    return not origins.isdisjoint(held) or value.kind is Kind.OPTIMIZER


def _is_resumed_from(program: Program, trace: Trace, contents: Contents, held: Collection[Subject]) -> bool:
    """Is a schedule or a scale saved with a module, or a count that is read back and trained on from?"""
    kinds = {value.kind for value in held}
    counts = [key for key in contents.entries if _COUNT.fullmatch(key)]
    if Kind.MODULE not in kinds or not counts:
        return False
    if not kinds.isdisjoint({Kind.SCHEDULER, Kind.SCALER}):
        return True
    steps = list(trace.events(OptimizerStep))
    return any(
        f"[{count!r}]" in program.uses(checkpoint)
        for read in trace.events(FileRead)
        if trace.may_follow(*steps, after=[read])
        for checkpoint in read.results
        for count in counts
    )
