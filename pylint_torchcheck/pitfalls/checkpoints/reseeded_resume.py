"""A constant seed after the state of the run was brought back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import Kind, LoadWeights, OptimizerStep, RandomStateSet, Seeded

_VARYING = re.compile(r"epoch|step|iter|time|start|resume|rank|\+|\bi\b|urandom|randint", re.IGNORECASE)


class ReseededResume(Pitfall):
    """The same seed after a resume gives the same numbers as at the start of the run.

    Shuffles, dropout masks and augmentations of the first epochs come again, in the order in which the model has seen
    them, and a random state that was brought back is thrown away.
    """

    msgid = "W7750"
    symbol = "reseeded-resume"
    message = (
        "%s starts the random numbers over after the run was resumed, so its first shuffles and masks come again; "
        "write it before, and call torchguard.set_rng_state with what torchguard.rng_state gave"
    )
    guard = "torchguard.set_rng_state"
    signs = signs([Seeded], [LoadWeights, RandomStateSet])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find constant seeds after an optimizer or a random state was brought back, and before more steps."""
        for trace in program.traces:
            resumed = [event for event in trace.events(LoadWeights, RandomStateSet) if _resumes(event)]
            for seeding in trace.events(Seeded) if resumed else ():
                place = program.shown_at(seeding)
                if place is not None and _starts_over(trace, seeding, resumed):
                    yield Finding(place, (place.text,))


def _resumes(event: Event) -> bool:
    if event.verb is RandomStateSet:
        return True
    return bool(event.subjects) and all(value.kind is Kind.OPTIMIZER for value in event.subjects)


def _starts_over(trace: Trace, seeding: Event, resumed: list[Event]) -> bool:
    """Is the seed a constant, after a resume and before a step, with no random state set in between?"""
    if (
        seeding.depth
        or seeding.place.function == "__init__"
        or _VARYING.search(seeding.giver.text)
        or _VARYING.search(seeding.place.text)
    ):
        return False
    if not trace.may_follow(seeding, after=resumed):
        return False
    restored = list(trace.events(RandomStateSet))
    return trace.may_follow(*trace.events(OptimizerStep), after=[seeding]) and not trace.may_follow(
        *restored, after=[seeding]
    )
