"""``torch.load`` that runs what the file says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.checkpoints.missing_map_location import is_checkpoint
from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import FileWritten, Kind

_SAFE_SINCE = "2.6"  # the first release in which weights_only is True by default
_KNOWN_SINCE = "1.13"  # the first one that has it
_NAMESPACES = frozenset({"args", "opt", "opts", "hparams"})  # under which argparse's objects are saved
_NOT_PLAIN = frozenset({Kind.UNKNOWN, Kind.INSTANCE, Kind.COLLECTION})
_PLAIN = re.compile(r"epoch|step|iter|best|acc|loss|score|metric|name|arch|version|lr|rate|state|model|opt|sched|scale")
_STATE_IN_IT = "*.load_state_dict"  # done with a part of what is loaded
_OF_TORCH = re.compile(r"\.(?:pth?|ckpt)\b")


class UnsafeLoad(Pitfall):
    """A file of ``torch.save`` is a pickle, and a pickle is a program: to load it is to run it.

    ``weights_only=True`` reads tensors, numbers and plain containers, and refuses the rest. It is the default since
    torch 2.6 (pull request 137602), and there to be given since torch 1.13 (pull request 86812).
    """

    msgid = "W7754"
    symbol = "unsafe-load"
    message = (
        "%s runs whatever code the file holds%s; "
        "write torch.load(%s, weights_only=True)%s, or call torchguard.load_weights"
    )
    guard = "torchguard.load_weights"
    signs = signs(["torch.load"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loads that are told to run code, or that do so in a release that the project declares."""
        for call in program.calls("torch.load"):
            if not program.reads_back(call) and not call.is_fallback:
                why = _why(program, call)
                if why is not None:
                    yield Finding(call, (call.text, why, call.argument_text("f"), _from_when(program)))
        for call in program.calls("pickle.load"):
            if _OF_TORCH.search(call.argument_text("file")):
                yield Finding(call, (call.text, "", call.argument_text("file"), _from_when(program)))


def _holds_more(program: Program, call: Call) -> bool:
    """May ``weights_only=True`` refuse what stands under a key that is asked for, by what the program saves there?"""
    asked = {use[2:-2] for result in call.results for use in program.uses(result) if use.startswith("['")}
    contents = (event.contents for trace in program.traces for event in trace.events(FileWritten))
    entries = [one.entries for one in contents if one is not None and asked & one.entries.keys()]
    saved = {key: held for one in entries for key, held in one.items() if key in asked}
    states = {key for key, held in saved.items() if held and all(value.kind is Kind.STATE_DICT for value in held)}
    return bool(asked & _NAMESPACES - states) or any(
        value.kind in _NOT_PLAIN and not _PLAIN.search(key) for key, held in saved.items() for value in held
    )


def _from_when(program: Program) -> str:
    """Say since when the advice can be followed, where the project allows a release that is older."""
    return f", which torch has since {_KNOWN_SINCE}" if program.torch_range.admits_before(_KNOWN_SINCE) else ""


def _why(program: Program, call: Call) -> str | None:
    """Return what makes a load unsafe beside its own words; ``None`` if nothing is known to."""
    declared = program.torch_range
    if not is_checkpoint(program, call) and not any(_STATE_IN_IT in program.uses(result) for result in call.results):
        return None
    if call.gives("weights_only"):
        given = call.argument("weights_only")
        is_told = bool(given) and all(value.constant is False for value in given)
        return "" if is_told and not program.is_test and not _holds_more(program, call) else None
    if declared.admits_before(_SAFE_SINCE) and not declared.is_before(_KNOWN_SINCE):
        return f" with torch before {_SAFE_SINCE}, which this project allows ({declared})"
    return None
