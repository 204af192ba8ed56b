"""Finds out what a call calls, and has it read."""

from __future__ import annotations

from functools import partial

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import (
    Accumulate,
    Created,
    Kind,
    LoadWeights,
    Moved,
    MovedToSave,
    OptimizerStep,
    Verb,
    WeightsCopied,
)
from pylint_torchcheck.torch_api import effects, generated
from pylint_torchcheck.torch_api.effects import Effect
from pylint_torchcheck.torch_api.objects import canonical, method_path, signature
from pylint_torchcheck.trace import gradients, lengths, ranks, shapes
from pylint_torchcheck.trace.accumulation import outlives_iteration
from pylint_torchcheck.trace.arguments import Arguments
from pylint_torchcheck.trace.callsites import CallSite, Surroundings
from pylint_torchcheck.trace.classes import (
    enclosing_class,
    find_method,
    framework_method,
    has_unknown_base,
    is_class_method,
    is_property,
    lineage,
)
from pylint_torchcheck.trace.contents import ANY_KEY, contents_of
from pylint_torchcheck.trace.expressions import of_module
from pylint_torchcheck.trace.functions import Way
from pylint_torchcheck.trace.library import STEP_HOOKS, Library
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.values import NOTHING, PLAIN, Frame, Store, Value, Values, objects

# A method of a module that nobody can see leaves its mode alone, unless its name says otherwise.
_MODE_WORDS = ("train", "eval", "mode", "freeze", "infer", "test", "prepare", "fit", "predict")
_ADDING = frozenset({"append", "add", "insert", "appendleft", "extend", "update"})
# A subclass of the project does what its base class promises, however its own method does it.
_ACTING_AS_NAMED = frozenset({Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER})
_SWITCH = ("requires_grad",)
# Methods of a module that make parts of it of the modules that they are given; `__init__` is that of a base class.
_HOLDING = frozenset({"__init__", "add_module", "register_module", "register_parameter", "append", "extend", "insert"})
# Objects whose other methods may do anything.
_WITH_METHODS = frozenset(
    {Kind.UNKNOWN, Kind.INSTANCE, Kind.CLASS, Kind.FRAMEWORK, Kind.OPTIMIZER, Kind.SCALER, Kind.SCHEDULER}
)
_NEVER_CALLED = frozenset(
    {Kind.OPTIMIZER, Kind.SCHEDULER, Kind.SCALER, Kind.LOADER, Kind.SAMPLER, Kind.TENSOR, Kind.PARAMETER}
)
_TAKING = frozenset({"get", "pop", "setdefault"})
_DETACHING = frozenset({"detach", "detach_", "new_tensor", "new_zeros", "new_ones", "new_empty", "new_full"})


