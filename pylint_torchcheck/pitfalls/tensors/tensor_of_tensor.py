"""``torch.tensor`` of a tensor."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Kind


class TensorOfTensor(Pitfall):
    """``torch.tensor`` makes tensors of numbers; of a tensor it makes a copy that is off the graph.

    What was to be learned through it is cut off, and torch warns each time.
    """

    msgid = "W7786"
    symbol = "tensor-of-tensor"
    message = (
        "%s copies what is a tensor already, and cuts it off the graph; write %s.detach().clone(), if that is meant"
    )
    signs = signs([Sign.TENSOR_OF_NAME])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find calls that get what is a tensor for certain."""
        for call in program.calls("torch.tensor"):
            given = call.argument("data")
            if given and all(value.kind in _TENSORS and not value.guessed for value in given):
                text = call.argument_text("data")
                yield Finding(call, (call.text, text if text.isidentifier() else f"({text})"))


_TENSORS = frozenset({Kind.TENSOR, Kind.PARAMETER})
