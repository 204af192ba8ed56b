"""Saved under one name, loaded under another."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import FileWritten

_SUFFIX = re.compile(r"(?:\.(?:pth?|ckpt|pkl|pickle|bin|tar|model|weights|checkpoint))+$", re.IGNORECASE)
_COUNT = re.compile(r"(?:\w+_)?(?:epochs?|iter(?:ation)?s?|steps?)", re.IGNORECASE)


class CheckpointPathMismatch(Pitfall):
    """``torch.save`` and ``torch.load`` take any name: one letter less, and the load finds another file, or none.

    An old ``model.pth`` beside the new ``model.pt`` is worse than none at all, since it loads.
    """

    msgid = "W7753"
    symbol = "checkpoint-path-mismatch"
    message = (
        "%s reads a file that nothing here writes, and %s is saved in its place; write torch.load(%s), or call "
        "torchguard.Checkpointer(folder, ...).resume()"
    )
    guard = "torchguard.Checkpointer"
    signs = signs(["torch.save", "torch.load"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loads of a name that is never saved, where a name that differs in its ending alone is."""
        saved = {program.written_name(call, "f"): call for call in program.calls("torch.save")}
        paths = {posixpath.normpath(name): name for name in saved if name}
        for call in program.calls("torch.load"):
            read = posixpath.normpath(program.written_name(call, "f") or ".")
            twins = [name for path, name in paths.items() if read not in paths and _is_twin(path, read)]
            if len(twins) == 1 and (not program.reads_first(call, saved[twins[0]]) or _resumes(program, call)):
                yield Finding(call, (call.text, repr(twins[0]), repr(twins[0])))


def _resumes(program: Program, read: Call) -> bool:
    """Is a count brought back beside weights, and of all that is asked for each is saved?"""
    asked = {use[2:-2] for result in read.results for use in program.uses(result) if use.startswith("['")}
    contents = (event.contents for trace in program.traces for event in trace.events(FileWritten))
    saved = [one.entries.keys() for one in contents if one is not None]
    return len(asked) > 1 and any(map(_COUNT.fullmatch, asked)) and any(asked <= keys for keys in saved)


def _is_twin(one: str, other: str) -> bool:
    """Do two names differ in nothing but the ending, or in capital letters?"""
    if not _SUFFIX.search(one) or not _SUFFIX.search(other):
        return False
    return _SUFFIX.sub("", one).lower() == _SUFFIX.sub("", other).lower()
