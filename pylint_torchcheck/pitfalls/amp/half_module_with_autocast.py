"""A module in half precision, trained under autocast."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import Backward, Forward, Kind


class HalfModuleWithAutocast(Pitfall):
    """Autocast keeps the weights in float32 and casts what each operation gets; the gradients are float32, too.

    With ``model.half()`` the weights and their gradients are float16: ``scaler.unscale_`` and ``scaler.step`` raise,
    and without a scaler every update below a thousandth of its weight is rounded away.
    """

    msgid = "W7765"
    symbol = "half-module-with-autocast"
    message = (
        "%s makes the weights float16, which autocast needs in float32, so the gradient scaler raises and small "
        "updates are lost; write %s, or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    signs = signs([".half"], ["autocast"], [Backward])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find modules that are made half and never made float again, called under autocast and trained."""
        trained = _trained_under_autocast(program)
        for call in program.method_calls("half"):
            if _is_of(call, trained) and not any(
                _is_of(other, call.receivers) for other in program.method_calls("float")
            ):
                yield Finding(call, (call.text, call.receiver_text))


def _is_of(call: Call, modules: object) -> bool:
    assert isinstance(modules, set | frozenset)
    receivers = set(call.receivers)
    return bool(receivers) and all(value.kind is Kind.MODULE for value in receivers) and receivers <= modules


def _trained_under_autocast(program: Program) -> set[Subject]:
    """Return the modules that a loss goes back to, of which each call for it is made under autocast."""
    found: set[Subject] = set()
    for trace in program.traces:
        reached = program.origins(value for event in trace.events(Backward) for value in event.subjects)
        for event in trace.events(Forward):
            if event.autocast not in {None, "off"} and not reached.isdisjoint(event.results):
                found.update(event.subjects)
    return found
