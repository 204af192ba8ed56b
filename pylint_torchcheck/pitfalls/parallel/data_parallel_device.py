"""``nn.DataParallel`` over devices of which the first is not the one that holds the module."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program, Subject

_INDEX = re.compile(r"cuda(?::(\d+))?")


class DataParallelDevice(Pitfall):
    """``nn.DataParallel`` copies the module from the first of its devices, and raises if it is not there.

    ``.cuda()`` and ``.to("cuda")`` mean device 0, whatever ``device_ids`` says. It raises only where there are two GPUs
    or more: with fewer the examples print no figure, and say so.
    """

    msgid = "E7768"
    symbol = "data-parallel-device"
    message = (
        "%s copies the module from cuda:%s, the first of its devices, but it is on cuda:%s, which raises "
        "RuntimeError; write %s, or call torchguard.dp"
    )
    guard = "torchguard.dp"
    signs = signs(["DataParallel"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find modules that are moved to one device, wherever they are moved, and copied from another."""
        if program.calls_anywhere("torch.cuda.set_device", "torch.cuda.device"):
            return
        for call in program.calls("torch.nn.DataParallel"):
            first = list(program.items(call.argument("device_ids")))[:1]
            device = _device_of(program, call.argument("module"))
            if first and isinstance(first[0], int) and device is not None and device != first[0]:
                yield Finding(call, (call.text, str(first[0]), str(device), f'.to("cuda:{first[0]}")'))


def _device_of(program: Program, modules: Collection[Subject]) -> int | None:
    """Return the device that each move of a module moves it to; ``None`` if they differ, or if one is not known."""
    moves = [call for call in program.method_calls("cuda", "to") if not set(call.receivers).isdisjoint(modules)]
    devices = {_moved_to(call) for call in moves}
    return devices.pop() if len(devices) == 1 else None


def _moved_to(call: Call) -> int | None:
    if call.method == "cuda" and not call.gives("device"):
        return 0
    named = [value.constant for value in call.argument("device")]
    if len(named) != 1:
        return None
    found = _INDEX.fullmatch(str(named[0]))
    if found:
        return int(found[1] or 0)
    return named[0] if isinstance(named[0], int) and not isinstance(named[0], bool) else None
