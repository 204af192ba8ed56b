"""``.data``, read to leave the graph."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Attribute, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import Kind

_INITIAL = re.compile(r"init|reset")  # a function that fills weights before there is any graph


class TensorDataAttribute(Pitfall):
    """``.data`` leaves the graph as ``.detach()`` does, and takes autograd's guard off as well.

    What is changed through it is not counted as changed, so a backward pass that needs the old numbers works with
    the new ones and says nothing.
    """

    msgid = "R7794"
    symbol = "tensor-data-attribute"
    message = "%s shares its numbers with the graph unguarded; write %s.detach()"
    default_enabled = False
    signs = signs([".data"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find where it is read of what is a tensor for certain, and nothing is written through it."""
        for attribute in program.attributes("data"):
            is_read = _is_of_tensor(attribute) and attribute.index is None and not attribute.is_written_through
            if is_read and not _INITIAL.search(attribute.function):
                guessed = any(value.guessed for value in attribute.receivers)
                yield Finding(attribute, (attribute.text, attribute.receiver_text), guessed)


def _is_of_tensor(attribute: Attribute) -> bool:
    return bool(attribute.receivers) and all(
        value.kind in _TENSORS and value.path != "grad" and not _is_only_taken_for_one(value)
        for value in attribute.receivers
    )


def _is_only_taken_for_one(value: Subject) -> bool:
    """An input of ``forward`` may be a batch that has a field of this name."""
    return value.guessed and value.on_graph is None


_TENSORS = frozenset({Kind.TENSOR, Kind.PARAMETER})
