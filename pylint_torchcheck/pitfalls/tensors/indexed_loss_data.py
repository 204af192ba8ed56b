"""``loss.data[0]``, from before torch 0.5."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Attribute, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind


class IndexedLossData(Pitfall):
    """A loss has no dimensions, so there is nothing to index.

    Before torch 0.4 it was a vector of one element, and ``loss.data[0]`` was the way to the number. Since 0.5 it
    raises an ``IndexError``.
    """

    msgid = "E7705"
    symbol = "indexed-loss-data"
    message = "%s indexes a tensor that has no dimensions, which raises an IndexError; write %s.item()"
    torch_versions = ">= 0.5"
    signs = signs([".data"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find ``.data[0]`` of what is a number for certain, or is called ``backward()`` on."""
        for attribute in program.attributes("data"):
            if attribute.index == 0 and _is_loss(program, attribute):
                name = attribute.receiver_text
                yield Finding(attribute, (f"{name}.data[0]", name), any(value.guessed for value in attribute.receivers))


def _is_loss(program: Program, attribute: Attribute) -> bool:
    tensors = attribute.receivers
    if not tensors or not all(value.kind is Kind.TENSOR for value in tensors):
        return False
    return program.is_backpropagated(attribute) or all(program.is_scalar(value) for value in tensors)
