"""Weight decay on what takes no part in the loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Event, Place, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, Forward, Kind, OptimizerStep, Trait, ZeroGrad


class DecayedUnusedParams(Pitfall):
    """An optimizer passes over a parameter whose ``.grad`` is ``None``, and decays one whose gradient is zero.

    A head that only some batches use, or a term of the loss with the factor 0, shrinks at every step that it has no
    part in, by the learning rate times the weight decay; momentum and Adam's averages carry it on besides.
    """

    msgid = "W7739"
    symbol = "decayed-unused-params"
    message = (
        "%s gives %s gradients of zero, and not None, where it takes no part in the loss, so the optimizer's weight "
        "decay pulls its weights towards zero all the same; write %s"
    )
    signs = signs([OptimizerStep], [Backward], ["weight_decay =", "AdamW"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find what an optimizer with weight decay holds and only some of its steps, or none, are meant for."""
        for trace in program.traces:
            for step in trace.events(OptimizerStep):
                if step.in_every_iteration and _decays(program, step):
                    yield from _used_at_times(program, trace, step)
                    yield from _used_for_nothing(program, trace, step)


def _decays(program: Program, step: Event) -> bool:
    optimizer = next(iter(step.subjects), None) if len(step.subjects) == 1 else None
    call = program.creation(optimizer) if optimizer is not None else None
    return call is not None and call.setting("weight_decay") not in (None, 0)


def _used_at_times(program: Program, trace: Trace, step: Event) -> Iterator[Finding]:
    """Find modules that take part in some iterations only, where gradients are set to zero and stay there."""
    zeroing = next(_zeroing(program, trace, step), None)
    forwards = [one for one in _forwards(program, trace, step) if one.depth == step.depth] if zeroing else []
    for event in forwards:
        places = {one.place for one in forwards if set(one.subjects) == set(event.subjects)}
        call = program.call_of(event)
        if zeroing is not None and call is not None and event.happens_at_times and len(places) == 1:
            yield Finding(zeroing, (zeroing.text, call.callee_text, f"{zeroing.receiver_text}.zero_grad()"))


def _zeroing(program: Program, trace: Trace, step: Event) -> Iterator[Call]:
    """Return the calls that set the optimizer's gradients to zero, and not to ``None``."""
    for event in trace.beside(step, ZeroGrad):
        call = program.call_of(event)
        is_all = set(event.subjects) == set(step.subjects) or _modules(program, step) <= _modules(program, event)
        if call is not None and is_all and call.argument_text("set_to_none") == "False":
            yield call


def _used_for_nothing(program: Program, trace: Trace, step: Event) -> Iterator[Finding]:
    """Find modules whose output goes into the loss with the factor 0, and in no other way."""
    losses = [event for event in trace.beside(step, Backward) if event.in_every_iteration]
    if len({event.place for event in losses}) == 1:
        for event in _forwards(program, trace, step):
            products = program.multiplied_by_zero(event.results, losses[0].subjects)
            yield from _for_nothing(program.call_of(event), products)


def _for_nothing(call: Call | None, products: Iterable[Place]) -> Iterator[Finding]:
    if call is not None:
        cure = f"the optimizer without {call.callee_text}.parameters()"
        yield from (Finding(place, (place.text, call.callee_text, cure)) for place in products)


def _forwards(program: Program, trace: Trace, step: Event) -> list[Event]:
    """Return the calls of modules that the optimizer holds, or of parts of these."""
    held = _modules(program, step)
    return [
        event
        for event in trace.beside(step, Forward)
        if len(event.subjects) == 1
        and program.belong(event.subjects, held)
        and any(_is_trainable(program, value) for value in event.subjects)
    ]


def _is_trainable(program: Program, module: Subject) -> bool:
    """Has it parameters, or has the list or dict that it is taken from?"""
    wholes = [module] if module.owner is None else [module, module.owner]
    return any(program.has(value, Trait.PARAMETERS) for value in wholes)


def _modules(program: Program, event: Event) -> set[Subject]:
    return {value for value in program.origins(event.subjects) if value.kind is Kind.MODULE}
