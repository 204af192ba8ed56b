"""A module that the loss goes through and no optimizer holds."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Created,
    Escaped,
    EvalMode,
    Forward,
    Freeze,
    FreezePart,
    Kind,
    LoadWeights,
    OptimizerStep,
    ParametersAdded,
    Trait,
    Verb,
)

# What says that a module is meant to stay as it is, or that more is going on than is in sight.
_MEANT = (EvalMode, LoadWeights, Freeze, FreezePart, Escaped)


class ParamsMissingFromOptimizer(Pitfall):
    """An optimizer trains what it was given. What it was not given gets gradients all the same, and never moves.

    A module that is new and in no optimizer stays at its random weights: the others learn to live with a random layer
    in front of them or behind them, and its gradients pile up unused.
    """

    msgid = "W7727"
    symbol = "params-missing-from-optimizer"
    message = (
        "%s leaves out %s, through which the loss goes, and no other optimizer holds it, so its random weights never "
        "change; add list(%s.parameters()) to what it gets"
    )
    guard = "torchguard.TrainStep"
    signs = signs([OptimizerStep], [Backward], [".parameters"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find new modules that are called for the loss and that no optimizer was given."""
        held = _all_held(program)
        for trace in program.traces if held is not None else ():
            meant = _subjects(trace, *_MEANT)
            made = _subjects(trace, Created)
            for step in _steps(trace):
                missing = dict.fromkeys(_called_for_loss(program, trace, step))
                for module in missing:
                    is_held = program.belong([module], held or ()) or program.belong(held or (), [module])
                    if module in made and not is_held and not program.belong([module], meant):
                        yield from _left_out(program, step, module)


def _subjects(trace: Trace, *verbs: type[Verb]) -> set[Subject]:
    return {value for event in trace.events(*verbs) for value in event.subjects}


def _all_held(program: Program) -> set[Subject] | None:
    """Return the modules that the program's optimizers hold; ``None`` if that is not all in sight."""
    if any(True for trace in program.traces for _ in trace.events(ParametersAdded)):
        return None
    optimizers = {
        value
        for trace in program.traces
        for event in trace.events(Created, OptimizerStep)
        for value in event.subjects
        if value.kind is Kind.OPTIMIZER
    }
    origins = program.origins(optimizers)
    if any(value.guessed or value.kind in _OPAQUE or _is_of_no_module(program, value) for value in origins):
        return None
    return {value for value in origins if value.kind is Kind.MODULE}


_OPAQUE = frozenset({Kind.UNKNOWN, Kind.INSTANCE, Kind.TENSOR})
_CHOSEN = frozenset({Kind.PARAMETER, Kind.SOME_PARAMETERS})


def _is_of_no_module(program: Program, value: Subject) -> bool:
    """Are these parameters of which it is not known whose they are?"""
    return value.kind in _CHOSEN and not any(one.kind is Kind.MODULE for one in program.origins([value]))


def _steps(trace: Trace) -> Iterator[Event]:
    """Return the steps of the one optimizer that steps, in loops."""
    steps = list(trace.events(OptimizerStep))
    if len({value for step in steps for value in step.subjects}) == 1:
        yield from (step for step in steps if step.depth)


def _called_for_loss(program: Program, trace: Trace, step: Event) -> Iterator[Subject]:
    """Return the modules with parameters, built here, whose output gradients flow back through."""
    flows = program.live({value for loss in trace.beside(step, Backward) for value in loss.subjects})
    for event in trace.beside(step, Forward):
        for module in event.subjects if len(event.subjects) == 1 and flows & set(event.results) else ():
            if program.has(module, Trait.PARAMETERS) and _is_random(program, module):
                yield module


def _is_random(program: Program, module: Subject) -> bool:
    """Is all of it built in sight, of layers that begin with random weights?"""
    return not any(
        value.guessed or value.kind in {Kind.UNKNOWN, Kind.INSTANCE, Kind.CHECKPOINT} or "torchvision" in value.path
        for value in program.origins([module])
    )


def _left_out(program: Program, step: Event, module: Subject) -> Iterator[Finding]:
    name = program.name_of(module)
    for optimizer in step.subjects:
        call = program.creation(optimizer)
        if call is not None and name:
            yield Finding(call, (call.text, name, name))
