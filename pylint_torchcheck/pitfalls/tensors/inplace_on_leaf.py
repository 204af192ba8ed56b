"""A parameter that is changed in place while gradients are recorded."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Event, Place, Program
from pylint_torchcheck.pitfalls.vocabulary import ChangedInPlace, ChangedOnRecord


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
        changes: dict[Place, list[Event]] = {}
        for trace in program.traces:
            for event in trace.events(ChangedInPlace):
                if not set(event.subjects) <= set(event.results):  # what an earlier iteration has raised for
                    changes.setdefault(event.place, []).append(event)
        for place, events in changes.items():
            if all(event.verb is ChangedOnRecord and _raises(program, event) for event in events):
                yield Finding(place, (place.text,))


def _raises(program: Program, event: Event) -> bool:
    sources = program.origins([*event.subjects, *event.results])
    for value in event.subjects:
        is_made_here = program.is_leaf(value) and event.is_reached_like(value)
        has_gradient = program.is_surely_recorded(event) and program.is_changed_by_its_gradient(value, sources)
        if not is_made_here and not has_gradient:
            return False
    return True
