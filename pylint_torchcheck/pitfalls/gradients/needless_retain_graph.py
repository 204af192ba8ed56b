"""``retain_graph=True`` where nothing goes back through the graph again."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Backward, Kind


class NeedlessRetainGraph(Pitfall):
    """A backward pass frees what the forward pass has kept for it, layer by layer, unless it is told not to.

    Told to retain the graph, it leaves all of it alive until the next batch's graph takes its place, so that two are
    in memory at once: about twice the activations. Only a second backward pass through the same graph is a reason.
    """

    msgid = "W7724"
    symbol = "needless-retain-graph"
    message = (
        "%s keeps the activations of each batch alive until the next ones are computed, although nothing goes back "
        "through this graph again; write %s"
    )
    signs = signs([Sign.RETAINED_GRAPH], [Backward])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find what is told to retain a graph that is spent."""
        if any(_retains(call) for call in program.method_calls("backward")):
            for call in program.spent_graphs():
                if _retains(call):
                    is_of_tensor = all(value.kind is Kind.TENSOR for value in call.receivers)
                    cure = f"{call.receiver_text}.backward()" if is_of_tensor else "it without retain_graph=True"
                    yield Finding(call, (call.text, cure))


def _retains(call: Call) -> bool:
    return call.argument_text("retain_graph") == "True" and not call.gives("create_graph")
