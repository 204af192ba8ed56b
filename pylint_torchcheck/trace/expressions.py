"""What an expression may evaluate to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind, PartReplaced, Ranks
from pylint_torchcheck.torch_api import effects
from pylint_torchcheck.torch_api.objects import canonical, is_child
from pylint_torchcheck.trace import products, ranks, truth
from pylint_torchcheck.trace.asking import is_only_tested
from pylint_torchcheck.trace.classes import enclosing_class, find_method, is_property
from pylint_torchcheck.trace.machine import Machine
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.sites import AttributeSite, Comparison, Expression
from pylint_torchcheck.trace.state import join
from pylint_torchcheck.trace.values import ABOUT, ANYTHING, BATCH, NOTHING, PLAIN, Frame, Store, Value, Values, objects

_MOST_VALUES = 200
_PERHAPS_RANKS = frozenset({Kind.UNKNOWN, Kind.DATA, Kind.CONSTANT})
_NUMBERS = frozenset({"math", "numpy", "torch"})
_ELEMENTWISE = frozenset({"==", "!=", "<", ">", "<=", ">="})
_TENSOR_VIEWS = frozenset({"T", "mT", "H", "mH", "real", "imag"})
_TENSOR_PLAIN = frozenset({"shape", "dtype", "ndim", "requires_grad", "is_cuda", "grad_fn", "is_leaf", "layout"})

_REGISTERS = frozenset(
    {"_modules", "_parameters", "_buffers", "__dict__"}
)  # where a module keeps what is assigned to it

_Reader: TypeAlias = Callable[[Any, Any], Values]


class Expressions(Machine):
    """Evaluates expressions; calls are read by the class that extends it."""

    # For each type of node, the method that reads it. A bound one would keep all that was read alive until the next
    # collection.
    _evaluators: ClassVar[dict[type[nodes.NodeNG], _Reader]] = {}

    def __init__(self, tree: nodes.Module, store: Store) -> None:
        super().__init__(tree, store)
        self.attributes: dict[nodes.NodeNG, AttributeSite] = {}  # what is read, but for methods in calls, and assigned

        self.variables_read: dict[nodes.NodeNG, set[str]] = {}  # of the environment, by where that is done,
        self.variables_set: set[str] = set()  # and those that are set
        self.comparisons: dict[nodes.NodeNG, Comparison] = {}
        self.entered: dict[nodes.NodeNG, Expression] = {}  # what `with` statements enter
        self.above_classes: dict[nodes.NodeNG, Expression] = {}  # decorators

    def evaluate(self, node: nodes.NodeNG | None) -> Values:
        """Return what an expression may be; an expression that is not known may be anything."""
        if node is None:
            return PLAIN
        kind = type(node)
        if kind not in self._evaluators:
            self._evaluators[kind] = getattr(type(self), f"_{kind.__name__.lower()}", type(self)._children)
        return self._evaluators[kind](self, node)

    def call(self, node: nodes.Call) -> Values:
        """Read a call."""
        raise NotImplementedError

    def call_function(self, node: nodes.NodeNG, functions: Values, receiver: Values) -> Values:
        """Read the body of a function of the file, called without arguments."""
        raise NotImplementedError

    def _children(self, node: nodes.NodeNG) -> Values:
        for child in node.get_children():
            self.evaluate(child)
        return ANYTHING

    def _const(self, node: nodes.Const) -> Values:
        return self.store.constant(node.value)

    def _name(self, node: nodes.Name) -> Values:
        return _with_rank(node.name, self.lookup(node.name))

    def _call(self, node: nodes.Call) -> Values:
        self.spend()
        return self.call(node)

    def _lambda(self, node: nodes.Lambda) -> Values:
        return frozenset({self.store.make(Kind.FUNCTION, node, self.frame, definition=node)})

    def _namedexpr(self, node: nodes.NamedExpr) -> Values:
        values = self.evaluate(node.value)
        self.assign(node.target, values)
        return values

    def _await(self, node: nodes.Await) -> Values:
        return self.evaluate(node.value)

    def _starred(self, node: nodes.Starred) -> Values:
        return self.elements(self.evaluate(node.value), node)

    def _joinedstr(self, node: nodes.JoinedStr) -> Values:
        return PLAIN | ranks.carried(NOTHING.union(*(self.evaluate(part) for part in node.values)))

    def _formattedvalue(self, node: nodes.FormattedValue) -> Values:
        self.evaluate(node.format_spec)
        return self.evaluate(node.value)

    # Operators

    def _binop(self, node: nodes.BinOp) -> Values:
        chain = [node]  # `a + b + c + ...` may be longer than Python's stack
        while isinstance(chain[-1].left, nodes.BinOp):
            chain.append(chain[-1].left)
        values = self.evaluate(chain[-1].left)
        for operation in reversed(chain):
            values = self._operation(operation, values, self.evaluate(operation.right))
        return values

    def _operation(self, node: nodes.BinOp, left: Values, right: Values) -> Values:
        """Return the result of arithmetic; a tensor times 0 is one that hands no gradient on."""
        values = self.combine(node, left | right)
        if node.op == "*" and (products.is_zero(left) or products.is_zero(right)):
            return products.marked(self, node, values)
        return values

    def combine(self, site: nodes.NodeNG, operands: Values, path: str = "") -> Values:
        """Return the result of arithmetic."""
        kinds = {value.kind for value in operands}
        if kinds & {Kind.TENSOR, Kind.PARAMETER}:
            guessed = Kind.UNKNOWN in kinds or any(value.guessed for value in operands)
            return self.tensor(site, operands, guessed=guessed, path=path)
        if kinds & {Kind.COLLECTION, Kind.PARAMETERS, Kind.SOME_PARAMETERS}:
            return self.collection(site, [("*", operands)])
        made = self.unknown(site, operands) if Kind.UNKNOWN in kinds else PLAIN
        return made | ranks.carried(operands)

    def _unaryop(self, node: nodes.UnaryOp) -> Values:
        operand = self.evaluate(node.operand)
        if node.op == "not":
            said = ranks.said_by(node.operand, operand, self.store)
            if said is not None:
                return ranks.as_value(ranks.negated(said), self.store)
            return self._truth(truth.negated(truth.of(operand)))
        return operand if node.op == "+" else self._negative(node, operand)

    def _negative(self, node: nodes.UnaryOp, operand: Values) -> Values:
        match list(operand):
            case [Value(kind=Kind.CONSTANT, constant=int() | float() as number)] if node.op == "-":
                return self.store.constant(-number)
        return self.combine(node, operand)

    def _truth(self, answer: bool | None) -> Values:
        return PLAIN if answer is None else self.store.constant(answer)

    def _compare(self, node: nodes.Compare) -> Values:
        left = self.evaluate(node.left)
        rights = [(operator, self.evaluate(right)) for operator, right in node.ops]
        if len(rights) == 1:
            operator, right = rights[0]
            if operator in {"==", "!=", "in", "not in"}:
                self._note_comparison(node, left, right if operator in {"==", "!="} else self._listed(right))
            said = ranks.compared(node, left, right, self.store)
            if said is not None:
                return ranks.as_value(said, self.store)
            if operator in _ELEMENTWISE and _compares_tensors(left, right):
                return self.combine(node, left | right, path="eq")
            return self._truth(truth.of_comparison(left, operator, right))
        return PLAIN

    def _listed(self, values: Values) -> Values:
        """Return what is in a list, tuple or set that is written out, each of which ``in`` compares with."""
        are_lists = all(isinstance(value.site, nodes.List | nodes.Tuple | nodes.Set) for value in values)
        return NOTHING.union(*(frozenset(self.store.parts.get(value, ())) for value in values)) if are_lists else values

    def _note_comparison(self, node: nodes.Compare, left: Values, right: Values) -> None:
        if self.is_in_file:
            comparison = self.comparisons.setdefault(node, Comparison(node))
            comparison.left.update(left)
            comparison.right.update(right)

    def _boolop(self, node: nodes.BoolOp) -> Values:
        stops = node.op == "or"
        found: Values = NOTHING
        said: list[ranks.Condition | None] = []
        for operand in node.values:
            values = self.evaluate(operand)
            found |= values
            said.append(ranks.said_by(operand, values, self.store))
            if truth.of(values) is stops:
                return values if found == values else found
        condition = ranks.joined(node.op, said)
        if condition is not None:
            plain = frozenset(value for value in found if not ranks.is_condition(value))
            return plain | ranks.as_value(condition, self.store)
        return self._conjunction(found) if node.op == "and" else found

    def _conjunction(self, found: Values) -> Values:
        """``a and b`` of known truths is known; else it is what its operands may be."""
        if all(value.kind is Kind.CONSTANT for value in found):
            return self._truth(True if all(value.constant for value in found) else None)
        return found

    def _ifexp(self, node: nodes.IfExp) -> Values:
        tested = self.evaluate(node.test)
        answer = truth.of(tested)
        if answer is not None:
            return self.evaluate(node.body if answer else node.orelse)
        start, ends, found = self.here(), [], list[Values]()
        said = ranks.said_by(node.test, tested, self.store) or (Ranks.EVERY, Ranks.EVERY)
        for part, arriving in zip((node.body, node.orelse), said, strict=True):
            self.state = start.copy()
            found.append(self._evaluate_on(arriving, part))
            ends.append(self.state)
        self.state = join(ends)
        return NOTHING.union(*found)

    def _evaluate_on(self, arriving: Ranks, node: nodes.NodeNG) -> Values:
        """Return what an expression is that only these ranks come to."""
        coming = self.here().get(ranks.ARRIVING) or NOTHING
        self.here().put(ranks.ARRIVING, ranks.narrowed(coming, arriving, self.store))
        values = self.evaluate(node)
        self.here().put(ranks.ARRIVING, coming)
        if arriving is Ranks.FIRST:
            self.store.of_first.update(ranks.made_in(node, values))
        return values

    # Collections

    def _tuple(self, node: nodes.Tuple) -> Values:
        return self._sequence(node, node.elts)

    def _list(self, node: nodes.List) -> Values:
        return self._sequence(node, node.elts)

    def _set(self, node: nodes.Set) -> Values:
        return self._sequence(node, node.elts)

    def _sequence(self, node: nodes.NodeNG, items: Sequence[nodes.NodeNG]) -> Values:
        if any(isinstance(item, nodes.Starred) for item in items):
            return self.collection(node, [("*", self.evaluate(item)) for item in items])
        return self.collection(node, enumerate([self.evaluate(item) for item in items]))

    def _dict(self, node: nodes.Dict) -> Values:
        items: list[tuple[str | int, Values]] = []
        for key, value in node.items:
            held = self.evaluate(value)
            items.append(
                (key.value, held) if isinstance(key, nodes.Const) and isinstance(key.value, str) else ("*", held)
            )
        return self.collection(node, items) if any(key == "*" for key, _ in items) else self.written_dict(node, items)

    def _listcomp(self, node: nodes.ListComp) -> Values:
        return self._comprehension(node, [node.elt])

    _setcomp = _generatorexp = _listcomp

    def _dictcomp(self, node: nodes.DictComp) -> Values:
        return self._comprehension(node, [node.key, node.value])

    def _comprehension(self, node: Any, results: list[nodes.NodeNG]) -> Values:
        outer, self.frame = self.frame, self.store.frame(node, self.frame, None, self.frame, self.frame.receiver)
        try:
            selects = False
            for generator in node.generators:
                iterated = self.evaluate(generator.iter)
                self.drain(generator.iter, iterated)
                self.assign(generator.target, self.elements(iterated, generator.iter))
                selects = selects or bool(generator.ifs)
                for condition in generator.ifs:
                    self.evaluate(condition)
            values = frozenset[Value]().union(*(self.evaluate(result) for result in results))
            self.forget(self.frame)
        finally:
            self.frame = outer
        return self._selected(node, values) if selects else self.collection(node, [("*", values)])

    def _selected(self, node: nodes.NodeNG, values: Values) -> Values:
        """A comprehension with a condition over parameters keeps some of them, a dict under names."""
        if not isinstance(node, nodes.DictComp) and any(value.kind is Kind.PARAMETER for value in values):
            return self.new(Kind.SOME_PARAMETERS, node, values)
        return self.collection(node, [("*", values)])

    def _subscript(self, node: nodes.Subscript) -> Values:
        key = self.evaluate(node.slice)
        found = NOTHING
        for value in self.evaluate(node.value):
            is_slice = isinstance(node.slice, nodes.Slice) and value.kind is Kind.COLLECTION
            found |= frozenset({value}) if is_slice else self._element(value, key, node)
        return self.guess(found, node) or PLAIN

    def _element(self, value: Value, key: Values, node: nodes.Subscript) -> Values:
        match value.kind:
            case Kind.COLLECTION:
                return self._held(value, key)
            case Kind.TENSOR:
                index = next((one.constant for one in key if len(key) == 1), None)
                return self._part_of_tensor(value, index, node)
            case Kind.CHECKPOINT | Kind.STATE_DICT:
                self.ask_for(value, key, node)
                return self.weight_in(value, node) if of_module(value) else self.part_of_checkpoint(value)
            case Kind.MODULE:
                return frozenset({self.store.make(Kind.MODULE, owner=value, path="[]", guessed=True)})
            case Kind.LIBRARY if value.path in effects.ENVIRONMENTS:
                return PLAIN | self.variable(node, key)
            case Kind.LIBRARY if any_of := self.any_class_of(value.path.removesuffix(".__dict__")):
                return any_of
            case Kind.LIBRARY | Kind.CONSTANT | Kind.DATA:
                return PLAIN | ranks.carried([value])
        return self.unknown(node, [value])

    def ask_for(self, checkpoint: Value, key: Values, node: nodes.NodeNG) -> None:
        """Remember what a checkpoint is asked for, or about."""
        about = ABOUT if is_only_tested(node) else ""
        for one in key:
            self.store.use([checkpoint], f"{about}[{one.constant!r}]" if one.kind is Kind.CONSTANT else "[]")

    def any_class_of(self, library: str) -> Values:
        """Return what a module of a library holds under a name that is not known; nothing, if that may be anything."""
        path = effects.ANY_CLASS_OF.get(library)
        return frozenset({self.store.make(Kind.LIBRARY, path=path)}) if path else NOTHING

    def part_of_checkpoint(self, value: Value) -> Values:
        """Return what stands under a key of what was read from a file; it is as little known as the whole."""
        whole = (value.owner or value) if value.kind is Kind.CHECKPOINT else None
        return frozenset({self.store.make(Kind.CHECKPOINT, value.site, value.frame, path=value.path, owner=whole)})

    def variable(self, node: nodes.NodeNG, names: Values) -> Values:
        """Note that an environment variable is read; return the rank that it holds; nothing, if it holds none."""
        known = {name.constant for name in names if isinstance(name.constant, str)}
        self.variables_read.setdefault(node, set()).update(known)
        return NOTHING.union(*(ranks.held_by(name) for name in known))

    def _part_of_tensor(self, value: Value, index: object, site: nodes.NodeNG) -> Values:
        """Return an element of a tensor, or of the tuple that a function gave; no gradient flows through indices."""
        is_indices = index == 1 and value.path.rpartition(".")[2] in effects.VALUES_AND_INDICES
        return self.tensor(site, [value], guessed=value.guessed, path="argmax" if is_indices else "")

    def weight_in(self, state_dict: Value, site: nodes.NodeNG) -> Values:
        """Return a tensor of a module's state dict."""
        return frozenset({self.store.make(Kind.TENSOR, site, self.frame, owner=state_dict, guessed=True)})

    def _held(self, collection: Value, key: Values) -> Values:
        """Return the element under a constant key; any element, if the key or its place is not known."""
        keys = [one.constant for one in key if one.kind is Kind.CONSTANT and isinstance(one.constant, int | str)]
        held = self.here().get((collection, keys[0])) if len(keys) == len(key) == 1 else None
        if held is not None:
            return held
        known = () if collection in self.rest_of else self.store.parts.get(collection, ())
        return frozenset(known) or ANYTHING

    def elements(self, values: Values, site: nodes.NodeNG) -> Values:
        """Return what a loop over ``values`` may meet."""
        if values in self.acts_of:
            self.drawn.append(self.acts_of[values])
        found = NOTHING
        for value in values:
            found |= self._elements_of(value, site)
        return found

    def _elements_of(self, value: Value, site: nodes.NodeNG) -> Values:
        match value.kind:
            case Kind.COLLECTION:
                return frozenset(self.store.parts.get(value, ())) or PLAIN
            case Kind.PARAMETERS | Kind.SOME_PARAMETERS:
                return self._parameter_of(value, site)
            case Kind.TENSOR:
                return self.tensor(site, [value], guessed=value.guessed)
            case Kind.LOADER:
                batch = self.store.make(Kind.UNKNOWN, site, self.frame, path=BATCH)
                self.store.derive(batch, [value])
                return frozenset({batch})
            case Kind.MODULE:
                return frozenset({self.store.make(Kind.MODULE, owner=value, path="*", guessed=True)})
            case Kind.CONSTANT | Kind.DATA | Kind.LIBRARY:
                return PLAIN
        return self.unknown(site, [value])

    def _parameter_of(self, parameters: Value, site: nodes.NodeNG) -> Values:
        """Return a parameter; a pair of name and parameter, if the iteration gives such."""
        value = self.store.make(Kind.PARAMETER, site, self.frame, owner=parameters.owner, on_graph=None)
        self.store.derive(value, [parameters])
        found = frozenset({value})
        if parameters.path.endswith("named_parameters"):
            return self.collection(site, [(0, PLAIN), (1, found)])
        return found

    # Attributes

    def _attribute(self, node: nodes.Attribute) -> Values:
        receivers = objects(self.evaluate(node.expr))
        values = self.attribute(receivers, node.attrname, node)
        self.note_attribute(node, receivers, values)
        return _with_rank(node.attrname, values)

    def note_attribute(self, node: nodes.Attribute | nodes.AssignAttr, receivers: Values, values: Values) -> None:
        """Remember what an attribute is asked of, or assigned to, and what it may be."""
        if self.is_in_file:
            if node not in self.attributes:
                self.attributes[node] = AttributeSite(node)
            self.attributes[node].note(receivers, values, self.frame)

    def attribute(self, values: Values, name: str, node: nodes.NodeNG) -> Values:
        """Return what ``values.name`` may be; of very many objects, nothing is said."""
        if len(values) > _MOST_VALUES:
            return ANYTHING
        found = NOTHING
        for value in values:
            found |= self._attribute_of(value, name, node)
        return self.guess(found, node)

    def held(self, value: Value, name: str) -> Values | None:
        """Return what an attribute has been set to."""
        return self.here().get((value, name))

    def _attribute_of(self, value: Value, name: str, node: nodes.NodeNG) -> Values:
        held = self.held(value, name)
        if held is not None:
            return held
        if isinstance(value.definition, nodes.ClassDef):
            member = self._member(value, name, node)
            if member is not None:
                return member
        return self._known_attribute(value, name, node)

    def _member(self, value: Value, name: str, node: nodes.NodeNG) -> Values | None:
        """Return a method of the value's class, or what a property of it gives."""
        assert isinstance(value.definition, nodes.ClassDef)
        method = find_method(value.definition, name, self)
        if method is None:
            return None
        function = self.function(method, self.home_of(method))
        receiver = NOTHING if value.kind is Kind.CLASS else frozenset({value})
        if receiver and is_property(method):
            return self.call_function(node, function, receiver)
        return frozenset(
            self.store.make(Kind.FUNCTION, one.site, one.frame, owner=value, definition=method) for one in function
        )

    def function(self, definition: nodes.FunctionDef, frame: Frame | None) -> Values:
        """Return a function of the file, defined in ``frame``."""
        return frozenset({self.store.make(Kind.FUNCTION, definition, frame, definition=definition)})

    def class_of(self, definition: nodes.ClassDef, frame: Frame | None) -> Value:
        """Return a class of the project, defined in ``frame``."""
        if frame is not None:
            self.store.homes[definition] = frame
        return self.store.make(Kind.CLASS, definition, frame, path=definition.name, definition=definition)

    def home_of(self, definition: nodes.NodeNG) -> Frame:
        """Return the frame around a class, or around that of a method, where its methods look names up.

        An inherited method stands in another class, perhaps of another file, than the object that it is called on.
        """
        return self.store.homes.get(enclosing_class(definition)) or self.module_frame()

    def _known_attribute(self, value: Value, name: str, node: nodes.NodeNG) -> Values:
        match value.kind:
            case Kind.LIBRARY if name == "inf" and value.path in _NUMBERS:
                return self.store.constant(math.inf)
            case Kind.LIBRARY:
                return frozenset({self.store.make(Kind.LIBRARY, path=canonical(f"{value.path}.{name}"))})
            case Kind.MODULE if name in effects.UNWRAPPING_ATTRIBUTES:
                return frozenset({value})
            case Kind.MODULE if name == "weight" and value.path in effects.WITH_WEIGHT and value.owner is None:
                return frozenset({self.store.make(Kind.PARAMETER, value.site, value.frame, path=name, owner=value)})
            case Kind.MODULE if is_child(value.path, name):
                return frozenset({self.store.make(Kind.MODULE, owner=value, path=name)})
            case Kind.TENSOR | Kind.PARAMETER:
                return self._tensor_attribute(value, name, node)
            case Kind.CHECKPOINT | Kind.STATE_DICT:
                self.store.use([value], f".{name}")
                return self.part_of_checkpoint(value)
            case Kind.CONSTANT | Kind.DATA | Kind.FUNCTION | Kind.COLLECTION | Kind.CONTEXT:
                return PLAIN
        return frozenset({self.store.make(Kind.UNKNOWN, owner=value, path=name)})

    def _tensor_attribute(self, value: Value, name: str, node: nodes.NodeNG) -> Values:
        if name == "device":
            return self.device(node)
        if name in _TENSOR_PLAIN:
            return PLAIN
        if name in {"data", "grad"}:
            return frozenset(
                {self.store.make(Kind.TENSOR, node, self.frame, path=name, owner=value, guessed=value.guessed)}
            )
        if name in _TENSOR_VIEWS:
            return self.tensor(node, [value], guessed=value.guessed)
        return self.unknown(node, [value])

    def device(self, node: nodes.NodeNG) -> Values:
        """Return a ``torch.device``."""
        return frozenset({self.store.make(Kind.DATA, node, path=effects.DEVICE)})

    # Targets

    def assign(self, target: nodes.NodeNG, values: Values) -> None:
        """Let a target hold ``values``."""
        match target:
            case nodes.AssignName(name=name):
                known = self.guess(values, name)
                self.bind(name, known)
                self._note_binding(target, known)
            case nodes.AssignAttr():
                self.assign_attribute(target, values)
            case nodes.Tuple(elts=targets) | nodes.List(elts=targets):
                for index, part in enumerate(targets):
                    self.assign(part, self._unpacked(values, index, part))
            case nodes.Starred(value=inner):
                self.assign(inner, self.collection(target, [("*", self.elements(values, target))]))
            case nodes.Subscript():
                self._assign_element(target, values)

    def _note_binding(self, target: nodes.NodeNG, values: Values) -> None:
        if self.is_in_file:
            self.bindings.setdefault(target, set()).update(values)

    def assign_attribute(self, target: nodes.AssignAttr, values: Values) -> None:
        """Let an attribute hold ``values``; only a receiver that is certain forgets what it held."""
        receivers = self.evaluate(target.expr)
        self.note_attribute(target, receivers, values)
        values = self.guess(values, target)
        self._note_binding(target, values)
        state = self.here()
        for receiver in receivers:
            self.attribute_names.setdefault(receiver, set()).add(target.attrname)
            if len(receivers) == 1:
                state.put((receiver, target.attrname), values)
            else:
                state.add((receiver, target.attrname), values)
            if receiver.kind is Kind.MODULE:
                self._note_replaced(target, receiver, values)
                self.store.derive(receiver, self._submodules(target, values))

    def _note_replaced(self, target: nodes.NodeNG, module: Value, values: Values) -> None:
        """Record that a module gets a new layer from outside; what its own methods do to it, they know about."""
        if any(module in frame.receiver for frame in self.frame.chain()):
            return
        is_weighted = any(value.path in effects.WEIGHTED for value in self.store.origins(values))
        if is_weighted and all(value.kind is Kind.MODULE for value in values):
            self.emit(PartReplaced, target, frozenset({module}))

    def _submodules(self, target: nodes.AssignAttr, values: Values) -> list[Value]:
        """Return what may be a submodule: an unknown object only if a call made it or it is called."""
        is_called = self.roles.is_called(target.scope(), dotted(target))
        return [
            value
            for value in values
            if value.kind is not Kind.UNKNOWN or is_called or isinstance(value.site, nodes.Call)
        ]

    def _assign_element(self, target: nodes.Subscript, values: Values) -> None:
        key = self.evaluate(target.slice)
        changed = self.evaluate(target.value)
        if not any(isinstance(one.constant, str) for one in key):  # no tensor is asked for an element by name
            self.change_in_place(target.parent, changed)
        for value in changed:
            if value.path in effects.ENVIRONMENTS:
                self.variables_set.update(name.constant for name in key if isinstance(name.constant, str))
            if value.kind in {Kind.COLLECTION, Kind.TENSOR, Kind.MODULE}:
                self.store.derive(value, values)
            if value.kind is Kind.UNKNOWN and value.owner is not None and value.path in _REGISTERS:
                self.store.derive(value.owner, values)
            if value.kind is Kind.MODULE or (value.owner is not None and value.owner.kind is Kind.MODULE):
                self._note_replaced(target, value, values)
            self.note_changed(value)
            for one in key:
                if value.kind is Kind.COLLECTION and isinstance(one.constant, str):
                    self.store.keys.setdefault(value, {})[one.constant] = None
                    self.here().put((value, one.constant), values)
                elif value.kind is Kind.COLLECTION:
                    self.store.open.add(value)

    def _unpacked(self, values: Values, index: int, target: nodes.NodeNG) -> Values:
        found = NOTHING
        for value in values:
            found |= self._unpack(value, index, target)
        return found

    def _unpack(self, value: Value, index: int, target: nodes.NodeNG) -> Values:
        match value.kind:
            case Kind.COLLECTION:
                return self._held(value, self.store.constant(index))
            case Kind.TENSOR:
                return self._part_of_tensor(value, index, target)
            case Kind.UNKNOWN if value.path == BATCH and isinstance(target, nodes.AssignName):
                return self._part_of_batch(value, target)
            case Kind.CONSTANT | Kind.DATA | Kind.LIBRARY:
                return PLAIN
        return self.unknown(target, [value])

    def _part_of_batch(self, batch: Value, target: nodes.NodeNG) -> Values:
        """Return a tensor that a loader gives: it is on no graph, and comes from the loader."""
        (part,) = made = self.tensor(target, [], guessed=True, path=BATCH)
        self.store.derive(part, self.store.parts.get(batch, ()))
        return made


def _compares_tensors(left: Values, right: Values) -> bool:
    """Is each number compared by itself? Of ``None`` and of text there is one answer."""
    kinds = {value.kind for value in left | right}
    constants = [value.constant for value in left | right if value.kind is Kind.CONSTANT]
    return bool(kinds & {Kind.TENSOR, Kind.PARAMETER}) and not any(
        one is None or isinstance(one, str) for one in constants
    )


def _with_rank(name: str, values: Values) -> Values:
    """Add the rank that a name speaks of, if nothing else is known of what it stands for."""
    rank = ranks.named(name)
    return values | rank if rank and all(value.kind in _PERHAPS_RANKS for value in values) else values


def of_module(value: Value) -> bool:
    """Is this the state dict of a module, as the module itself gives it?"""
    return value.kind is Kind.STATE_DICT and value.owner is not None and value.owner.kind is Kind.MODULE
