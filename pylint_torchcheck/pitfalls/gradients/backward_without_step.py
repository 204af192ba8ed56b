"""Gradients that no optimizer ever uses, beside one that is built to."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, Created, Escaped, Kind, OptimizerStep, Verb, ZeroGrad


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
            for optimizer in _optimizers(trace) - escaped:
                held = _modules(program, {optimizer})
                is_stepped = program.belong(held, stepped) or program.belong(stepped, held)
                for event in () if is_stepped else _fillings(program, trace, optimizer, held):
                    place = program.place_of(event)
                    if place is not None:
                        yield Finding(place, (place.text, program.name_of(optimizer) or "the optimizer"))
                        break


def _subjects(program: Program, verb: type[Verb]) -> set[Subject]:
    return {value for trace in program.traces for event in trace.events(verb) for value in event.subjects}


def _may_be_any(value: Subject) -> bool:
    return value.guessed or value.kind is not Kind.OPTIMIZER


def _steps_unknown(program: Program) -> bool:
    """Is something stepped that may be an optimizer and is not known to be one, or the method handed on?"""
    calls = [call for call in program.method_calls("step") if "opt" in call.receiver_text.lower()]
    receivers = {value for call in calls for value in call.receivers}
    handed = any(True for read in program.attributes("step") for _ in read.receivers)
    return handed or any(value.kind is not Kind.OPTIMIZER for value in receivers)


def _optimizers(trace: Trace) -> set[Subject]:
    """Return those of a library's class; one of the file's own may step in methods of any name."""
    found = {value for event in trace.events(Created, ZeroGrad) for value in event.subjects}
    return {value for value in found if value.kind is Kind.OPTIMIZER and not value.guessed and "." in value.path}


def _fillings(program: Program, trace: Trace, optimizer: Subject, held: set[Subject]) -> Iterator[Event]:
    """Return the backward passes that fill its gradients, beside a clearing of them."""
    for event in trace.events(Backward):
        cleared = {value for one in trace.beside(event, ZeroGrad) for value in one.subjects}
        is_cleared = optimizer in cleared or (bool(held) and held <= _modules(program, cleared))
        if is_cleared and held & _modules(program, set(event.subjects)):
            yield event


def _modules(program: Program, subjects: set[Subject]) -> set[Subject]:
    return {value for value in program.origins(subjects) if value.kind is Kind.MODULE}
