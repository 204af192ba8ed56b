"""``torch.load`` of a checkpoint without ``map_location``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind

_NAMED = re.compile(r"ckpt|checkpoint|\.pth|weights|pretrain|resume|snapshot|state_?dict|model|net\b", re.IGNORECASE)
# These hold numbers and host tensors, whatever device the job ran on.
_DEVICELESS = re.compile(r"rng|sched|scaler|metadata", re.IGNORECASE)
_CHECKPOINT_USES = re.compile(
    r"load_state_dict|state_dict|\['(model|net|optim|optimizer|scheduler|epoch|iteration|scaler|ema|best_\w+|\w+_state)'\]"
    r"|\.(eval|parameters|load_state_dict)\b"
)


class MissingMapLocation(Pitfall):
    """A tensor remembers the device that it was saved from, and ``torch.load`` puts it back there.

    A checkpoint of a GPU job then fails to load on a machine without one; with several ranks, every rank fills the
    memory of the first GPU.
    """

    msgid = "W7742"
    symbol = "missing-map-location"
    message = (
        "%s puts each tensor back on the device that it was saved from, which this machine may not have; add "
        'map_location="cpu", or the device that is used, or call torchguard.load_weights'
    )
    guard = "torchguard.load_weights"
    signs = signs(["torch.load"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loads of checkpoints that leave the place to the file."""
        for call in program.calls("torch.load"):
            if not call.gives("map_location") and is_checkpoint(program, call) and not program.reads_back(call):
                yield Finding(call, (call.text,))


def is_checkpoint(program: Program, call: Call) -> bool:
    """Is what is loaded a checkpoint, by its name or by what is asked of it?"""
    names = f"{call.argument_text('f')} {call.target_text}"
    if _DEVICELESS.search(names):
        return False
    if _NAMED.search(names):
        return True
    return any(
        result.kind is Kind.MODULE or any(_CHECKPOINT_USES.search(use) for use in program.uses(result))
        for result in call.results
    )
