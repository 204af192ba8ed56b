"""A scheduler that moves on although the gradient scaler may have skipped the step."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import OptimizerStep, ScaledStep, SchedulerSet, SchedulerStep


class SchedulerOnSkippedStep(Pitfall):
    """A gradient scaler skips the step whenever a gradient has overflowed, as the first ones mostly do.

    A scheduler that is stepped after each batch counts those steps all the same: a warm-up is over early, and the
    first time torch warns that ``lr_scheduler.step()`` came before ``optimizer.step()``.
    """

    msgid = "R7763"
    symbol = "scheduler-on-skipped-step"
    message = (
        "%s moves on even if %s has skipped the step; write scale = scaler.get_scale() before scaler.update(), "
        "and after it: if scaler.get_scale() >= scale: %s, or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    signs = signs([SchedulerStep], ["scale"], [ScaledStep], [".update"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find schedulers that are stepped at each batch, beside a scaler's step and unconditionally."""
        for trace in program.traces:
            for event in trace.events(SchedulerStep):
                step = _scaled_step(program, trace, event)
                place = program.place_of(event) if step is not None else None
                if place is not None and step is not None:
                    yield Finding(place, (place.text, step.place.text, place.text), _is_guess(event))


def _scaled_step(program: Program, trace: Trace, event: Event) -> Event | None:
    """Return the scaler's step of the same optimizer and the same iterations, if there is no other step of it."""
    if issubclass(event.verb, SchedulerSet) or not event.in_every_iteration:
        return None
    steps = [step for step in trace.beside(event, OptimizerStep) if step.depth == event.depth]
    are_scaled = all(issubclass(step.verb, ScaledStep) and step.in_every_iteration for step in steps)
    held = program.origins(event.subjects)
    is_its_own = len({*(value for step in steps for value in step.subjects)} & held) == 1
    return steps[0] if steps and are_scaled and is_its_own and not _asks_whether_skipped(program) else None


def _asks_whether_skipped(program: Program) -> bool:
    return any(True for _ in program.method_calls("get_scale"))


def _is_guess(event: Event) -> bool:
    return any(value.guessed for value in event.subjects)
