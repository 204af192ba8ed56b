"""Calls in the source, with what is known of each from all the ways in which it is reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind, Ranks
from pylint_torchcheck.torch_api.effects import MOVING_METHODS
from pylint_torchcheck.torch_api.generated import OPTIMIZERS
from pylint_torchcheck.torch_api.objects import method_path, signature
from pylint_torchcheck.trace.arguments import Arguments
from pylint_torchcheck.trace.places import Place, source_of
from pylint_torchcheck.trace.values import NOTHING, Value, Values


@dataclass(frozen=True, slots=True)
class CallSite(Place):
    """One call; see ``pylint_torchcheck.pitfalls.questions.Call`` for what a pitfall sees of it."""

    node: nodes.Call
    paths: set[str] = field(default_factory=set, compare=False)
    receivers: set[Value] = field(default_factory=set, compare=False)
    results: set[Value] = field(default_factory=set, compare=False)
    given: list[Arguments] = field(default_factory=list, compare=False)
    reached: set[tuple[Ranks, bool]] = field(default_factory=set, compare=False)  # by whom, and in a process group?

    def note(
        self,
        receivers: Values,
        arguments: Arguments,
        results: Values,
        paths: set[str],
        surroundings: tuple[Ranks, bool],
    ) -> None:
        """Add one way in which the call is reached."""
        self.reached.add(surroundings)
        self.receivers.update(receivers)
        self.results.update(results)
        self.given.append(arguments)
        self.paths.update(paths)

    @property
    def ranks(self) -> frozenset[Ranks]:
        """Which ranks of a process group run it, for each way in which it is reached."""
        return frozenset(ranks for ranks, _ in self.reached)

    @property
    def ranks_in_group(self) -> frozenset[Ranks]:
        """The same, but only for the ways on which the program has joined a group before, in plain sight."""
        return frozenset(ranks for ranks, in_group in self.reached if in_group)

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

    def gives(self, parameter: str) -> bool:
        """Is the argument given: by keyword, by position, or perhaps through ``*args`` or ``**kwargs``?"""
        if any(keyword.arg in {None, parameter} for keyword in self.node.keywords):
            return True
        if any(isinstance(argument, nodes.Starred) for argument in self.node.args):
            return True
        order = self._signature()
        return parameter in order and order.index(parameter) < len(self.node.args)

    def argument(self, parameter: str) -> Values:
        """Return what the argument may be; empty if it is not given in plain sight."""
        order = self._signature()
        return NOTHING.union(*(arguments.get(parameter, order) for arguments in self.given))

    @property
    def everything(self) -> Values:
        """All that it is given."""
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
