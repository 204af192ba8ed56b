"""``num_batches_tracked`` deleted or made up."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import UNREAD, Finding, Pitfall
from pylint_torchcheck.pitfalls.questions import Program

_KEY = "num_batches_tracked"
_SINCE = "0.4.1"  # the first release whose BatchNorm counts its batches, and fills the count in where it is missing


class BatchCountKey(Pitfall):
    """BatchNorm counts its batches since torch 0.4.1, and fills the count in where a file from before lacks it.

    To delete the key loses the count, which BatchNorm with ``momentum=None`` averages by, and makes a strict load of
    a state dict with metadata raise ``Missing key(s)``. To make the key up does by hand what torch does by itself.
    """

    msgid = "W7752"
    symbol = "batch-count-key"
    message = (
        "%s edits BatchNorm's count of batches by hand, which torch loads, and fills in for files from before "
        "torch 0.4.1; call torchguard.load_weights(model, %s)"
    )
    guard = "torchguard.load_weights"
    torch_versions = f">= {_SINCE}"
    signs = UNREAD

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find entries of that name dropped or made up, but by the hook with which a module of its own kind loads."""
        if program.torch_range.is_before(_SINCE):
            return
        for edit in program.key_edits(_KEY):
            if edit.function != "_load_from_state_dict":
                yield Finding(edit, (edit.text, edit.mapping_text))
