"""Gradients that DDP averages at every batch of a window, of which only the last has to be."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, OptimizerStep, Replicated


class MissingNoSync(Pitfall):
    """DDP averages the gradients over all ranks in each backward pass.

    Where the optimizer steps at every k-th batch only, the sums of the other batches are communicated for nothing:
    the result is the same, at k times the traffic.
    """

    msgid = "R7769"
    symbol = "missing-no-sync"
    message = (
        "%s averages the gradients over all ranks at every batch, although the optimizer steps only at some; put "
        "the forward and backward pass of the others under with model.no_sync():, or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    default_enabled = False
    signs = signs(["DistributedDataParallel"], [Backward], [OptimizerStep])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find backward passes of DDP models at every batch, beside a step at every so many."""
        if any(True for _ in program.method_calls("no_sync")):
            return
        if any(True for _ in program.assignments("require_backward_grad_sync")):
            return
        replicated = {value for trace in program.traces for one in trace.events(Replicated) for value in one.subjects}
        for trace in program.traces:
            for event in trace.events(Backward) if replicated else ():
                is_replicated = not replicated.isdisjoint(program.origins(event.subjects))
                place = program.place_of(event) if is_replicated and _is_wasted(trace, event) else None
                if place is not None:
                    yield Finding(place, (place.text,), any(value.guessed for value in event.subjects))


def _is_wasted(trace: Trace, event: Event) -> bool:
    """Does it run at every batch, and every step of the loop at every so many batches?"""
    steps = [step for step in trace.beside(event, OptimizerStep) if step.depth == event.depth]
    return event.in_every_iteration and bool(steps) and all(step.is_periodic for step in steps)
