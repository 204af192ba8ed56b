"""A recurrent state that drags the graph of all earlier batches along."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Backward


class HiddenStateNotDetached(Pitfall):
    """A state that is handed on from batch to batch is on the graph of the batch that made it.

    The second ``backward()`` then goes back through the first batch, whose graph is gone, and raises. With
    ``retain_graph=True`` it does not raise: each step goes back through all batches so far, slower and larger each
    time.
    """

    msgid = "W7707"
    symbol = "hidden-state-not-detached"
    message = (
        "%s gets %s on the graph of the iteration before, so backward() goes back through that one again; "
        "pass %s.detach() on"
    )
    signs = signs([Backward])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find states that come from the same call in the iteration before, whichever way that went."""
        if any(program.method_calls("detach_")):  # cuts a state off in place, and everything that is made of it
            return
        for call, state in program.carried_states():
            guessed = any(value.guessed for value in call.receivers)
            yield Finding(call, (call.text, state.text, state.text), guessed)
