"""Follows calls into the functions and classes of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Created, Escaped, Forward, Kind, Obtained, Ranks
from pylint_torchcheck.torch_api import frameworks
from pylint_torchcheck.torch_api.objects import made_by
from pylint_torchcheck.trace import ranks
from pylint_torchcheck.trace.arguments import Arguments, defaults, parameters
from pylint_torchcheck.trace.classes import find_method, is_abstract, is_context_manager, is_static, kind_of_instance
from pylint_torchcheck.trace.events import Trace
from pylint_torchcheck.trace.expressions import Expressions
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.state import State, join
from pylint_torchcheck.trace.values import ANYTHING, NOTHING, PLAIN, Frame, Store, Value, Values

Way: TypeAlias = Callable[[], Values]

_DEEPEST = 12  # calls within calls
_MOST_BUILT = 8  # instances of one class of which the constructor is read
_MOST_BUILT_ELSEWHERE = 2  # the same, of a class of another file,
_MOST_BUILT_WITHIN = 1  # or while a module is built, of its parts
_ANNOTATIONS = {
    "torch.Tensor": Kind.TENSOR,
    "torch.nn.Module": Kind.MODULE,
    "torch.optim.Optimizer": Kind.OPTIMIZER,
    "torch.optim.optimizer.Optimizer": Kind.OPTIMIZER,
    "torch.utils.data.DataLoader": Kind.LOADER,
}
_LEAVING_ALONE = (Created, Obtained, Forward)
_GRAD_DECORATORS = ("grad", "inference_mode", "autocast")


class Functions(Expressions):
    """Reads the bodies of functions where they are called."""

    def __init__(self, tree: nodes.Module, store: Store) -> None:
        super().__init__(tree, store)
        self.returns: list[tuple[State, Values]] = []
        self.yields: list[tuple[State, Values]] = []
        self.blocks: dict[nodes.NodeNG, Callable[[Values], None]] = {}  # the `with` block that an expression opens
        self.opened: dict[Frame, Callable[[Values], None]] = {}  # the same, to be read where the generator yields
        self.constructed: dict[nodes.ClassDef, State] = {}
        self._annotations: dict[nodes.NodeNG, dict[str, nodes.NodeNG | None]] = {}  # of the parameters of a function
        self._contexts: dict[nodes.NodeNG, list[nodes.NodeNG]] = {}  # the decorators of a function that may be one
        self._built: dict[nodes.ClassDef, dict[Value, int]] = {}  # the instances of each class, in the order of reading

    def read_body(self, body: list[nodes.NodeNG]) -> None:
        """Read statements in order."""
        raise NotImplementedError

    def escape(self, node: nodes.NodeNG, values: Values) -> None:
        """Record that code that is not in sight got hold of ``values`` and all that they hold."""
        raise NotImplementedError

    def call_function(self, node: nodes.NodeNG, functions: Values, receiver: Values) -> Values:
        """Read the body of a function of the file, called without arguments."""
        return self.either([partial(self.follow, node, one, Arguments(), receiver) for one in functions])

    def either(self, ways: Sequence[Way]) -> Values:
        """Go each of several ways from here, and on from wherever they end."""
        if len(ways) == 1:
            return ways[0]()
        start, ends, values = self.here(), [], NOTHING
        for way in ways:
            self.spend()
            self.state = start.copy()
            values |= way()
            ends.append(self.state)
        self.state = join(ends)
        return values

    def follow(self, node: nodes.NodeNG, function: Value, arguments: Arguments, receiver: Values) -> Values:
        """Read a function's body as a call of it runs it, and return what it returns."""
        definition = function.definition
        handed = arguments.everything()
        if not isinstance(definition, nodes.FunctionDef | nodes.Lambda) or not self._may_follow(definition, handed):
            self.escape(node, receiver | handed)
            if self._is_under_way(definition):  # what it does to the objects that it knows by name is not read again
                self.emit(Escaped, node, ANYTHING)
            return self.unknown(node, handed)
        self.spend()
        frame = self.store.frame(definition, function.frame, node, self.frame, receiver)
        bound = self._given(definition, frame, arguments, receiver)
        self._bind_defaults(definition, frame, bound)
        self._bind_rests(definition, frame, arguments, receiver)
        if node in self.blocks and isinstance(definition, nodes.FunctionDef) and is_context_manager(definition):
            self.opened[frame] = self.blocks[node]
        values = self.run(definition, frame, self.decorations(definition, function.frame))
        return values if values else PLAIN

    def _may_follow(self, definition: nodes.NodeNG, given: Values) -> bool:
        within_bounds = len(self.frame.calls) < _DEEPEST and self.is_worth_reading(definition, given)
        return within_bounds and not self._is_under_way(definition) and not is_abstract(definition)

    def _is_under_way(self, definition: object) -> bool:
        return any(frame.scope is definition for frame in self.frame.chain())

    def _bind_defaults(
        self, definition: nodes.FunctionDef | nodes.Lambda, frame: Frame, given: Mapping[str, Values]
    ) -> None:
        """Bind the parameters to what is given for them, and the others to what they may be without."""
        state = self.here()
        chosen = dict(defaults(definition))
        for parameter in parameters(definition):
            if parameter.name in given:
                state.put((frame, parameter.name), given[parameter.name])
                continue
            default = chosen.get(parameter.name)
            constant = isinstance(default, nodes.Const)
            value = self.store.constant(default.value) if constant else None  # type: ignore[union-attr]
            state.put((frame, parameter.name), value or self._expected(parameter, definition, frame))
        for rest in (definition.args.vararg, definition.args.kwarg):
            if rest:
                state.put((frame, rest), ANYTHING)

    def bind_unknown_arguments(self, definition: nodes.FunctionDef, frame: Frame, receiver: Values) -> None:
        """Bind the parameters of a function whose callers are not in sight."""
        self._bind_defaults(definition, frame, {})
        state = self.here()
        is_module = any(value.kind in {Kind.MODULE, Kind.LOSS_FUNCTION} for value in receiver)
        is_forward = definition.name == "forward" and is_module
        for index, parameter in enumerate(parameters(definition)):
            unknown = self._expected(parameter, definition, frame)
            state.put((frame, parameter.name), self._input(parameter, frame, unknown) if is_forward else unknown)
            if index == 0 and receiver:
                state.put((frame, parameter.name), receiver)

    def _input(self, parameter: nodes.AssignName, frame: Frame, expected: Values) -> Values:
        """What a module's ``forward`` takes is a tensor, unless something else is known of it."""
        if any(value.kind is not Kind.UNKNOWN for value in expected):
            return expected
        return frozenset({self.store.make(Kind.TENSOR, parameter, frame, guessed=True, on_graph=None)})

    def _expected(
        self, parameter: nodes.AssignName, definition: nodes.FunctionDef | nodes.Lambda, frame: Frame
    ) -> Values:
        """Return what a parameter may be, by its annotation or by what is asked of its name."""
        annotated = self._annotated(parameter, definition, frame)
        kind = made_by(annotated) if annotated in frameworks.METHODS else _ANNOTATIONS.get(annotated)
        if kind is not None:
            path = annotated if kind is Kind.FRAMEWORK else parameter.name
            guessed = kind is not Kind.TENSOR
            on_graph = None if kind is Kind.TENSOR else False
            return frozenset({self.store.make(kind, parameter, frame, path=path, guessed=guessed, on_graph=on_graph)})
        unknown = frozenset({self.store.make(Kind.UNKNOWN, parameter, frame)})
        return self._guess_in(frame, unknown, parameter.name)

    def _guess_in(self, frame: Frame, values: Values, name: str) -> Values:
        outer, self.frame = self.frame, frame
        try:
            return self.guess(values, name)
        finally:
            self.frame = outer

    def _annotated(
        self, parameter: nodes.AssignName, definition: nodes.FunctionDef | nodes.Lambda, frame: Frame
    ) -> str:
        """Return the path of the class that annotates a parameter; empty if it has none that is known."""
        if definition not in self._annotations:
            self._annotations[definition] = _annotations_of(definition)
        annotation = _unquoted(self._annotations[definition].get(parameter.name))
        if annotation is None or not dotted(annotation):
            return ""
        outer, self.frame = self.frame, frame.parent or frame
        try:
            meanings = self._meanings(dotted(annotation))
        finally:
            self.frame = outer
        known = _ANNOTATIONS.keys() | frameworks.METHODS.keys()
        return next((value.path for value in meanings if value.path in known), "") or self._module_among(meanings)

    def _meanings(self, name: str) -> Values:
        """Return what a dotted name stands for, wherever it is written."""
        first, *rest = name.split(".")
        values = self.lookup(first)
        for attribute in rest:
            values = self.attribute(values, attribute, self.frame.scope)
        return values

    def _module_among(self, classes: Values) -> str:
        """Say that a class of the project is one of modules, if it is."""
        kinds = [
            kind_of_instance(one.definition, self.store)
            for one in classes
            if isinstance(one.definition, nodes.ClassDef)
        ]
        return "torch.nn.Module" if kinds and all(kind == (Kind.MODULE, False) for kind in kinds) else ""

    def _given(
        self, definition: nodes.FunctionDef | nodes.Lambda, frame: Frame, arguments: Arguments, receiver: Values
    ) -> dict[str, Values]:
        """Return what the parameters get that are given something of which anything is known."""
        found: dict[str, Values] = {}
        for name, values in _shifted(definition, arguments, receiver).bound(definition):
            known = self._guess_in(frame, values, name)
            if values != ANYTHING or any(value.kind is not Kind.UNKNOWN for value in known):
                found[name] = known
        return found

    def _bind_rests(
        self, definition: nodes.FunctionDef | nodes.Lambda, frame: Frame, arguments: Arguments, receiver: Values
    ) -> None:
        if not arguments.starred and (definition.args.vararg or definition.args.kwarg):
            positional, keywords = _shifted(definition, arguments, receiver).rest(definition)
            self._bind_rest(definition.args.vararg, frame, Arguments(positional))
            self._bind_rest(definition.args.kwarg, frame, Arguments(keywords=keywords))

    def _bind_rest(self, name: str | None, frame: Frame, rest: Arguments) -> None:
        """Bind ``*args`` or ``**kwargs``, so that they can be handed on."""
        if name:
            items: list[tuple[str | int, Values]] = [*enumerate(rest.positional), *rest.keywords.items()]
            outer, self.frame = self.frame, frame
            try:
                held = self.collection(frame.scope, items, path=name)
            finally:
                self.frame = outer
            self.rest_of[next(iter(held))] = rest
            self.here().put((frame, name), held)

    def decorations(self, definition: nodes.FunctionDef | nodes.Lambda, frame: Frame | None) -> list[Values]:
        """Return the contexts that decorators put around a function."""
        if not isinstance(definition, nodes.FunctionDef) or definition.decorators is None:
            return []
        outer, self.frame = self.frame, frame or self.frame
        try:
            if definition not in self._contexts:
                self._contexts[definition] = [node for node in definition.decorators.nodes if _may_be_context(node)]
            return [self._as_context(self.evaluate(node)) for node in self._contexts[definition]]
        finally:
            self.frame = outer

    def _as_context(self, values: Values) -> Values:
        """``@torch.no_grad`` does what ``@torch.no_grad()`` does."""
        return frozenset(
            self.store.make(Kind.CONTEXT, path=value.path)
            if value.kind is Kind.LIBRARY and made_by(value.path) is Kind.CONTEXT
            else value
            for value in values
        )

    def run(self, definition: nodes.FunctionDef | nodes.Lambda, frame: Frame, contexts: list[Values]) -> Values:
        """Read a function's body in ``frame``; return what it may return."""
        self.read.add(definition)
        coming = self.here().get(ranks.ARRIVING) or NOTHING
        if isinstance(definition, nodes.FunctionDef) and ranks.is_decorated(definition):
            self.here().put(ranks.ARRIVING, self.store.constant(Ranks.FIRST))
        begin = len(self.trace.recorded)
        with self._activated(frame, contexts):
            if not isinstance(definition, nodes.FunctionDef):
                values = self.evaluate(definition.body)
                self.forget(frame)
                return values
            frame.global_names = _names_in(definition, nodes.Global)
            frame.nonlocal_names = _names_in(definition, nodes.Nonlocal)
            self.read_body(definition.body)
            ends = [(self.state, self.store.constant(None)), *self.returns]
            alive = [(state, values) for state, values in ends if state is not None]
            alive = alive or self.yields  # one that goes on for ever is left where it yields
            self.state = join(state for state, _ in alive)
            if self.state is not None:
                self.state.put(ranks.ARRIVING, coming)  # whoever called comes back, if anybody does
            self.forget(frame)
            if self.yields:
                acts = (event for event in self.trace.recorded[begin:] if not issubclass(event.verb, _LEAVING_ALONE))
                yielded = NOTHING.union(*(values for _, values in self.yields))
                generated = self.collection(definition, [("*", yielded)])
                self.acts_of[generated] = NOTHING.union(*(event.subjects for event in acts))
                return generated
            return NOTHING.union(*(values for _, values in alive))

    @contextmanager
    def _activated(self, frame: Frame, contexts: list[Values]) -> Iterator[None]:
        before = self.frame, self.inside, self.returns, self.yields
        self.frame, self.inside, self.returns, self.yields = frame, (*self.inside, *contexts), [], []
        try:
            yield
        finally:
            self.frame, self.inside, self.returns, self.yields = before

    # Classes

    def instantiate(self, node: nodes.NodeNG, made: Value, arguments: Arguments) -> Values:
        """Return a new instance of a class of the file, its ``__init__`` read."""
        definition = made.definition
        assert isinstance(definition, nodes.ClassDef)
        kind, guessed = kind_of_instance(definition, self.store)
        value = self.store.make(kind, node, self.frame, path=definition.name, definition=definition, guessed=guessed)
        constructor = find_method(definition, "__init__", self)
        if kind is Kind.OPTIMIZER or constructor is None:
            self.store.derive(value, arguments.everything())
        instance = self.came_to_be(value, Obtained if guessed else Created)
        if constructor is not None and not self._is_one_of_many(value, definition):
            frame = made.frame if constructor.parent is definition else self.home_of(constructor)
            function = self.store.make(Kind.FUNCTION, constructor, frame, definition=constructor)
            self.follow(node, function, arguments, instance)
        elif constructor is None:
            self._fill_fields(value, definition, arguments)
        return instance

    def _is_one_of_many(self, value: Value, definition: nodes.ClassDef) -> bool:
        """Have so many instances been built that one more shows nothing new? It is made as the first one is."""
        built = self._built.setdefault(definition, {})
        is_late = built.setdefault(value, len(built)) >= self._most_built(definition)
        if is_late:
            self.store.models[value] = next(iter(built))
        return is_late

    def _most_built(self, definition: nodes.ClassDef) -> int:
        """Of how many instances of a class is the constructor read? The parts of a module are much alike."""
        if any(map(_constructs_module, self.frame.chain())):
            return _MOST_BUILT_WITHIN
        return _MOST_BUILT if definition.root() is self.tree else _MOST_BUILT_ELSEWHERE

    def start_trace(self, state: State) -> Trace:
        """Begin a trace, in which nothing has been built."""
        self._built.clear()
        return super().start_trace(state)

    def _fill_fields(self, value: Value, definition: nodes.ClassDef, arguments: Arguments) -> None:
        """A dataclass keeps its arguments under the names of its fields."""
        fields = [
            item.target.name for item in definition.body if isinstance(item, nodes.AnnAssign) and dotted(item.target)
        ]
        for name, values in [*zip(fields, arguments.positional, strict=False), *arguments.keywords.items()]:
            self.here().put((value, name), values)


