"""``Variable``, from before torch 0.4."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program

_SINCE = "0.4"  # the first release in which a tensor is a variable, by its migration guide


class ObsoleteVariable(Pitfall):
    """Since torch 0.4 every tensor is what a ``Variable`` was, and ``Variable(x)`` gives a tensor back.

    What it was told besides is the trouble: ``volatile=True`` switches nothing off any more, so an evaluation that
    relies on it builds the graph of every batch.
    """

    msgid = "W7706"
    symbol = "obsolete-variable"
    message = "%s %s since torch 0.4; write %s"
    torch_versions = f">= {_SINCE}"
    signs = signs(["Variable"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find calls of torch's own ``Variable``, but where the project declares releases that need it."""
        for call in program.calls("torch.autograd.Variable") if not program.torch_range.is_before(_SINCE) else ():
            yield Finding(call, (call.text, *_advice(call)))


def _advice(call: Call) -> tuple[str, str]:
    """Return what is wrong, and what to write."""
    tensor = call.argument_text("data")
    if not tensor or tensor.endswith("..."):
        tensor = "the tensor itself"
    if call.gives("volatile"):
        return "is an old form in which volatile=True has had no effect", "with torch.no_grad(): ..."
    if call.gives("requires_grad") and not _is_off(call):
        return "gives a plain tensor", f"{tensor}.requires_grad_()"
    return "gives back the tensor that it gets", tensor


def _is_off(call: Call) -> bool:
    return all(value.constant is False for value in call.argument("requires_grad"))
