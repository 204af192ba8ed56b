"""Calls in the source, with what is known of each from all the ways in which it is reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind, Ranks
from pylint_torchcheck.torch_api.effects import MOVING_METHODS
from pylint_torchcheck.torch_api.generated import OPTIMIZERS
from pylint_torchcheck.torch_api.objects import method_path, signature
from pylint_torchcheck.trace.arguments import Arguments
from pylint_torchcheck.trace.places import Place, dotted, source_of
from pylint_torchcheck.trace.values import NOTHING, Frame, Value, Values


class Surroundings(NamedTuple):
    """One way in which a call is reached.

    Args:
        frame: the chain of calls.
        ranks: which ranks of a process group come here.
        in_group: may a process group have been joined before?
        recorded: does autograd record what is computed? ``None``: it depends.
    """

    frame: Frame
    ranks: Ranks
    in_group: bool
    recorded: bool | None


@dataclass(frozen=True, slots=True)
class CallSite(Place):
    """One call; see ``pylint_torchcheck.pitfalls.questions.Call`` for what a pitfall sees of it."""

    node: nodes.Call
    paths: set[str] = field(default_factory=set, compare=False)
    receivers: set[Value] = field(default_factory=set, compare=False)
    results: set[Value] = field(default_factory=set, compare=False)
    given: list[Arguments] = field(default_factory=list, compare=False)
    reached: set[Surroundings] = field(default_factory=set, compare=False)

    def note(
        self, receivers: Values, arguments: Arguments, results: Values, paths: set[str], surroundings: Surroundings
    ) -> None:
        """Add one way in which the call is reached."""
        self.reached.add(surroundings)
        self.receivers.update(receivers)
        self.results.update(results)
        self.given.append(arguments)
        self.paths.update(paths)

    def runs_within(self, name: str) -> bool:
        """Is a function of this name under way, whichever way this is reached?"""
        return bool(self.reached) and all(way.frame.is_within(name) for way in self.reached)

    @property
    def frames(self) -> set[Frame]:
        """The chains of calls by which it is reached."""
        return {way.frame for way in self.reached}

    @property
    def ranks(self) -> frozenset[Ranks]:
        """Which ranks of a process group run it, for each way in which it is reached."""
        return frozenset(way.ranks for way in self.reached)

    @property
    def ranks_in_group(self) -> frozenset[Ranks]:
        """The same, but only for the ways on which the program has joined a group before, in plain sight."""
        return frozenset(way.ranks for way in self.reached if way.in_group)

    @property
    def method(self) -> str:
        """The name of the method or function that is called."""
        func = self.node.func
        return func.attrname if isinstance(func, nodes.Attribute) else getattr(func, "name", "")

    @property
    def receiver_text(self) -> str:
        """The source of what the method is called on."""
        return source_of(self.node.func.expr) if isinstance(self.node.func, nodes.Attribute) else ""

    @property
    def callee_text(self) -> str:
        """The source of what is called."""
        return source_of(self.node.func)

    @property
    def chain_text(self) -> str:
        """The source of what a chain of methods that change nothing begins with: ``x`` for ``x.float().cuda()``."""
        node = self.node
        while isinstance(node, nodes.Call) and isinstance(node.func, nodes.Attribute) and _is_pure(node.func):
            node = node.func.expr
        return source_of(node)

    @property
    def target_text(self) -> str:
        """The source of the target that the result is assigned to; empty if there is none."""
        parent = self.node.parent
        return source_of(parent.targets[0]) if isinstance(parent, nodes.Assign) else ""

    @property
    def first_argument_text(self) -> str:
        """The source of the first argument; empty if there is none."""
        return source_of(self.node.args[0]) if self.node.args else ""

    @property
    def is_handed_on(self) -> bool:
        """Is the result, as a whole, given to somebody else, returned, or kept under a name that is?"""
        parent = self.node.parent
        if not isinstance(parent, nodes.Assign) or len(parent.targets) != 1:
            return not isinstance(parent, nodes.Subscript | nodes.Attribute | nodes.Expr)
        name = dotted(parent.targets[0])
        scope = parent.scope() if isinstance(parent.targets[0], nodes.AssignName) else parent.root()
        kinds = (nodes.Name, nodes.Attribute)
        return not name or any(_hands_on(one) for one in scope.nodes_of_class(kinds) if dotted(one) == name)

    def is_kept(self, is_called: bool) -> bool:
        """Is the result, as a whole, put where others find it, or returned to callers that are not in sight?

        Args:
            is_called: is the function around it called in sight? Then what it returns is followed.
        """
        parent = self.node.parent
        if not isinstance(parent, nodes.Assign) or len(parent.targets) != 1:
            return _gives_away(self.node, is_called)
        name, scope = dotted(parent.targets[0]), parent.scope()
        if not isinstance(parent.targets[0], nodes.AssignName):
            return self.is_handed_on
        names = (one for one in scope.nodes_of_class(nodes.Name) if one.name == name)
        return any(_gives_away(one, is_called) for one in names)

    @property
    def is_statement(self) -> bool:
        """Is the call a statement of its own, and meant to do something?"""
        parent = self.node.parent
        return isinstance(parent, nodes.Expr) and not _is_expected_to_raise(parent)

    @property
    def is_dropped(self) -> bool:
        """Is the call a statement of its own, or its result bound to a name that nobody reads?"""
        parent = self.node.parent
        if isinstance(parent, nodes.Assign) and len(parent.targets) == 1:
            target = parent.targets[0]
            return isinstance(target, nodes.AssignName) and not _is_read(target)
        return self.is_statement

    @property
    def in_training(self) -> bool:
        """Does its statement, or a condition around it, ask whether a module is in train mode?"""
        return "training" in self.node.statement().as_string() or any(
            "training" in text for text in _conditions(self.node)
        )

    @property
    def is_fallback(self) -> bool:
        """Is the call made only after another way has failed, as in an ``except`` block?"""
        node = self.node
        while not isinstance(node, nodes.FunctionDef | nodes.Module):
            if isinstance(node, nodes.ExceptHandler):
                return True
            node = node.parent
        return False

    @property
    def is_unrecorded(self) -> bool:
        """Is autograd off, whichever way the call is reached?"""
        return {way.recorded for way in self.reached} == {False}

    def gives(self, parameter: str) -> bool:
        """Is the argument given: by keyword, by position, or perhaps through ``*args`` or ``**kwargs``?"""
        if any(keyword.arg == parameter for keyword in self.node.keywords):
            return True
        order = self._signature()
        if self._unpacks:
            return not self.given or any(one.starred or one.get(parameter, order) for one in self.given)
        return parameter in order and order.index(parameter) < len(self.node.args)

    @property
    def _unpacks(self) -> bool:
        """Are there ``*args`` or ``**kwargs``?"""
        is_mapping = any(keyword.arg is None for keyword in self.node.keywords)
        return is_mapping or any(isinstance(argument, nodes.Starred) for argument in self.node.args)

    @property
    def has_own_keywords(self) -> bool:
        """Is a keyword given that torch's own function or method of this name does not take?"""
        order = self._signature()
        return any(keyword.arg not in order for keyword in self.node.keywords if keyword.arg)

    def argument(self, parameter: str) -> Values:
        """Return what the argument may be; empty if it is not given in plain sight."""
        order = self._signature()
        return NOTHING.union(*(arguments.get(parameter, order) for arguments in self.given))

    def argument_values(self) -> Values:
        """Return all that the arguments may be."""
        return NOTHING.union(*(arguments.everything() for arguments in self.given))

    def depends_on(self, name: str) -> bool:
        """Does the call, or a condition around it in its function, ask for an attribute of this name?"""
        asking = [self.node]
        node = self.node
        while node.parent is not None and not isinstance(node, nodes.FunctionDef):
            node = node.parent
            if isinstance(node, nodes.If | nodes.IfExp | nodes.BoolOp):
                asking.append(node if isinstance(node, nodes.BoolOp) else node.test)
        return any(asked.attrname == name for one in asking for asked in one.nodes_of_class(nodes.Attribute))

    def setting(self, parameter: str) -> object:
        """Return a hyper-parameter: the literal given, or torch's default; ``...`` if it is given and not a literal."""
        if not self.gives(parameter):
            return next((OPTIMIZERS[path].get(parameter) for path in self.paths if path in OPTIMIZERS), None)
        given = self.argument(parameter)
        constants = [value.constant for value in given if value.kind is Kind.CONSTANT]
        return constants[0] if len(constants) == len(given) == 1 else ...

    def argument_text(self, parameter: str) -> str:
        """Return the source of the argument; empty if it is not given in plain sight."""
        return source_of(self.argument_node(parameter))

    def argument_node(self, parameter: str) -> nodes.NodeNG | None:
        """Return the expression that is the argument; ``None`` if it is not given in plain sight."""
        for keyword in self.node.keywords:
            if keyword.arg == parameter:
                return keyword.value
        order = self._signature()
        index = order.index(parameter) if parameter in order else len(self.node.args)
        return self.node.args[index] if index < len(self.node.args) else None

    def _signature(self) -> Sequence[str]:
        for path in self.paths:
            return signature(path) or ()
        kinds = {value.kind for value in self.receivers} or {Kind.MODULE}
        return signature(method_path(kinds.pop(), self.method)) or ()


