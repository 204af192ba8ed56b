"""A checkpoint that is written in the background, and that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program

_ASYNC = ("torch.distributed.checkpoint.async_save", "torch.distributed.checkpoint.state_dict_saver.async_save")


class DroppedAsyncSave(Pitfall):
    """A save in the background raises in its Future, and nowhere else.

    If nobody asks the Future, a full disk is never noticed; if nobody waits for it, the next save or the end of the
    process comes while the file is half written.
    """

    msgid = "W7756"
    symbol = "dropped-async-save"
    message = (
        "%s gives a Future that nobody waits for, so a failed save is never seen; write saving = %s(...), and "
        "later saving.result(), or call torchguard.Checkpointer(folder, ...).save()"
    )
    guard = "torchguard.Checkpointer"
    signs = signs(["async_save", ".submit"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find asynchronous saves, and saves handed to an executor, whose Future is dropped."""
        for path in _ASYNC:
            for call in program.calls(path):
                if call.is_dropped:
                    yield Finding(call, (call.text, _name(call)))
        for call in program.method_calls("submit"):
            if call.is_dropped and call.first_argument_text == "torch.save":
                yield Finding(call, (call.text, _name(call)))


def _name(call: Call) -> str:
    return f"{call.receiver_text}.{call.method}" if call.receiver_text else call.method
