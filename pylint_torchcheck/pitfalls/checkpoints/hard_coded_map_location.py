"""``map_location="cuda:1"``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program

_GPU = re.compile(r"cuda:\d+")
_DEVICE_OF = re.compile(r"(?:torch\.)?device\(['\"](cuda:\d+)['\"]\)")


class HardCodedMapLocation(Pitfall):
    """A GPU's number in the source is that of one machine, and of one rank on it.

    Where there are fewer GPUs the load raises; where there are several ranks, each of them fills the memory of the
    same GPU.
    """

    msgid = "R7743"
    symbol = "hard-coded-map-location"
    message = (
        "%s loads to %s on whichever machine and rank it runs, which another one may not have or not be; write "
        'map_location="cpu", or the device of the model, or call torchguard.load_weights'
    )
    guard = "torchguard.load_weights"
    signs = signs(["torch.load"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loads to a GPU that is named by its number."""
        for call in program.calls("torch.load"):
            place = _gpu(call)
            if place:
                yield Finding(call, (call.text, place))


def _gpu(call: Call) -> str:
    """Return the GPU that a load names, however it is reached."""
    written = _DEVICE_OF.fullmatch(call.argument_text("map_location"))
    if written:
        return written[1]
    places = {value.constant for value in call.argument("map_location")}
    place = places.pop() if len(places) == 1 else None
    return place if isinstance(place, str) and _GPU.fullmatch(place) else ""
