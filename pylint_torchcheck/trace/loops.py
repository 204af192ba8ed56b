"""Loops under way while a file is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from astroid import nodes

from pylint_torchcheck.trace.values import NOTHING, Frame, Values


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop under way: the same one in its first iteration and in a later one.

    Args:
        node: the statement; the class whose methods a framework calls in a loop of its own.
        frame: where the loop stands.
        over_loader: does it run over a data loader?
        target: what it runs over.
        apart: methods of the class that the framework calls outside of its loop.
    """

    node: nodes.NodeNG
    frame: Frame
    over_loader: bool = field(default=False, compare=False)
    target: Values = field(default=NOTHING, compare=False)
    apart: frozenset[str] = field(default=frozenset(), compare=False)

    def does_only(self, node: nodes.NodeNG) -> bool:
        """Is the loop there to repeat this one call, and nothing else?"""
        body: list[nodes.NodeNG] = getattr(self.node, "body", [])
        return len(body) == 1 and isinstance(body[0], nodes.Expr) and body[0].value is node
