"""``best = model.state_dict()``, kept while training goes on."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import FileWritten, Kind, LoadWeights, OptimizerStep, StateTaken


class AliasedStateDict(Pitfall):
    """A state dict holds the module's own tensors, and every later step changes them in place.

    What was kept as the best weights are the last ones, by the time that they are used. ``dict(...)``, ``.copy()`` and
    ``copy.copy`` copy the mapping and none of its tensors.
    """

    msgid = "W7751"
    symbol = "aliased-state-dict"
    message = (
        "%s keeps references to the weights, so each later step changes what was kept; write copy.deepcopy(%s), "
        "or call torchguard.snapshot"
    )
    guard = "torchguard.snapshot"
    signs = signs([".state_dict"], [OptimizerStep, LoadWeights])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find state dicts of a module that is stepped between their making and their use."""
        for trace in program.traces:
            for taken in trace.events(StateTaken):
                owners = {value.owner for value in taken.results if value.owner and value.owner.kind is Kind.MODULE}
                place = program.shown_at(taken, *owners)
                if len(owners) == len(taken.results) == 1 and place is not None and place.text:
                    (kept,) = taken.results
                    if _is_used_late(program, trace, taken, kept):
                        yield Finding(place, (place.text, place.text), kept.guessed)


def _is_used_late(program: Program, trace: Trace, taken: Event, kept: Subject) -> bool:
    """Is it used after a change of the module, and on that way not made anew?"""
    uses = list(_uses(trace, taken, kept))
    changes = (
        [event for event in _changes(program, trace, kept) if trace.may_follow(event, after=[taken])] if uses else []
    )
    anew = [event for event in trace.events(StateTaken) if kept in event.results]
    return trace.may_follow(*uses, after=changes, avoiding=anew)


def _changes(program: Program, trace: Trace, kept: Subject) -> Iterator[Event]:
    """Return what changes the module's weights in place: steps, and other weights that are loaded."""
    owner = kept.owner
    for event in trace.events(OptimizerStep, LoadWeights) if owner is not None else ():
        if event.verb is LoadWeights:
            if set(event.subjects) == {owner} and not _holds(event, kept):
                yield event
        elif event.subjects and all(_trains(program, optimizer, owner) for optimizer in event.subjects):
            yield event


def _trains(program: Program, optimizer: Subject, module: Subject | None) -> bool:
    """Does an optimizer hold the module's parameters, or parameters of nobody knows whom?"""
    if module is None or optimizer.kind is not Kind.OPTIMIZER:
        return False
    held = [value for value in program.origins([optimizer]) if value.kind is Kind.MODULE]
    return program.belong([module], held) or program.belong(held, [module]) or (not held and optimizer.guessed)


def _uses(trace: Trace, taken: Event, kept: Subject) -> Iterator[Event]:
    """Return where it is loaded back, or saved after the loop in which it was kept now and then."""
    is_picked = bool(taken.depth) and not taken.in_every_iteration
    for event in trace.events(LoadWeights, FileWritten):
        if _holds(event, kept):
            is_late_save = is_picked and event.depth < taken.depth
            if is_late_save if event.verb is FileWritten else set(event.subjects) == {kept.owner}:
                yield event


def _holds(event: Event, kept: Subject) -> bool:
    """Is it the state dict that is loaded or saved, or a mapping with the same tensors?"""
    values = event.contents.values if event.contents is not None else ()
    return any(value is kept or (value.owner is kept and not value.path) for value in values)