def _constructs_module(frame: Frame) -> bool:
    is_constructor = isinstance(frame.scope, nodes.FunctionDef) and frame.scope.name == "__init__"
    return is_constructor and any(value.kind is Kind.MODULE for value in frame.receiver)


def _may_be_context(decorator: nodes.NodeNG) -> bool:
    text = decorator.as_string()
    return any(word in text for word in _GRAD_DECORATORS)


def _shifted(definition: nodes.FunctionDef | nodes.Lambda, arguments: Arguments, receiver: Values) -> Arguments:
    """Return the arguments behind ``self``, if the function takes it."""
    takes_self = receiver and isinstance(definition, nodes.FunctionDef) and not is_static(definition)
    return Arguments([receiver, *arguments.positional], arguments.keywords) if takes_self else arguments


def _unquoted(annotation: nodes.NodeNG | None) -> nodes.NodeNG | None:
    """Return the one type of ``"nn.Module"``, ``Optional[nn.Module]`` and ``nn.Module | None``."""
    match annotation:
        case nodes.Const(value=str() as text) if text.replace(".", "").isidentifier():
            return nodes.Name(text, 0, 0, annotation, end_lineno=0, end_col_offset=0)
        case nodes.Subscript(value=outer, slice=inner) if dotted(outer).rpartition(".")[2] == "Optional":
            return _unquoted(inner)
        case nodes.BinOp(op="|", left=one, right=nodes.Const(value=None)):
            return _unquoted(one)
    return annotation


def _annotations_of(definition: nodes.FunctionDef | nodes.Lambda) -> dict[str, nodes.NodeNG | None]:
    arguments = definition.args
    annotations = [
        *arguments.posonlyargs_annotations,
        *(arguments.annotations or []),
        *arguments.kwonlyargs_annotations,
    ]
    return dict(zip((name.name for name in parameters(definition)), annotations, strict=False))


def _names_in(definition: nodes.FunctionDef, statement: type[nodes.Global] | type[nodes.Nonlocal]) -> frozenset[str]:
    return frozenset(name for node in definition.body if isinstance(node, statement) for name in node.names)