def _conditions(node: nodes.NodeNG) -> Iterator[str]:
    """Return the source of the conditions around a node in its function."""
    while not isinstance(node, nodes.FunctionDef | nodes.Module):
        if isinstance(node, nodes.If | nodes.IfExp):
            yield node.test.as_string()
        node = node.parent


def _is_pure(method: nodes.Attribute) -> bool:
    return method.attrname in MOVING_METHODS


def _is_read(target: nodes.AssignName) -> bool:
    """Is a name read anywhere in its scope, functions inside it included?"""
    scope = target.scope()
    if isinstance(scope, nodes.Module):
        return True  # another file may read it
    return any(name.name == target.name for name in scope.nodes_of_class(nodes.Name))


def _hands_on(name: nodes.NodeNG) -> bool:
    """Is something done with a whole mapping, and not just asked for a key?"""
    parent = name.parent
    if isinstance(parent, nodes.Compare):
        return not any(operator in {"in", "not in", "is", "is not"} for operator, _ in parent.ops)
    return not isinstance(parent, nodes.Subscript | nodes.Attribute | nodes.Expr | nodes.Delete | nodes.If)


def _gives_away(node: nodes.NodeNG, is_called: bool) -> bool:
    """Is a whole mapping put into something, or returned?"""
    match node.parent:
        case nodes.Return() | nodes.Yield():
            return not is_called
        case nodes.Assign(targets=[nodes.AssignName()]) | nodes.AnnAssign(target=nodes.AssignName()):
            return False
        case nodes.Assign() | nodes.Dict() | nodes.List() | nodes.Tuple() | nodes.Set() | nodes.Starred():
            return True
        case nodes.Global() | nodes.Lambda() | nodes.NamedExpr():
            return True
    return False


def _is_expected_to_raise(statement: nodes.Expr) -> bool:
    """Is the statement run to see whether it raises, or what it costs?"""
    block = statement.parent
    if isinstance(block, nodes.Try) and block.body == [statement] and block.handlers:
        return True
    managers = [manager for manager, _ in block.items] if isinstance(block, nodes.With) else []
    names = [manager.func.as_string() for manager in managers if isinstance(manager, nodes.Call)]
    return any(name.rpartition(".")[2] in _EXPECTING for name in names)


_EXPECTING = frozenset(
    "raises assertRaises assertRaisesRegex warns assertWarns assertWarnsRegex suppress profile record_function".split()
)
