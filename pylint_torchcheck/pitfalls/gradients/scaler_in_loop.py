"""A gradient scaler that each epoch or each batch builds anew."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import Created, Kind, OptimizerStep, ScaledBackward


class ScalerInLoop(Pitfall):
    """A gradient scaler finds its scale by trial: it halves it at each overflow and doubles it after 2000 good steps.

    A new one begins at 65536 again. Where that is too large, each epoch loses its first steps to overflows; built
    anew for each batch, it may lose every one of them.
    """

    msgid = "W7721"
    symbol = "scaler-in-loop"
    message = (
        "%s is built anew in each iteration, so the scale that it has found is lost and steps are skipped until it "
        "is found again; write it before the loop"
    )
    guard = "torchguard.TrainStep"
    signs = signs(["GradScaler"], [OptimizerStep])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find scalers that are made in each epoch or for each batch."""
        for trace in program.traces:
            for event in trace.events(Created):
                for scaler in event.subjects:
                    is_on = scaler.kind is Kind.SCALER and scaler.constant is not False
                    call = program.creation(scaler) if is_on else None
                    if call is not None and _is_renewed(program, trace, event):
                        yield Finding(call, (call.text,), scaler.guessed)


def _is_renewed(program: Program, trace: Trace, event: Event) -> bool:
    """Is it made in every iteration of a loop in which modules that live on are trained?"""
    if not event.in_every_iteration or not any(True for _ in trace.beside(event, ScaledBackward)):
        return False
    optimizers = {value for step in trace.beside(event, OptimizerStep) for value in step.subjects}
    trained = [value for value in program.origins(optimizers) if value.kind in {Kind.OPTIMIZER, Kind.MODULE}]
    is_nested = any(step.over_loader and step.depth <= event.depth + 1 for step in trace.beside(event, OptimizerStep))
    return is_nested and bool(trained) and not any(event.makes_anew(value) for value in trained)
