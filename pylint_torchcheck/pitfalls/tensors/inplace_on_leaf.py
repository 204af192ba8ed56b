"""A parameter that is changed in place while gradients are recorded."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import ChangedInPlace, ChangedOnRecord, Kind


class InplaceOnLeaf(Pitfall):
    """What a gradient is to be worked out for must not change under autograd's eyes.

    ``w -= lr * w.grad`` and ``self.weight.normal_()`` raise a ``RuntimeError``: a step or an initialisation is no
    part of the function that is differentiated, and belongs under ``torch.no_grad()``.
    """

    msgid = "E7789"
    symbol = "inplace-on-leaf"
    message = (
        "%s changes a tensor that requires a gradient in place while gradients are recorded, which raises; "
        "write it under with torch.no_grad():"
    )
    signs = signs([Sign.LEAF_CHANGED])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find changes of what has a gradient for certain, whichever way they are reached."""
        for place, ways in program.happenings(ChangedInPlace):
            events = [event for _, event in ways if not _comes_too_late(event)]
            if events and all(_raises(program, event) for event in events):
                yield Finding(place, (place.text,))


def _comes_too_late(event: Event) -> bool:
    """Is what is changed here what an earlier iteration has made of it? That one has raised."""
    return set(event.subjects) <= set(event.results)


def _raises(program: Program, event: Event) -> bool:
    if event.verb is not ChangedOnRecord:
        return False
    sources = program.origins([*event.subjects, *event.results])
    for value in event.subjects:
        has_gradient = program.is_leaf(value) or program.is_changed_by_its_gradient(value, sources)
        is_recorded = program.is_surely_recorded(event) or _is_made_to_be(program, event, value)
        if not has_gradient or not is_recorded:
            return False
    return True


def _is_made_to_be(program: Program, event: Event, value: Subject) -> bool:
    """Is it made on the same way, by who wants its gradient, or by a constructor?"""
    if not program.is_leaf(value) or not event.is_reached_like(value):
        return False
    return value.kind is Kind.TENSOR or "__init__" in event.functions
