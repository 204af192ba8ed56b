"""Gradients that are accumulated over several batches and cleared at each of them."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, Kind, OptimizerStep, ZeroGrad


class AccumulationDefeated(Pitfall):
    """A step every k batches is meant to follow the gradients of k batches; ``zero_grad()`` at each leaves but one.

    The other batches are computed for nothing: the training sees a k-th of its data, at a k-th of the batch size that
    it was tuned for.
    """

    msgid = "E7725"
    symbol = "accumulation-defeated"
    message = (
        "%s runs at every batch although the optimizer steps only at some, so the gradients of the others are thrown "
        "away; call it only after optimizer.step()"
    )
    guard = "torchguard.TrainStep"
    signs = signs([OptimizerStep], [ZeroGrad], [Backward])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find what clears at every iteration, beside a step at some and a backward pass at all."""
        for trace in program.traces:
            for clearing in trace.events(ZeroGrad):
                place = program.place_of(clearing) if clearing.in_every_iteration else None
                steps = _steps(program, trace, clearing) if place is not None else ()
                if place is not None and any(_accumulates(program, trace, step) for step in steps):
                    yield Finding(place, (place.text,), any(value.guessed for value in clearing.subjects))


def _steps(program: Program, trace: Trace, clearing: Event) -> Iterator[Event]:
    """Return the steps of what is cleared, if they come every so many iterations and never otherwise."""
    steps = [step for step in trace.beside(clearing, OptimizerStep) if _is_about(program, clearing, step.subjects)]
    if steps and all(step.is_periodic and step.depth == clearing.depth for step in steps):
        yield from steps


def _is_about(program: Program, event: Event, optimizers: object) -> bool:
    """Does an event concern these optimizers, or the one module that they hold?"""
    assert isinstance(optimizers, frozenset)
    subjects = frozenset(event.subjects)
    modules = frozenset(value for value in program.origins(optimizers) if value.kind is Kind.MODULE)
    return len(subjects) == 1 and (subjects == optimizers or subjects <= modules)


def _accumulates(program: Program, trace: Trace, step: Event) -> bool:
    """Does every loss that can fill the optimizer's gradients come at each iteration?"""
    held = _modules(program, step.subjects)
    losses = [one for one in trace.beside(step, Backward) if not held or held & _modules(program, one.subjects)]
    return bool(losses) and all(one.in_every_iteration and one.depth == step.depth for one in losses)


def _modules(program: Program, subjects: object) -> set[Subject]:
    assert isinstance(subjects, frozenset)
    return {value for value in program.origins(subjects) if value.kind is Kind.MODULE}
