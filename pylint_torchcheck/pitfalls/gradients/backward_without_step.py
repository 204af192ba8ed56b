"""Gradients that no optimizer ever uses, beside one that is built to."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, Escaped, Kind, OptimizerStep, Verb, ZeroGrad


class BackwardWithoutStep(Pitfall):
    """``backward()`` works out gradients and changes no weight; that is what ``optimizer.step()`` does.

    Without it the loop runs at full cost, prints a loss for each batch, and ends with the weights that it began with.
    """

    msgid = "W7719"
    symbol = "backward-without-step"
    message = (
        "%s works out gradients that nothing uses, because %s is built and cleared but never steps; call "
        "optimizer.step() after it"
    )
    guard = "torchguard.TrainStep"
    signs = signs([Backward], [ZeroGrad], [".parameters"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loops that clear the gradients of an optimizer, fill them, and never step it."""
        if any(_may_be_any(value) for value in _subjects(program, OptimizerStep)) or _steps_unknown(program):
            return
        escaped, stepped = _subjects(program, Escaped), _modules(program, _subjects(program, OptimizerStep))
        for trace in program.traces:
            for optimizer in _cleared(trace) - escaped:
                held = _modules(program, {optimizer})
                is_stepped = program.belong(held, stepped) or program.belong(stepped, held)
                call = program.creation(optimizer) if not is_stepped else None
                place = next(_fillings(program, trace, optimizer), None) if call is not None else None
                if call is not None and place is not None:
                    yield Finding(place.place, (place.place.text, call.text))


def _subjects(program: Program, verb: type[Verb]) -> set[Subject]:
    return {value for trace in program.traces for event in trace.events(verb) for value in event.subjects}


def _may_be_any(value: Subject) -> bool:
    return value.guessed or value.kind is not Kind.OPTIMIZER


def _steps_unknown(program: Program) -> bool:
    """Is a method of that name called on something that is not known, or handed on without a call?"""
    receivers = {value for call in program.method_calls("step") for value in call.receivers}
    handed = {value for read in program.attributes("step") for value in read.receivers}
    return any(value.kind in {Kind.UNKNOWN, Kind.INSTANCE, Kind.FRAMEWORK} for value in receivers) or bool(handed)


def _cleared(trace: Trace) -> set[Subject]:
    cleared = {value for event in trace.events(ZeroGrad) for value in event.subjects}
    return {value for value in cleared if value.kind is Kind.OPTIMIZER and not value.guessed}


def _fillings(program: Program, trace: Trace, optimizer: Subject) -> Iterator[Event]:
    """Return the backward passes that fill its gradients, beside a clearing of them."""
    for event in trace.events(Backward):
        cleared = {value for one in trace.beside(event, ZeroGrad) for value in one.subjects}
        if optimizer in cleared and _modules(program, {optimizer}) & _modules(program, set(event.subjects)):
            yield event


def _modules(program: Program, subjects: set[Subject]) -> set[Subject]:
    return {value for value in program.origins(subjects) if value.kind is Kind.MODULE}
