"""A parameter in training that is changed through ``.data``."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, ChangedInPlace


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
        for place, ways in program.happenings(ChangedInPlace):
            if all(_is_in_training(program, trace, event) for trace, event in ways):
                yield Finding(place, (place.text, place.text.replace(".data", "")))


def _is_in_training(program: Program, trace: Trace, event: Event) -> bool:
    passes = [one for one in trace.events(Backward) if one.shares_loop_with(event)]
    sources = program.origins([*event.subjects, *event.results])
    return all(
        value.path == "data"
        and value.owner is not None
        and any(program.is_trained_by(value.owner, one) for one in passes)
        and not program.is_blended(value.owner, sources)
        for value in event.subjects
    )
