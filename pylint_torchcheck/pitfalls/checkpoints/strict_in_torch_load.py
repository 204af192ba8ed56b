"""``strict=False`` given to ``torch.load``."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program


class StrictInTorchLoad(Pitfall):
    """``torch.load`` reads a file and knows of no module, so it has no ``strict``.

    What it does not know it hands on to the unpickler, which raises ``TypeError``. ``strict`` belongs to
    ``load_state_dict``, which fits the keys to a module.
    """

    msgid = "E7743"
    symbol = "strict-in-torch-load"
    message = (
        "%s hands strict on to the unpickler, which knows no such argument and raises; write "
        "model.load_state_dict(torch.load(%s), strict=%s), or call torchguard.load_weights"
    )
    guard = "torchguard.load_weights"
    signs = signs(["torch.load"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loads that are told to be strict, or not to be."""
        for call in program.calls("torch.load"):
            if call.argument("strict"):
                yield Finding(call, (call.text, call.argument_text("f"), call.argument_text("strict")))
