"""``scaler.unscale_()`` twice before one ``scaler.update()``."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Finding, Pitfall, Protocol
from pylint_torchcheck.pitfalls.questions import Event, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import Kind, ScaledStep, ScalerUnscale, ScalerUpdate


class UnscaledTwice(Pitfall):
    """``scaler.unscale_(optimizer)`` divides the gradients once, and raises if it is asked to again before an update.

    Where gradients are accumulated, that is the second batch of each window: unscale once, right before the step.
    """

    msgid = "E7765"
    symbol = "unscaled-twice"
    message = (
        "%s runs more than once for each scaler.update(), which raises RuntimeError; call it once, right before "
        "scaler.step(optimizer), or call torchguard.TrainStep"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="scaled",
        moves={
            (ANY, ScalerUpdate): "scaled",
            ("scaled", ScalerUnscale): "unscaled",
            ("unscaled", ScalerUnscale): BROKEN,
        },
        unless_many=True,
    )

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find where the protocol is broken, and where it is at all batches but those that end a window."""
        yield from super().check(program)
        for trace in program.traces:
            for event in trace.events(ScalerUnscale):
                place = program.place_of(event) if _is_between_updates(trace, event) else None
                if place is not None:
                    yield Finding(place, (place.text,), any(value.guessed for value in event.subjects))


def _is_between_updates(trace: Trace, event: Event) -> bool:
    """Does it run at every batch, and the scaler's step and update at some batches only?"""
    updates, steps = list(trace.beside(event, ScalerUpdate)), list(trace.beside(event, ScaledStep))
    ends_windows = bool(updates and steps) and all(one.is_periodic for one in (*updates, *steps))
    return event.in_every_iteration and ends_windows
