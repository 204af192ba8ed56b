"""A resume that leaves a part of the checkpoint in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pylint_torchcheck.pitfalls.pitfall import Finding, Near, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Call, Contents, Program, Restart
from pylint_torchcheck.pitfalls.vocabulary import FileWritten, Kind, StateTaken

_EPOCH = re.compile(r"(?:start_|last_|cur_|current_)?epochs?", re.IGNORECASE)
_LEFT = "brings back the optimizer and never what is saved under"
_STATEFUL = frozenset({Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER})
_ANY_KEY = re.compile(r"\[\]|\.(?:items|values|update|pop)(?:\(\))?$")  # asked for keys that are not in sight


class IncompleteResume(Pitfall):
    """A scheduler, a scaler or an epoch count that was saved is of no use in the file.

    The optimizer goes on with its moments, and beside it the schedule or the count of epochs starts at the beginning.
    """

    msgid = "W7749"
    symbol = "incomplete-resume"
    message = "%s %s; write %s, or call torchguard.Checkpointer(folder, ...).resume()"
    guard = "torchguard.Checkpointer"
    signs = signs(Near({"torch.load", Sign.RESUMED_LOOP}), ["torch.load"], [StateTaken])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loads that leave out what is saved beside the optimizer, and epochs that are done twice or never."""
        yield from _left_out(program)
        for restart in program.restarts():
            if restart.after != 1:
                yield Finding(restart, (restart.text, _harm(restart), _mended(restart)))


def _left_out(program: Program) -> Iterator[Finding]:
    """Find loads that ask for an optimizer's state, and not for all that the program saves beside it."""
    loads = [(call, _asked(program, call)) for call in program.calls("torch.load")]
    anywhere = frozenset(use for _, uses in loads for use in uses)
    if any(_ANY_KEY.search(use) for use in anywhere):
        return
    mappings = list(_saved(program))
    for call, uses in loads:
        for saved in mappings if not call.is_handed_on else ():
            optimizers = [key for key, kind in saved.items() if kind is Kind.OPTIMIZER and f"[{key!r}]" in uses]
            left = [key for key in saved if f"[{key!r}]" not in anywhere]
            if optimizers and left:
                what = " and ".join(map(repr, left))
                yield Finding(call, (call.text, f"{_LEFT} {what}, which starts afresh", _remedy(saved, left[0], call)))
                break


def _harm(restart: Restart) -> str:
    if restart.after < 1:
        return f"begins with the epoch that was done when it was saved under {restart.key!r}, which is trained again"
    return f"passes over an epoch, since what is saved under {restart.key!r} is the next one already"


def _mended(restart: Restart) -> str:
    source, _, added = restart.text.partition(" + ")
    right = 1 - restart.after + (int(added) if added.isdigit() else 0)
    return f"{source} + {right}" if right else source


def _asked(program: Program, call: Call) -> frozenset[str]:
    return frozenset(use for result in call.results if result.kind is Kind.CHECKPOINT for use in program.uses(result))


def _saved(program: Program) -> Iterator[Mapping[str, Kind]]:
    """Return, of each mapping that is saved, the keys of what a resumed run needs, with what is under them."""
    for trace in program.traces:
        for event in trace.events(FileWritten):
            if event.contents is not None:
                yield dict(_needed(event.contents))


def _needed(contents: Contents) -> Iterator[tuple[str, Kind]]:
    for key, held in contents.entries.items():
        kinds = {value.owner.kind for value in held if value.kind is Kind.STATE_DICT and value.owner is not None}
        if len(kinds) == 1 and kinds <= _STATEFUL:
            yield key, kinds.pop()
        elif _EPOCH.fullmatch(key) and not kinds:
            yield key, Kind.DATA


def _remedy(saved: Mapping[str, Kind], key: str, call: Call) -> str:
    checkpoint = call.target_text or "checkpoint"
    if saved[key] is Kind.DATA:
        return f"start_epoch = {checkpoint}[{key!r}] + 1"
    return f"{saved[key].name.lower()}.load_state_dict({checkpoint}[{key!r}])"
