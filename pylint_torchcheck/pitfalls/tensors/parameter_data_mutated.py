"""A parameter in training that is changed through ``.data``."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Event, Place, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, ChangedInPlace, Kind


class ParameterDataMutated(Pitfall):
    """A change through ``.data`` is one that autograd does not count.

    Where the graph of an earlier pass still needs the old numbers, ``backward()`` works out wrong gradients from the
    new ones and says nothing; of the same change under ``torch.no_grad()`` it knows, and raises.
    """

    msgid = "W7793"
    symbol = "parameter-data-mutated"
    message = (
        "%s changes a trained tensor where autograd cannot see it, so a graph that needs the old numbers gives "
        "wrong gradients; write %s under with torch.no_grad():"
    )
    signs = signs([Sign.DATA_CHANGED], [Backward])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find changes of what a backward pass of the same loop trains; an average or an initialiser is none."""
        changes: dict[Place, list[bool]] = {}
        for trace in program.traces:
            for event in trace.events(ChangedInPlace):
                if all(value.path == "data" and value.owner is not None for value in event.subjects):
                    changes.setdefault(event.place, []).append(_is_in_training(program, trace, event))
        for place, answers in changes.items():
            if all(answers):
                yield Finding(place, (place.text, place.text.replace(".data", "")))


def _is_in_training(program: Program, trace: Trace, event: Event) -> bool:
    trained = program.origins(
        value for one in trace.events(Backward) if one.shares_loop_with(event) for value in one.subjects
    )
    parameters = [value.owner for value in event.subjects if value.owner is not None]
    return all(
        value in trained or (value.kind is Kind.PARAMETER and value.owner in trained) for value in parameters
    )
