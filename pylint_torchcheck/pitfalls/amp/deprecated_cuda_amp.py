"""The forms of autocast and of the gradient scaler from before they knew other devices."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program

# What to write for each, before the arguments, and the release from which on that can be written.
_NEWER = {
    "torch.cuda.amp.autocast": ('torch.autocast("cuda"', "1.10"),
    "torch.cpu.amp.autocast": ('torch.autocast("cpu"', "1.10"),
    "torch.cuda.amp.GradScaler": ('torch.amp.GradScaler("cuda"', "2.3"),
    "torch.cpu.amp.GradScaler": ('torch.amp.GradScaler("cpu"', "2.3"),
}
_SINCE = "2.4"  # the first release that warns
_APEX = ("apex.amp.initialize", "apex.amp.scale_loss")


class DeprecatedCudaAmp(Pitfall):
    """Autocast and the gradient scaler live in ``torch.amp`` and are told the device that they are for.

    ``torch.cuda.amp`` and ``torch.cpu.amp`` warn with a ``FutureWarning`` since torch 2.4, at each use. Apex's ``amp``
    came before them all and is no longer kept up.
    """

    msgid = "W7763"
    symbol = "deprecated-cuda-amp"
    message = "%s is %s; write %s, or call torchguard.TrainStep"
    guard = "torchguard.TrainStep"
    torch_versions = f">= {_SINCE}"
    signs = signs([*_NEWER, *_APEX])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find the calls, but where the project declares releases that know no better."""
        for path, (newer, since) in _NEWER.items() if not program.torch_range.is_before(_SINCE) else ():
            from_when = f", which torch has since {since}" if program.torch_range.admits_before(since) else ""
            for call in program.calls(path):
                if not _is_fallback(program, call, newer):
                    advice = f"{_advice(call, newer)}{from_when}"
                    yield Finding(call, (call.text, f"deprecated since torch {_SINCE}", advice))
        for path in _APEX:
            for call in program.calls(path):
                yield Finding(
                    call, (call.text, "of apex, which torch.amp replaces", "torch.autocast and torch.amp.GradScaler")
                )


def _is_fallback(program: Program, call: Call, newer: str) -> bool:
    """Does the same function write the newer form, too, as code does that serves several releases?"""
    return any(other.function == call.function for other in program.calls(newer.partition("(")[0]))


def _advice(call: Call, newer: str) -> str:
    given = "...)" if call.text.endswith("...") else call.text.partition("(")[2]
    return f"{newer}{', ' if given != ')' else ''}{given}"
