"""Attributes in the source, read or assigned, with what is known of each from all the ways in which it is reached."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from astroid import nodes

from pylint_torchcheck.torch_api.generated import INPLACE_METHODS
from pylint_torchcheck.trace.places import Place, source_of
from pylint_torchcheck.trace.values import Frame, Value, Values


@dataclass(frozen=True, slots=True)
class AttributeSite(Place):
    """One attribute; see ``pylint_torchcheck.pitfalls.questions.Attribute`` for what a pitfall sees of it."""

    node: nodes.Attribute | nodes.AssignAttr
    receivers: set[Value] = field(default_factory=set, compare=False)
    values: set[Value] = field(default_factory=set, compare=False)
    frames: set[Frame] = field(default_factory=set, compare=False)

    def note(self, receivers: Values, values: Values, frame: Frame) -> None:
        """Add one way in which the attribute is reached."""
        self.receivers.update(receivers)
        self.values.update(values)
        self.frames.add(frame)

    def runs_within(self, name: str) -> bool:
        """Is a function of this name under way, whichever way this is reached?"""
        return bool(self.frames) and all(frame.is_within(name) for frame in self.frames)

    @property
    def name(self) -> str:
        """The name of the attribute."""
        return str(self.node.attrname)

    @property
    def is_assigned(self) -> bool:
        """Is something assigned to it, and it is not read?"""
        return isinstance(self.node, nodes.AssignAttr)

    def is_named(self, names: Collection[str]) -> bool:
        """Is its name one of these, if there are any?"""
        return not names or self.node.attrname in names

    @property
    def receiver_text(self) -> str:
        """The source of what the attribute belongs to."""
        text = source_of(self.node.expr)
        return text if isinstance(self.node.expr, _PLAIN) else f"({text})"

    @property
    def value_text(self) -> str:
        """The source of what is assigned; empty where the attribute is read, or where many things are assigned."""
        parent = self.node.parent
        return source_of(parent.value) if isinstance(parent, nodes.Assign | nodes.AnnAssign) else ""

    @property
    def is_own(self) -> bool:
        """Does a method read or assign it on its own ``self``?"""
        function = self.node.scope()
        if not isinstance(function, nodes.FunctionDef) or not isinstance(function.parent, nodes.ClassDef):
            return False
        names = [argument.name for argument in function.args.arguments[:1]]
        return isinstance(self.node.expr, nodes.Name) and self.node.expr.name in names

    @property
    def is_statement(self) -> bool:
        """Is reading it a statement of its own?"""
        return isinstance(self.node.parent, nodes.Expr)

    @property
    def is_computed_with(self) -> bool:
        """Is it an operand of arithmetic, or put into a text?"""
        return isinstance(self.node.parent, nodes.BinOp | nodes.AugAssign | nodes.FormattedValue)

    @property
    def is_entry(self) -> bool:
        """Is it a value in a dict that is written out?"""
        return isinstance(self.node.parent, nodes.Dict)

    @property
    def is_written_through(self) -> bool:
        """Is a method called on it that works in place, or one of its elements assigned?"""
        parent = self.node.parent
        if isinstance(parent, nodes.Subscript):
            return isinstance(parent.parent, nodes.Assign | nodes.AugAssign) and parent.parent.value is not parent
        return isinstance(parent, nodes.Attribute) and parent.attrname in INPLACE_METHODS

    @property
    def handed_to(self) -> nodes.Call | None:
        """Return the call that it is an argument of, by itself or in a dict, list or tuple."""
        node = self.node.parent
        while isinstance(node, nodes.Dict | nodes.List | nodes.Tuple | nodes.Keyword):
            node = node.parent
        return node if isinstance(node, nodes.Call) else None

    @property
    def index(self) -> object:
        """The constant that what is read is indexed by; ``None`` if it is not."""
        parent = self.node.parent
        is_indexed = isinstance(parent, nodes.Subscript) and parent.value is self.node
        return parent.slice.value if is_indexed and isinstance(parent.slice, nodes.Const) else None

    @property
    def is_before_base(self) -> bool:
        """Does the same function call no method of a base class in earlier lines, or in its own?"""
        return is_before_base(self.node)


@dataclass(frozen=True, slots=True)
class Expression(Place):
    """An expression, with what it may be; see ``pylint_torchcheck.pitfalls.questions.Expression``."""

    values: set[Value] = field(default_factory=set, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison(Place):
    """``left == right``; see ``pylint_torchcheck.pitfalls.questions.Comparison``."""

    node: nodes.Compare
    left: set[Value] = field(default_factory=set, compare=False)
    right: set[Value] = field(default_factory=set, compare=False)

    @property
    def operator(self) -> str:
        """What compares them."""
        return str(self.node.ops[0][0])

    @property
    def left_text(self) -> str:
        """The source of the left side."""
        return source_of(self.node.left)

    @property
    def right_text(self) -> str:
        """The source of the right side."""
        return source_of(self.node.ops[0][1])


def is_before_base(node: nodes.NodeNG) -> bool:
    """Does the function around a node call no method of a base class in earlier lines, or in its own?"""
    calls = node.scope().nodes_of_class(nodes.Call)
    return not any(_initialises(call) for call in calls if (call.lineno or 0) <= (node.lineno or 0))


def _initialises(call: nodes.Call) -> bool:
    """Is a method of a base class called, which may be its constructor or call it?"""
    func = call.func
    if not isinstance(func, nodes.Attribute):
        return False
    return func.attrname == "__init__" or (isinstance(func.expr, nodes.Call) and _name(func.expr.func) == "super")


def _name(func: nodes.NodeNG) -> str:
    return func.attrname if isinstance(func, nodes.Attribute) else getattr(func, "name", "")


_PLAIN = (nodes.Name, nodes.Attribute, nodes.Call, nodes.Subscript)
