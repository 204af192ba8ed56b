"""Gradients of several batches that are added up where their mean is meant."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    ClipGradients,
    Kind,
    OptimizerStep,
    UnscaledByHand,
    ZeroGrad,
)


class UnscaledAccumulation(Pitfall):
    """Gradients add up. Of k losses, each the mean over its batch, the sum is k times the mean over all k batches.

    The step is as many times too long, as if the learning rate had been multiplied by k. Adam and its kin divide by
    the size of the gradients, so they hardly notice; plain and momentum SGD do.
    """

    msgid = "W7726"
    symbol = "unscaled-accumulation"
    message = (
        "%s adds up the gradients of several mean losses, so that each step of SGD is %s times as long as one for "
        "their mean; write (loss / %s).backward()"
    )
    guard = "torchguard.TrainStep"
    signs = signs([Backward], [OptimizerStep], ["SGD"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find mean losses at every iteration, whose gradients are used at some."""
        for trace in program.traces:
            for step in trace.events(OptimizerStep):
                if step.period and _takes_gradients_as_they_are(program, step):
                    yield from _added_up(program, trace, step)


def _takes_gradients_as_they_are(program: Program, step: Event) -> bool:
    """Is it SGD, with a rate that is not divided by the number of batches?"""
    optimizer = next(iter(step.subjects), None) if len(step.subjects) == 1 else None
    call = program.creation(optimizer) if optimizer is not None else None
    is_plain = optimizer is not None and optimizer.path == "torch.optim.SGD"
    return call is not None and is_plain and "/" not in call.argument_text("lr")


def _added_up(program: Program, trace: Trace, step: Event) -> Iterator[Finding]:
    clearings = trace.beside(step, ZeroGrad)
    is_scaled = any(True for verb in (UnscaledByHand, ClipGradients) for _ in trace.beside(step, verb))
    losses = [one for one in trace.beside(step, Backward) if _modules(program, one) & _modules(program, step)]
    if is_scaled or any(one.in_every_iteration for one in clearings):
        return
    places = {program.place_of(one) for one in losses if _is_mean(program, one, step)}
    if len(places) == 1 and all(_is_mean(program, one, step) for one in losses):
        yield from (Finding(place, (place.text, step.period, step.period)) for place in places if place is not None)


def _is_mean(program: Program, loss: Event, step: Event) -> bool:
    return loss.in_every_iteration and loss.depth == step.depth and program.are_means(loss.subjects)


def _modules(program: Program, event: Event) -> set[Subject]:
    return {value for value in program.origins(event.subjects) if value.kind is Kind.MODULE}
