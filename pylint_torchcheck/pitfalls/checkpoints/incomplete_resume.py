"""A resume that leaves a part of the checkpoint in the file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from pylint_torchcheck.pitfalls.pitfall import Finding, InAnyFunction, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Contents, Event, Place, Program, Restart, Trace
from pylint_torchcheck.pitfalls.vocabulary import FileRead, FileWritten, Kind, OptimizerStep, StateTaken

_EPOCH = re.compile(r"(?:start_|last_|cur_|current_)?epochs?", re.IGNORECASE)
_COUNT = re.compile(r"^\['(?:\w+_)?(?:epochs?|iter(?:ation)?s?|steps?)'\]$")
_LEFT = "brings back the %s and never what is saved under"
_STATEFUL = frozenset({Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER})
# Under these keys stands the state of such an object, even if the object comes from code that is not in sight.
_SPOKEN_OF: dict[Kind, re.Pattern[str]] = {
    Kind.OPTIMIZER: re.compile(r"optim(?:izer)?(?:_state)?(?:_?dict)?", re.IGNORECASE),
    Kind.SCHEDULER: re.compile(r"(?:lr_?)?sched(?:uler)?(?:_state)?(?:_?dict)?", re.IGNORECASE),
    Kind.SCALER: re.compile(r"(?:loss_|grad_|amp_)?scaler(?:_state)?(?:_?dict)?", re.IGNORECASE),
}
_ANY_KEY = re.compile(r"(?:\[\]|\.(?:items|values|update)(?:\(\))?)$")  # asked for keys that are not in sight
_Reads: TypeAlias = list[tuple[Trace, Event, frozenset[str]]]  # where, the load, and what is asked of its result


class IncompleteResume(Pitfall):
    """A scheduler, a scaler or an epoch count that was saved is of no use in the file.

    The optimizer goes on with its moments, and beside it the schedule or the count of epochs starts at the beginning.
    """

    msgid = "W7749"
    symbol = "incomplete-resume"
    message = "%s %s; write %s, or call torchguard.Checkpointer(folder, ...).resume()"
    guard = "torchguard.Checkpointer"
    signs = signs(["torch.load"], InAnyFunction({StateTaken}), InAnyFunction({"torch.save"}))
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loads that leave out what is saved beside the optimizer, and epochs that are done twice or never."""
        yield from _left_out(program)
        for restart in program.restarts():
            if restart.after != 1:
                yield Finding(restart, (restart.text, _harm(restart), _mended(restart)))


def _left_out(program: Program) -> Iterator[Finding]:
    """Find loads that take up a run, and ask for less than each mapping holds that they may come from."""
    reads = [(trace, read, _asked(program, read)) for trace in program.traces for read in trace.events(FileRead)]
    saved, told = _saved(program) if reads else [], set[Place]()
    for trace, read, uses in reads:
        asked = _keys(uses)
        mapped = [needed for keys, needed in saved if asked <= keys] if asked else []
        fitting = [needed for needed in mapped if _is_resume(trace, read, needed, uses)]
        missing = [_left(needed, uses, reads) for needed in fitting]
        is_known = bool(missing) and not program.leaves_sight(read) and not any(map(_ANY_KEY.match, uses))
        place = program.shown_at(read) if is_known else None
        if place is not None and place not in told and all(missing):
            told.add(place)
            remedy = _remedy(program, fitting[0], missing[0][0], place)
            yield Finding(place, (place.text, _what(fitting[0], missing[0], uses), remedy))


def _left(needed: Mapping[str, Kind], uses: Collection[str], reads: _Reads) -> list[str]:
    return [key for key in needed if not _is_asked(key, uses) and not _is_brought_by_another(key, uses, reads)]


def _is_asked(key: str, uses: Collection[str]) -> bool:
    return f"[{key!r}]" in uses


def _is_brought_by_another(key: str, uses: Collection[str], reads: _Reads) -> bool:
    """Does another load ask for the key, and not for what this one asks for, so that the two go together?"""
    others = [other for _, _, other in reads if other is not uses and _is_asked(key, other)]
    return any(not _keys(uses) <= _keys(other) for other in others)


def _keys(uses: Collection[str]) -> set[str]:
    """Return the keys that are asked for, as they are written."""
    return {use[1:-1] for use in uses if use.startswith("[")}


def _is_resume(trace: Trace, read: Event, saved: Mapping[str, Kind], uses: Collection[str]) -> bool:
    """Is more brought back than a model's weights, and trained on from there?"""
    asked = {kind for key, kind in saved.items() if _is_asked(key, uses)}
    if asked & _STATEFUL:
        return True
    is_counted = any(_COUNT.search(use) for use in uses)
    return is_counted and trace.may_follow(*trace.events(OptimizerStep), after=[read])


def _what(saved: Mapping[str, Kind], left: list[str], uses: Collection[str]) -> str:
    """Say what comes back, and what does not."""
    back = [kind.name.lower() for key, kind in saved.items() if kind in _STATEFUL and _is_asked(key, uses)]
    return f"{_LEFT % (back[0] if back else 'count')} {' and '.join(map(repr, left))}, which starts afresh"


def _harm(restart: Restart) -> str:
    if restart.after < 1:
        return f"begins with the epoch that was done when it was saved under {restart.key!r}, which is trained again"
    return f"passes over an epoch, since what is saved under {restart.key!r} is the next one already"


def _mended(restart: Restart) -> str:
    source, _, added = restart.text.partition(" + ")
    right = 1 - restart.after + (int(added) if added.isdigit() else 0)
    return f"{source} + {right}" if right else source


def _asked(program: Program, read: Event) -> frozenset[str]:
    return frozenset(use for result in read.results for use in program.uses(result))


def _saved(program: Program) -> list[tuple[set[str], Mapping[str, Kind]]]:
    """Return, of each mapping that is saved, its keys, and what a resumed run needs of it, by its key."""
    written = (event.contents for trace in program.traces for event in trace.events(FileWritten))
    return [({repr(key) for key in one.entries}, dict(_needed(one))) for one in written if one is not None]


def _needed(contents: Contents) -> Iterator[tuple[str, Kind]]:
    for key, held in contents.entries.items():
        owners = [value.owner for value in held if value.kind is Kind.STATE_DICT and value.owner is not None]
        kinds: set[Kind] = {owner.kind for owner in owners if owner.kind is not Kind.UNKNOWN}
        if not kinds and (owners or {value.kind for value in held} == {Kind.UNKNOWN}):
            kinds = {kind for kind, pattern in _SPOKEN_OF.items() if pattern.fullmatch(key)}
        if len(kinds) == 1 and kinds <= _STATEFUL:
            yield key, kinds.pop()
        elif _EPOCH.fullmatch(key) and not owners:
            yield key, Kind.DATA


def _remedy(program: Program, saved: Mapping[str, Kind], key: str, place: Place) -> str:
    call = program.call_at(place)
    checkpoint = (call.target_text if call is not None else "") or "checkpoint"
    if saved[key] is Kind.DATA:
        return f"start_epoch = {checkpoint}[{key!r}] + 1"
    return f"{saved[key].name.lower()}.load_state_dict({checkpoint}[{key!r}])"
