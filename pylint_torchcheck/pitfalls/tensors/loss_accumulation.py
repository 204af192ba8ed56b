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
    signs = signs([Sign.GROWTH], [Backward, Sign.EVALUATION], [Backward, Sign.BATCHES])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find sums and lists that outlive the iteration and take in a loss on the graph."""
        for trace in program.traces:
            backwards = list(trace.events(Backward))
            for event in trace.events(Accumulate):
                if event.outlives_iteration and _is_live(event) and _leaks(program, trace, event, backwards):
                    yield Finding(event.place, (event.place.text,), guessed=True)


def _is_live(event: Event) -> bool:
    tensors = [value for value in event.subjects if value.kind is Kind.TENSOR]
    return bool(tensors) and all(value.on_graph or (value.guessed and value.on_graph is None) for value in tensors)


def _leaks(program: Program, trace: Trace, event: Event, backwards: list[Event]) -> bool:
    """Is the loss done with in its own iteration, and the sum never used for a backward pass?"""
    if any(set(event.results) & set(program.origins(backward.subjects)) for backward in backwards):
        return False
    computed = _computed(program, event.subjects)
    trained = any(event.shares_loop(one) and computed & _computed(program, one.subjects) for one in backwards)
    return trained or (event.in_evaluation and event.over_loader and _has_forward(trace, event))


def _computed(program: Program, subjects: object) -> set[Subject]:
    """Return the tensors on the graph behind ``subjects``, but for the inputs."""
    assert isinstance(subjects, frozenset)
    return {value for value in program.origins(subjects) if value.kind is Kind.TENSOR and value.on_graph is not False}


def _has_forward(trace: Trace, event: Event) -> bool:
    return any(event.shares_loop(forward) for forward in trace.events(Forward))
