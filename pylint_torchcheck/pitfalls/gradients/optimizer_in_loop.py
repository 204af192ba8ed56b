"""An optimizer that each epoch or each batch builds anew."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Created, Freeze, FreezePart, Kind, LoadWeights, OptimizerStep, Thaw

_BEGINNING_AFRESH = (LoadWeights, Freeze, FreezePart, Thaw)


class OptimizerInLoop(Pitfall):
    """An optimizer remembers: momentum, Adam's averages, the count of steps. A new one has forgotten it all.

    Built anew in each epoch, it warms up again each time; built anew for each batch, momentum never builds up, and
    Adam makes every step one of full size, whatever the gradient.
    """

    msgid = "W7720"
    symbol = "optimizer-in-loop"
    message = (
        "%s is built anew in each iteration, although the module lives on, so its momentum and averages are lost; "
        "write it before the loop"
    )
    signs = signs([OptimizerStep], [".parameters", ".named_parameters"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find optimizers with a memory that are made in each epoch or for each batch."""
        for trace in program.traces:
            for event in trace.events(Created):
                for optimizer in event.subjects:
                    call = program.creation(optimizer) if optimizer.kind is Kind.OPTIMIZER else None
                    if call is not None and _has_memory(optimizer, call) and _is_renewed(program, trace, event):
                        yield Finding(call, (call.text,), optimizer.guessed)


def _has_memory(optimizer: Subject, call: Call) -> bool:
    return optimizer.path != "torch.optim.SGD" or call.setting("momentum") not in (None, 0)


def _is_renewed(program: Program, trace: Trace, event: Event) -> bool:
    """Is it made in every iteration of a loop in which it steps, or in which a loader is run through?"""
    if not event.in_every_iteration or any(True for verb in _BEGINNING_AFRESH for _ in trace.beside(event, verb)):
        return False
    return _steps_beside(trace, event) and _lives_on(program, event)


def _steps_beside(trace: Trace, event: Event) -> bool:
    steps = [step for step in trace.beside(event, OptimizerStep) if set(step.subjects) == set(event.subjects)]
    depths = (step.depth - event.depth for step in steps if step.over_loader or step.depth == event.depth)
    return any(depth <= 1 for depth in depths)


def _lives_on(program: Program, event: Event) -> bool:
    """Are the parameters those of modules that were made before the loop, as all is that they may come from?"""
    origins = program.origins(event.subjects)
    sources = [value for value in origins if value.kind not in _HOLDING_NO_WEIGHTS]
    return any(value.kind is Kind.MODULE for value in sources) and not any(map(event.makes_anew, sources))


_HOLDING_NO_WEIGHTS = frozenset(
    {Kind.OPTIMIZER, Kind.PARAMETERS, Kind.COLLECTION, Kind.CONSTANT, Kind.DATA, Kind.LOSS_FUNCTION}
)
