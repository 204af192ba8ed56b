"""A running loss that keeps every batch's graph alive."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Accumulate, Backward, Forward, Kind


class LossAccumulation(Pitfall):
    """A loss is not a number: it holds on to the graph that computed it.

    A sum or a list of losses that outlives the iteration keeps the graph of every batch alive, and where no
    ``backward()`` has freed them, all activations as well: memory grows until the epoch or the process ends.
    """

    msgid = "W7702"
    symbol = "loss-accumulation"
    message = (
        "%s keeps the autograd graph of every batch alive, so memory grows; add up the number: use .item() or .detach()"
    )
    guard = "torchguard.Mean"
    crosses_files = True
    signs = signs([Sign.GROWTH], [Backward, Sign.EVALUATION], [Backward, Sign.BATCHES])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find sums and lists that outlive the iteration and take in a loss on the graph."""
        for trace in program.traces:
            used = program.origins(loss for backward in trace.events(Backward) for loss in backward.subjects)
            for event in trace.events(Accumulate):
                is_kept = event.outlives_iteration and used.isdisjoint(event.results)
                place = program.place_of(event) if is_kept and _is_live(event) else None
                if place is not None and _is_done_with(program, trace, event):
                    yield Finding(place, (place.text,), guessed=True)


def _is_live(event: Event) -> bool:
    tensors = [value for value in event.subjects if value.kind is Kind.TENSOR]
    return bool(tensors) and all(value.on_graph or (value.guessed and value.on_graph is None) for value in tensors)


def _is_done_with(program: Program, trace: Trace, event: Event) -> bool:
    """Is the loss used in its own iteration, by a backward pass or to evaluate?"""
    computed = _computed(program, event.subjects)
    trained = any(computed & _computed(program, one.subjects) for one in trace.beside(event, Backward))
    evaluated = event.in_evaluation and event.over_loader and any(trace.beside(event, Forward))
    return trained or evaluated


def _computed(program: Program, subjects: object) -> set[Subject]:
    """Return the tensors on the graph behind ``subjects``, but for the inputs."""
    assert isinstance(subjects, frozenset)
    return {value for value in program.origins(subjects) if value.kind is Kind.TENSOR and value.on_graph is not False}