class Calls(Library):
    """Reads calls of every form."""

    def __init__(self, tree: nodes.Module, store: Store) -> None:
        super().__init__(tree, store)
        self.callsites: dict[nodes.Call, CallSite] = {}
        self.far_callsites: dict[tuple[nodes.NodeNG, nodes.Call], CallSite] = {}
        self.called: set[str] = set()  # functions of libraries, in all files that are read
        self._extending: dict[nodes.FunctionDef, bool] = {}  # does the method call what it overrides?
        self.bound: dict[Value, Arguments] = {}  # what `functools.partial` was given
        self.handed_back: dict[Value, Values] = {}  # what methods give that another one of the class has made

    def call(self, node: nodes.Call) -> Values:
        """Read a call: what it is called on, its arguments, and what it does."""
        if isinstance(node.func, nodes.Attribute):
            receivers = self._super() if _is_super(node.func.expr) else objects(self.evaluate(node.func.expr))
            if len(receivers) > 1:
                having = (value for value in receivers if self._may_have(value, node.func.attrname))
                receivers = frozenset(having) or receivers
            arguments = self._arguments(node)
            results = self._method_call(node, node.func, receivers, arguments)
            paths = {
                canonical(f"{value.path}.{node.func.attrname}") for value in receivers if value.kind is Kind.LIBRARY
            }
        else:
            callees, receivers = self.evaluate(node.func), NOTHING
            arguments = self._arguments(node)
            results = self._plain_call(node, callees, arguments)
            paths = {value.path for value in callees if value.kind is Kind.LIBRARY}
        results |= ranks.named(getattr(node.func, "attrname", "") or getattr(node.func, "name", ""))
        self.called |= paths
        if self.is_in_file:
            if node not in self.callsites:
                self.callsites[node] = CallSite(node)
            self.callsites[node].note(receivers, arguments, results, paths, self._surroundings())
        elif paths & effects.FILE_VERBS.keys():
            self._note_far(node, receivers, arguments, results, paths)
        if paths & effects.GROUP_STARTS:
            self.here().put(ranks.GROUP, self.store.constant((*self.frame.calls, node)))
        for path in paths & effects.FILE_VERBS.keys():
            saved = arguments.get("obj", signature(path) or ())
            contents = contents_of(saved, self.here(), self.store) if saved else None
            self.emit(effects.FILE_VERBS[path], node, NOTHING, results, contents=contents)
        return results

    def _note_far(
        self, node: nodes.Call, receivers: Values, arguments: Arguments, results: Values, paths: set[str]
    ) -> None:
        """Note a call in another file, by the call that leads to it, if a process group was joined before that one."""
        near = next((call for call in reversed(self.frame.calls) if call.root() is self.tree), None)
        joined = [value.constant for value in self.here().get(ranks.GROUP) or NOTHING]
        if near is not None and any(isinstance(calls, tuple) and near not in calls for calls in joined):
            callsite = self.far_callsites.setdefault((near, node), CallSite(node))
            callsite.note(receivers, arguments, results, paths, self._surroundings())

    def _surroundings(self) -> Surroundings:
        state = self.here()
        arriving = ranks.arriving(state.get(ranks.ARRIVING) or NOTHING)
        return Surroundings(self.frame, arriving, bool(state.get(ranks.GROUP)), self.recording())

    def _arguments(self, node: nodes.Call) -> Arguments:
        arguments = Arguments()
        for argument in node.args:
            if isinstance(argument, nodes.Starred):
                self._hand_on(arguments, self.evaluate(argument.value), argument)
            else:
                arguments.positional.append(self.evaluate(argument))
        for keyword in node.keywords:
            if keyword.arg is None:
                self._hand_on(arguments, self.evaluate(keyword.value), keyword)
            else:
                arguments.keywords[keyword.arg] = self.evaluate(keyword.value)
        return arguments

    def _hand_on(self, arguments: Arguments, values: Values, node: nodes.NodeNG) -> None:
        """Add what ``*args`` or ``**kwargs`` hands over; that is known where a function hands on what it got."""
        (value,) = values if len(values) == 1 else (None,)
        rest = self.rest_of.get(value) if value is not None else None
        if value in self.written_out and isinstance(node, nodes.Keyword):
            rest = Arguments(keywords={str(key): self._under(value, key) for key in self.store.keys.get(value, ())})
        if rest is None:
            arguments.starred.append(self.elements(values, node) if isinstance(node, nodes.Starred) else values)
        else:
            arguments.positional.extend(rest.positional)
            arguments.keywords.update(rest.keywords)

    def _under(self, collection: Value, key: str | int) -> Values:
        return self.here().get((collection, key)) or NOTHING

    def _super(self) -> Values:
        frame: Frame | None = self.frame
        while frame is not None and not frame.receiver:
            frame = frame.parent
        return frame.receiver if frame else NOTHING

    # Methods

    def _method_call(self, node: nodes.Call, func: nodes.Attribute, receivers: Values, arguments: Arguments) -> Values:
        ways: dict[object, Values] = {}
        for value in receivers or PLAIN:
            way = self._way(node, func, value)
            ways[way] = ways.get(way, NOTHING) | {value}
        readings = [(way, partial(self._go, way, node, func.attrname, group, arguments)) for way, group in ways.items()]
        return self._all_of(
            [reading for way, reading in readings if isinstance(way, Value | frozenset)],
            [reading for way, reading in readings if not isinstance(way, Value | frozenset)],
        )

    def _all_of(self, bodies: list[Way], effects_of: list[Way]) -> Values:
        """Read one of several bodies, and all of the effects: each of those is on other objects."""
        values = self.either(bodies) if bodies else NOTHING
        return values.union(*(effect() for effect in effects_of))

    def _way(self, node: nodes.Call, func: nodes.Attribute, value: Value) -> object:
        """Return what decides how a method call is read; receivers for which it is the same are read together."""
        name = func.attrname
        stored = self.held(value, name)
        if stored is not None and not _is_super(func.expr):
            return stored
        if value.kind is Kind.LIBRARY:
            return canonical(f"{value.path}.{name}")
        if value.kind is Kind.MODULE and name in effects.UNWRAPPING_ATTRIBUTES:
            return self.attribute(frozenset({value}), name, func)
        effect = framework_method(value, name, self.store) or effects.METHODS.get(value.kind, {}).get(name)
        if isinstance(value.definition, nodes.ClassDef):
            after = enclosing_class(node) if _is_super(func.expr) else None
            method = find_method(value.definition, name, self, after)
            if (
                effect is not None
                and method is not None
                and value.kind in _ACTING_AS_NAMED
                and not self._extends(method)
            ):
                return effect
            if method is not None and is_property(method):
                return self.attribute(frozenset({value}), name, func)
            if method is not None:
                return self.store.make(Kind.FUNCTION, method, self.home_of(method), owner=value, definition=method)
        if effect is None and value.kind in {Kind.UNKNOWN, Kind.INSTANCE}:
            effect = effects.BY_NAME_ALONE.get(name)
        return effect or value.kind

    def _may_have(self, value: Value, name: str) -> bool:
        """May an instance have an attribute? One of a class in sight that does not speak of it has not."""
        definition = value.definition
        if value.kind is not Kind.INSTANCE or not isinstance(definition, nodes.ClassDef):
            return True
        if name in self.attribute_names.get(value, ()) or has_unknown_base(definition, self.store):
            return True
        classes = [one for one in lineage(definition, self.store) if isinstance(one, nodes.ClassDef)]
        return any(name in one.locals or name in one.instance_attrs or "__getattr__" in one.locals for one in classes)

    def _extends(self, method: nodes.FunctionDef) -> bool:
        """Does the method call what it overrides?"""
        if method not in self._extending:
            self._extending[method] = any(_is_super(call) for call in method.nodes_of_class(nodes.Call))
        return self._extending[method]

    def _go(self, way: object, node: nodes.Call, name: str, group: Values, arguments: Arguments) -> Values:
        match way:
            case frozenset():
                return self._plain_call(node, way, arguments)
            case str():
                return self.library_call(node, way, arguments)
            case Value():
                return self._bound(node, way, arguments)
            case Effect():
                return self._known_method(node, way, name, group, arguments)
        return self._other_method(node, name, group, arguments)

    def _bound(self, node: nodes.Call, function: Value, arguments: Arguments) -> Values:
        """Read a method; called on the class itself, it gets no ``self`` unless it is a class method."""
        definition = function.definition
        receiver = self._receiver(function.owner, definition)
        plain = self.store.make(Kind.FUNCTION, function.site, function.frame, definition=definition)
        return self.follow(node, plain, arguments, receiver)

    def _receiver(self, owner: Value | None, definition: object) -> Values:
        """Return what a method gets as its first argument: the instance; the class, if it is a class method."""
        if owner is None or not isinstance(definition, nodes.FunctionDef):
            return NOTHING
        if not is_class_method(definition):
            return NOTHING if owner.kind is Kind.CLASS else frozenset({owner})
        if isinstance(owner.definition, nodes.ClassDef) and owner.kind is not Kind.CLASS:
            owner = self.class_of(owner.definition, self.home_of(owner.definition))
        return frozenset({owner})

    def _known_method(self, node: nodes.Call, effect: Effect, name: str, group: Values, arguments: Arguments) -> Values:
        kind = next(iter(group)).kind
        parameters = signature(method_path(kind, name)) or ((effect.on,) if effect.on else ())
        self._call_back(node, effect, name, group, arguments)
        if name in _HOLDING:
            for value in group:
                self.store.derive(value, arguments.everything())
        if name == "register_step_post_hook":
            for value in group:
                self.here().add((value, STEP_HOOKS), arguments.everything())
        if effect.verb is LoadWeights:
            return self._load_weights(node, name, group, arguments, self._verb(effect, group, arguments, parameters))
        if kind is Kind.SCALER and name == "scale":
            return NOTHING.union(*(self.scale(node, value, arguments) for value in group))
        if effect.gives is Kind.COLLECTION:
            return self._submodules_of(node, name, group)
        if kind is Kind.INSTANCE and not effect.same:
            self.escape(node, group)
        if kind is Kind.SCALER and all(self.store.is_off(value, self.here().under) for value in group):
            effect = effects.WHILE_DISABLED.get(name, effect)
        subjects = arguments.get(effect.on, parameters) if effect.on else group
        if effect.gives in {Kind.PARAMETERS, Kind.STATE_DICT}:
            taken = NOTHING.union(*(self._taken_from(node, effect.gives, name, value) for value in subjects))
            if effect.verb is not None:
                self.emit(effect.verb, node, subjects, taken)
            return taken
        if effect.verb is Moved and _is_moved_to_save(node, name):
            self.emit(MovedToSave, node, subjects)
            return subjects
        return self.apply(effect, node, subjects, arguments, parameters)

    def _load_weights(
        self, node: nodes.Call, name: str, group: Values, arguments: Arguments, verb: type[Verb]
    ) -> Values:
        given = arguments.everything()
        self.store.use(given, f".{name}")
        state_dict = arguments.positional[0] if arguments.positional else arguments.keywords.get("state_dict", given)
        if verb is WeightsCopied:
            for module in group:
                sources = (value.owner for value in state_dict if value.owner is not None)
                self.store.copied_from.setdefault(module, set()).update(sources)
        self.emit(verb, node, group, contents=contents_of(state_dict, self.here(), self.store))
        return PLAIN

    def _call_back(self, node: nodes.Call, effect: Effect, name: str, group: Values, arguments: Arguments) -> None:
        """``step(closure)`` runs the closure first; ``apply(f)`` runs it on each submodule."""
        functions = [value for value in arguments.everything() if value.kind is Kind.FUNCTION]
        if effect.verb is not None and issubclass(effect.verb, OptimizerStep):
            for function in functions:
                self._call_one(node, function, Arguments())
            if not effect.on and arguments.everything() - set(functions):
                self.escape(node, group)  # a closure out of sight, or the context of a distributed backward pass
        elif name == "apply":
            with self.over_modules(node):
                for function in functions:
                    self.follow(node, function, Arguments([self._children_of(group)]), NOTHING)

    def _children_of(self, modules: Values) -> Values:
        return NOTHING.union(*(self.elements(frozenset({value}), value.site or self.tree) for value in modules))

    def _submodules_of(self, node: nodes.Call, name: str, group: Values) -> Values:
        children = frozenset(self.store.make(Kind.MODULE, owner=value, path="*", guessed=True) for value in group)
        if name.startswith("named_"):
            children = self.collection(node, [(0, PLAIN), (1, children)])
        return self.collection(node.func, [("*", children)])

    def _taken_from(self, node: nodes.Call, kind: Kind, name: str, value: Value) -> Values:
        taken = self.store.make(kind, node, self.frame, path=name, owner=value)
        self.store.derive(taken, [value])
        return self.came_to_be(taken, Created)

    def _other_method(self, node: nodes.Call, name: str, group: Values, arguments: Arguments) -> Values:
        """Read a method that no table of effects names, called on objects of one kind."""
        if name in gradients.METHODS:
            for value in group:
                gradients.change(self, node, value, name)
        match next(iter(group)).kind:
            case Kind.TENSOR | Kind.PARAMETER:
                made = ((value, self._tensor_method(node, name, value, arguments)) for value in group)
                return NOTHING.union(*(lengths.kept(self, node, name, value, values) for value, values in made))
            case Kind.DATA:
                made_plain = PLAIN | ranks.carried(group | arguments.everything())
                return NOTHING.union(*(lengths.kept(self, node, name, value, made_plain) for value in group))
            case Kind.COLLECTION:
                return NOTHING.union(*(self._collection_method(node, name, value, arguments) for value in group))
            case Kind.CHECKPOINT | Kind.STATE_DICT:
                return NOTHING.union(*(self._checkpoint_method(node, name, value, arguments) for value in group))
            case Kind.MODULE | Kind.LOSS_FUNCTION:
                return self._module_method(node, name, group, arguments)
            case Kind.SCHEDULER | Kind.OPTIMIZER if (
                name == "__init__"
            ):  # that of torch's own class, called by one of the file
                for value in group:
                    self.store.derive(value, arguments.everything())
            case kind if kind in _WITH_METHODS:
                self.escape(node, group)
                return self.unknown_call(node, f".{name}", arguments)
        return PLAIN | ranks.carried(group | arguments.everything())

    def _tensor_method(self, node: nodes.Call, name: str, value: Value, arguments: Arguments) -> Values:
        sources = [value] if name in effects.PLACING_METHODS else [value, *arguments.everything()]
        if name == "requires_grad_":
            self.switch_parameter(value, self._verb(effects.METHODS[Kind.MODULE][name], NOTHING, arguments, _SWITCH))
        if name in generated.TENSOR_PLAIN_METHODS:
            return PLAIN
        if name in _DETACHING:
            owner = value if name == "detach" else None
            cut_off = self.store.make(Kind.TENSOR, node, self.frame, path=name, owner=owner, guessed=value.guessed)
            return frozenset({cut_off})
        if name in generated.INPLACE_METHODS:
            self.store.derive(value, arguments.everything())
            if name not in effects.KEEPING_NUMBERS:
                self.change_in_place(node, frozenset({value}))
            return frozenset({value})
        if name in generated.TENSOR_METHODS or name in generated.TENSOR_TUPLE_METHODS:
            return self.tensor(node, sources, guessed=value.guessed, path=name)
        return self.unknown(node, sources)

    def _collection_method(self, node: nodes.Call, name: str, value: Value, arguments: Arguments) -> Values:
        given = arguments.everything()
        if name in _ADDING:
            self.note_changed(value)
            self.store.derive(value, given)
            self._note_keys(value, name, arguments)
            if any(item.kind is Kind.TENSOR for item in given):
                outlives = outlives_iteration(node.func.expr, self.loops, self.frame)
                self.emit(Accumulate, node, given, frozenset({value}), outlives=outlives)
        if name in _TAKING:
            taken = (
                self._held(value, arguments.positional[0])
                if arguments.positional
                else self.elements(frozenset({value}), node)
            )
            if name != "get":
                self.note_changed(value)
            return taken
        if name == "items":
            pair = self.collection(node, [(0, PLAIN), (1, frozenset(self.store.parts.get(value, ())) or PLAIN)])
            return self.collection(node.func, [("*", pair)])
        return frozenset({value}) if name in {"values", "copy"} else PLAIN

    def _note_keys(self, mapping: Value, name: str, arguments: Arguments) -> None:
        """Remember under which keys ``update`` adds to a mapping; other additions have none."""
        added = dict[str | int, Values]()
        added.update(arguments.keywords.items())
        is_known = name == "update" and not arguments.starred
        for other in arguments.positional[0] if arguments.positional else NOTHING:
            keys = self.store.keys.get(other, {}) if other.kind is Kind.COLLECTION else {}
            is_known = is_known and bool(keys) and ANY_KEY not in keys
            added.update((key, self.here().get((other, key)) or NOTHING) for key in keys)
        if not is_known:
            self.store.open.add(mapping)
            return
        for key, held in added.items():
            self.store.keys.setdefault(mapping, {})[key] = None
            self.here().put((mapping, key), held)

    def _checkpoint_method(self, node: nodes.Call, name: str, value: Value, arguments: Arguments) -> Values:
        if arguments.positional and name in _TAKING:
            self.ask_for(value, arguments.positional[0], node)
        self.store.use([value], f".{name}()")
        if of_module(value) and name in {"items", "values"}:
            weight = self.weight_in(value, node)
            pair = self.collection(node, [(0, PLAIN), (1, weight)])
            return self.collection(node.func, [("*", pair if name == "items" else weight)])
        if name == "copy" and value.kind is Kind.STATE_DICT:  # of the mapping, and not of the tensors in it
            return frozenset({value})
        return self.part_of_checkpoint(value)

    def _module_method(self, node: nodes.Call, name: str, modules: Values, arguments: Arguments) -> Values:
        """Read a method of a class that is not in sight."""
        if name in _HOLDING:
            for module in modules:
                self.store.derive(module, arguments.everything())
            return modules
        if any(word in name for word in _MODE_WORDS):
            self.escape(node, modules)
        self.escape(node, arguments.everything())
        with_receiver = Arguments([modules, *arguments.positional], arguments.keywords, arguments.starred)
        return self.result_of_unknown(node, f".{name}", with_receiver)

    # Plain calls

    def _plain_call(self, node: nodes.Call, callees: Values, arguments: Arguments) -> Values:
        if len(callees) > 1:
            callees = frozenset(value for value in callees if value.kind not in _NEVER_CALLED) or callees
        modules = frozenset(value for value in callees if value.kind is Kind.MODULE)
        bodies: list[Way] = [partial(self._call_one, node, value, arguments) for value in callees - modules]
        return self._all_of(bodies, [partial(self.forward, node, modules, arguments)] if modules else [])

    def _call_functools_partial(self, node: nodes.Call, arguments: Arguments) -> Values:
        bound = self.store.make(Kind.FUNCTION, node, self.frame, path="partial")
        self.bound[bound] = arguments
        return frozenset({bound})

    def let_hand_back(self, receivers: Values, name: str, made: Values) -> None:
        """Let a method of a framework's class give back the optimizers that its other method has made."""
        optimizers = self._optimizers_in(made)
        for receiver in receivers if optimizers else ():
            method = self.store.make(Kind.FUNCTION, owner=receiver, path=name)
            self.handed_back[method] = optimizers
            self.here().put((receiver, name), frozenset({method}))

    def _optimizers_in(self, made: Values) -> Values:
        """Return the optimizers, or the list of them, that stand alone, beside schedulers, or in a dict."""
        if len(made) != 1 or all(value.kind is Kind.OPTIMIZER for value in made):
            return made
        (value,) = made
        items = self.store.parts.get(value, NOTHING)
        if value.kind is not Kind.COLLECTION or not items or all(item.kind is Kind.OPTIMIZER for item in items):
            return made if items else NOTHING
        within = self.here().get((value, "optimizer")) or self.here().get((value, 0)) or NOTHING
        return self._optimizers_in(within)

    def _call_one(self, node: nodes.Call, callee: Value, arguments: Arguments) -> Values:
        if callee in self.handed_back:
            return self.handed_back[callee]
        given = self.bound.get(callee)
        if given is not None and given.positional:
            return self._plain_call(node, given.positional[0], given.and_then(arguments))
        match callee.kind:
            case Kind.LIBRARY:
                return self.library_call(node, callee.path, arguments)
            case Kind.FUNCTION:
                return self._bound(node, callee, arguments)
            case Kind.CLASS:
                return self.instantiate(node, callee, arguments)
            case Kind.LOSS_FUNCTION:
                sources = arguments.everything()
                if callee.definition is not None:  # it may have parameters of its own
                    sources |= frozenset({callee})
                return self.tensor(node, sources, path=shapes.path_of_loss(callee.constant), guessed=callee.guessed)
            case Kind.INSTANCE if isinstance(callee.definition, nodes.ClassDef):
                method = find_method(callee.definition, "__call__", self)
                if method is not None:
                    function = self.store.make(Kind.FUNCTION, method, self.home_of(method), definition=method)
                    return self.follow(node, function, arguments, frozenset({callee}))
            case Kind.UNKNOWN if callee.owner is not None and callee.path in effects.METHODS.get(callee.owner.kind, {}):
                effect = effects.METHODS[callee.owner.kind][callee.path]  # a method that was bound to a name
                return self._known_method(node, effect, callee.path, frozenset({callee.owner}), arguments)
        self.escape(node, frozenset({callee}))
        return self.unknown_call(node, callee.path, arguments)


def _is_moved_to_save(node: nodes.Call, name: str) -> bool:
    """Is this ``module.cpu().state_dict()``, or ``torch.save(module.cpu(), ...)``?"""
    is_to_host = name == "cpu" or any(isinstance(one, nodes.Const) and one.value == "cpu" for one in node.args)
    parent = node.parent
    is_asked = isinstance(parent, nodes.Attribute) and parent.attrname == "state_dict"
    return is_to_host and (is_asked or (isinstance(parent, nodes.Call) and dotted(parent.func) == "torch.save"))


def _is_super(node: nodes.NodeNG) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.func, nodes.Name) and node.func.name == "super"
