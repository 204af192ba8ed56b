"""A schedule in epochs that moves with each batch, or one in batches that moves with each epoch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Event, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import Created, Kind, OptimizerStep, SchedulerSet, SchedulerStep

_MODULE = "torch.optim.lr_scheduler."
_EPOCHS = re.compile(r"epoch", re.IGNORECASE)
_BATCHES = re.compile(r"len\(|step|iter|batch|loader|\*", re.IGNORECASE)
# The argument that says how long a schedule is.
_LENGTHS = {
    f"{_MODULE}CosineAnnealingLR": "T_max",
    f"{_MODULE}StepLR": "step_size",
    f"{_MODULE}PolynomialLR": "total_iters",
}


class SchedulerCadence(Pitfall):
    """A scheduler counts its own ``step()`` calls; whether those are epochs or batches, only the loop says.

    A schedule over the number of epochs that is stepped at each batch is over within the first epoch; a cosine then
    rises and falls again and again. One over all batches that is stepped once an epoch hardly leaves its beginning:
    ``OneCycleLR`` ends while it still warms up.
    """

    msgid = "W7723"
    symbol = "scheduler-cadence"
    message = "%s moves once %s, although its length is given in %s by %s; call it once %s"
    signs = signs([SchedulerStep], [OptimizerStep], ["CosineAnnealingLR", "StepLR", "PolynomialLR", "OneCycleLR"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find steps of schedulers whose length is given in other units."""
        for trace in program.traces:
            made = {value for event in trace.events(Created) for value in event.subjects}
            for event in trace.events(SchedulerStep):
                scheduler = next(iter(event.subjects), None) if len(event.subjects) == 1 else None
                call = program.creation(scheduler) if scheduler in made and scheduler is not None else None
                place = program.place_of(event)
                if call is not None and place is not None and event.verb is not SchedulerSet:
                    yield from (Finding(place, (place.text, *words)) for words in _mismatches(trace, event, call))


def _mismatches(trace: Trace, event: Event, call: Call) -> Iterator[tuple[str, str, str, str]]:
    length, path = _length(call), next((value.path for value in call.results), "")
    if _moves_each_batch(trace, event) and path in _LENGTHS and _EPOCHS.search(length) and not _BATCHES.search(length):
        yield "a batch", "epochs", length, "an epoch"
    if _moves_each_epoch(trace, event) and path == f"{_MODULE}OneCycleLR" and "len(" in length:
        yield "an epoch", "batches", length, "a batch"


def _length(call: Call) -> str:
    """Return the source of what says how long the schedule is."""
    path = next((value.path for value in call.results), "")
    if path in _LENGTHS:
        return call.argument_text(_LENGTHS[path])
    return call.argument_text("total_steps") or call.argument_text("steps_per_epoch")


def _moves_each_batch(trace: Trace, event: Event) -> bool:
    """Is it stepped at each batch, beside its optimizer?"""
    steps = [step for step in trace.beside(event, OptimizerStep) if step.depth == event.depth]
    return event.over_loader and event.in_every_iteration and bool(steps)


def _moves_each_epoch(trace: Trace, event: Event) -> bool:
    """Is it stepped once for many batches, each of which steps the optimizer?"""
    steps = list(trace.beside(event, OptimizerStep))
    is_outside = bool(steps) and all(step.over_loader and step.depth == event.depth + 1 for step in steps)
    return is_outside and not event.over_loader and any(value.kind is Kind.SCHEDULER for value in event.subjects)
