"""A checkpoint written straight over the only good one."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Contents, Program
from pylint_torchcheck.pitfalls.vocabulary import FileWritten, Kind

_RENAMING = ("os.replace", "os.rename", "shutil.move", "shutil.copy", "shutil.copyfile", "shutil.copy2")


class OverwrittenCheckpoint(Pitfall):
    """``torch.save`` empties the file first and fills it then: a kill in between leaves neither checkpoint.

    A file that is written beside it, and renamed when it is whole, is there or not there, and never half.
    """

    msgid = "R7744"
    symbol = "overwritten-checkpoint"
    message = (
        "%s writes over the last checkpoint, so a kill in between leaves none; "
        "write to a temporary file and os.replace it to %s, or call torchguard.Checkpointer(folder, ...).save()"
    )
    guard = "torchguard.Checkpointer"
    default_enabled = False
    signs = signs(["torch.save"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find saves of a state dict in a loop to a name that is a constant, where nothing is ever renamed."""
        if any(True for path in _RENAMING for _ in program.calls(path)):
            return
        looped = {
            event.place.text
            for trace in program.traces
            for event in trace.events(FileWritten)
            if event.depth and event.contents is not None and _holds_state(event.contents)
        }
        for call in program.calls("torch.save"):
            if call.text in looped and _is_constant(program, call):
                yield Finding(call, (call.text, call.argument_text("f")))


def _holds_state(contents: Contents) -> bool:
    return any(value.kind is Kind.STATE_DICT for value in contents.values)


def _is_constant(program: Program, call: Call) -> bool:
    name = program.written_name(call, "f")
    return bool(name) and "{" not in name and "%" not in name
