"""Places in the source, as findings name them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from astroid import nodes

_LONGEST = 60  # characters of source quoted in a message


def source_of(node: nodes.NodeNG | None) -> str:
    """Return the source of a node on one line, cut to a readable length."""
    if node is None:
        return ""
    try:
        text = " ".join(node.as_string().split())
    except RecursionError:
        return "..."
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def dotted(node: nodes.NodeNG) -> str:
    """Return ``a.b.c`` for a name or a chain of attributes of a name; empty for anything else."""
    names: list[str] = []
    while isinstance(node, nodes.Attribute | nodes.AssignAttr | nodes.DelAttr):
        names.append(node.attrname)
        node = node.expr
    if not isinstance(node, nodes.Name | nodes.AssignName):
        return ""
    return ".".join([node.name, *reversed(names)])


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of the user's source."""

    node: nodes.NodeNG

    @property
    def text(self) -> str:
        """The source, on one line and cut to a readable length."""
        return source_of(self.node)

    @property
    def function(self) -> str:
        """The name of the function around it; empty at module level."""
        scope = self.node.scope()
        while isinstance(scope, nodes.Lambda | nodes.ComprehensionScope) and not isinstance(scope, nodes.FunctionDef):
            scope = scope.parent.scope()
        return scope.name if isinstance(scope, nodes.FunctionDef) else ""

    def excludes(self, other: object) -> bool:
        """Does it stand under a condition whose opposite another place stands under?"""
        if not isinstance(other, Place):
            return False
        others = set(_conditions(other.node))
        return any((text, not holds) in others for text, holds in _conditions(self.node))

    def precedes(self, other: object) -> bool:
        """Does it stand above another place, in the same function, or within it?"""
        if not isinstance(other, Place):
            return False
        is_above = self.node.scope() is other.node.scope() and self.node.lineno < other.node.lineno
        return bool(is_above or other.node.parent_of(self.node))


def _conditions(node: nodes.NodeNG) -> Iterator[tuple[str, bool]]:
    """Return the source of what a node stands under in its function, and whether that has to hold for it to run."""
    while not isinstance(node, nodes.FunctionDef | nodes.Module):
        above = node.parent
        if isinstance(above, nodes.If | nodes.IfExp) and node is not above.test:
            test = above.test
            holds = node in above.body if isinstance(above, nodes.If) else node is above.body
            while isinstance(test, nodes.UnaryOp) and test.op == "not":
                test, holds = test.operand, not holds
            yield test.as_string(), holds
        node = above
