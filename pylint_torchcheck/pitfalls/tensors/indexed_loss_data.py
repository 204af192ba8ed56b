"""``loss.data[0]``, from before torch 0.4."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Attribute, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind

_SCALARS_SINCE = "0.4"  # the first release in which a tensor may have no dimensions
_RAISES_SINCE = "1.0"


class IndexedLossData(Pitfall):
    """A loss has no dimensions, so there is nothing to index.

    Before torch 0.4 it was a vector of one element, and ``loss.data[0]`` was the way to the number. 0.4 warns of an
    error in 0.5, a release that became 1.0: since then it raises an ``IndexError``.
    """

    msgid = "E7705"
    symbol = "indexed-loss-data"
    message = "%s indexes a tensor that has no dimensions, which raises an IndexError%s; write %s.item()"
    torch_versions = f">= {_SCALARS_SINCE}"
    signs = signs([".data ["])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find ``.data[0]`` of what is a number for certain, or is called ``backward()`` on."""
        if program.torch_range.is_before(_SCALARS_SINCE):
            return
        from_when = f" from torch {_RAISES_SINCE} on" if program.torch_range.is_before(_RAISES_SINCE) else ""
        for attribute in program.attributes("data"):
            if attribute.index == 0 and _is_loss(program, attribute):
                name, guessed = attribute.receiver_text, any(value.guessed for value in attribute.receivers)
                yield Finding(attribute, (f"{name}.data[0]", from_when, name), guessed)


def _is_loss(program: Program, attribute: Attribute) -> bool:
    tensors = attribute.receivers
    if not tensors or not all(value.kind is Kind.TENSOR for value in tensors):
        return False
    return program.is_backpropagated(attribute) or all(program.is_scalar(value) for value in tensors)
