"""A layer that is built anew in each forward pass."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Call, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import Kind, Trait


class ModuleBuiltInForward(Pitfall):
    """A layer that is built in ``forward`` has fresh random weights in each pass, and they are never trained.

    A dropout layer built there is always in train mode: ``eval()`` cannot reach it, so every prediction is noisy.
    """

    msgid = "W7784"
    symbol = "module-built-in-forward"
    message = "%s is built anew in each forward pass, so %s; call self.layer(x), with self.layer = %s in __init__"
    signs = signs([Sign.BUILT_IN_FORWARD, Sign.BUILT_AND_CALLED])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find layers that a module's ``forward`` makes, uses and forgets, as they come."""
        kept = _kept(program)
        touched = {value for attribute in program.attributes() for value in attribute.receivers}
        for call in program.constructions(Kind.MODULE):
            if program.runs_in_forward(call) and not call.in_training:
                harm = _harm(program, call)
                if harm and kept.isdisjoint(call.results) and touched.isdisjoint(call.results):
                    yield Finding(call, (call.text, harm, call.text))


def _kept(program: Program) -> frozenset[Subject]:
    """Return what is kept in attributes, so that the next pass finds it."""
    values = [value for assignment in program.assignments() for value in assignment.values]
    return frozenset(program.origins(value for value in values if value.kind in {Kind.MODULE, Kind.COLLECTION}))


def _harm(program: Program, call: Call) -> str:
    if all(program.has(module, Trait.PARAMETERS) for module in call.results):
        return "its weights are random each time and never trained"
    if all(program.has(module, Trait.MODE_DEPENDENT) for module in call.results):
        return "it is in train mode always, whatever eval() says"
    return ""
