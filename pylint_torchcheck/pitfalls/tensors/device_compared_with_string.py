"""``x.device == "cuda"``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Comparison, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import Kind


class DeviceComparedWithString(Pitfall):
    """A ``torch.device`` is no string, and is equal to none.

    ``x.device == "cuda"`` is false on every machine, so what was meant for the GPU never runs, without a word.
    """

    msgid = "E7790"
    symbol = "device-compared-with-string"
    message = "%s compares a torch.device with a string, and these are never equal; write %s"
    signs = signs([Sign.COMPARED_DEVICE])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find comparisons of what is a device for certain with what is a string for certain."""
        for comparison in program.comparisons():
            sides = [(comparison.left, comparison.left_text), (comparison.right, comparison.right_text)]
            for (devices, device), (strings, string) in (sides, sides[::-1]):
                if _are_devices(devices) and _are_strings(strings):
                    yield Finding(comparison, (comparison.text, _meant(comparison, device, string)))


def _meant(comparison: Comparison, device: str, string: str) -> str:
    operator = comparison.operator
    if operator not in {"==", "!="}:
        return f"{device}.type {operator} {string}"
    return f"str({device}) {operator} {string}" if ":" in string else f"{device}.type {operator} {string}"


def _are_devices(values: Collection[Subject]) -> bool:
    return bool(values) and all(value.kind is Kind.DATA and value.path == "torch.device" for value in values)


def _are_strings(values: Collection[Subject]) -> bool:
    return bool(values) and all(value.kind is Kind.CONSTANT and isinstance(value.constant, str) for value in values)
