"""What calls of torch and of other libraries do and make."""

from __future__ import annotations

import math
from collections.abc import Sequence

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    ClipGradients,
    ClipScaledGradients,
    Created,
    Escaped,
    EvalMode,
    EvaluationForward,
    Forward,
    GradientsTaken,
    HalfBackward,
    Kind,
    LoadWeights,
    Moved,
    Obtained,
    OptimizerStep,
    RecordedEvaluation,
    ScaledBackward,
    ScalerEscaped,
    SchedulerSet,
    SchedulerStep,
    SingleSampleForward,
    Thaw,
    Verb,
    WeightsCopied,
    Wrapped,
)
from pylint_torchcheck.torch_api import effects, generated
from pylint_torchcheck.torch_api.effects import EACH, Effect
from pylint_torchcheck.torch_api.objects import AUTOCASTS, function_effect, is_harmless, made_by, signature
from pylint_torchcheck.trace import gradients, lengths, norms, precision, purpose, ranks, shapes, truth
from pylint_torchcheck.trace.arguments import Arguments
from pylint_torchcheck.trace.decisions import UNDECIDED, Decisions, contradict
from pylint_torchcheck.trace.events import Event
from pylint_torchcheck.trace.functions import Functions
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.values import HANDED_ON, NOTHING, PLAIN, Frame, Store, Value, Values

STEP_HOOKS = "(step hooks)"  # the slot for what an optimizer runs after each step
_ESCAPING = frozenset({Kind.MODULE, Kind.OPTIMIZER, Kind.SCALER, Kind.SCHEDULER, Kind.SAMPLER, Kind.TENSOR})

_SPAWNING = ("fn", "args", "nprocs", "join", "daemon", "start_method")


class Library(Functions):
    """Applies the tables of ``torch_api``."""

    def __init__(self, tree: nodes.Module, store: Store) -> None:
        super().__init__(tree, store)
        self._outputs: set[Value] = set()  # what comes of modules while gradients are recorded,
        self._made_under: dict[Value, Decisions] = {}  # what has been decided wherever these were made
        self._halved: dict[Value, Decisions] = {}  # and which under float16 autocast, with what switches that on
        self._called: dict[nodes.FunctionDef, frozenset[str]] = {}  # the methods that a function calls

    def library_call(self, node: nodes.Call, path: str, arguments: Arguments) -> Values:
        """Return what a call of a library's function or class gives, and record what it does."""
        return lengths.noted(self, node, path, arguments, self._library_call(node, path, arguments))

    def _library_call(self, node: nodes.Call, path: str, arguments: Arguments) -> Values:
        special = getattr(self, f"_call_{path.replace('.', '_')}", None)
        if special is not None:
            return special(node, arguments)  # type: ignore[no-any-return]
        if path in effects.DRAINING or made_by(path) is Kind.OPTIMIZER:
            self.drain(node, arguments.everything())
        if path in effects.ITERATION_WRAPPERS:
            return arguments.positional[0] if arguments.positional else arguments.everything() or PLAIN
        if path in effects.COPIERS:
            return self._copies(node, path, arguments.everything())
        effect = function_effect(path)
        if effect is not None:
            return self._known_function(node, path, effect, arguments)
        kind = made_by(path)
        return self._unlisted(node, path, arguments) if kind is None else self._construct(node, kind, path, arguments)

    def _known_function(self, node: nodes.Call, path: str, effect: Effect, arguments: Arguments) -> Values:
        subjects = arguments.get(effect.on, signature(path) or ()) if effect.on else NOTHING
        if effect.gives in {Kind.CHECKPOINT, Kind.MODULE} and not effect.same:
            kind = Kind.MODULE if self.roles.of(self._scope(), _target_of(node)) is Kind.MODULE else effect.gives
            return self.new(kind, node, path=path, guessed=kind is Kind.MODULE)
        return self.apply(effect, node, subjects, arguments, signature(path) or ())

    def _unlisted(self, node: nodes.Call, path: str, arguments: Arguments) -> Values:
        if path in generated.TENSOR_TUPLE_FUNCTIONS:
            return self.tensor(node, arguments.everything(), path=path)
        if not is_harmless(path):
            return self.unknown_call(node, path, arguments)
        if (path.startswith("torch") and path not in effects.WRITERS) or path in effects.UNKNOWN_BUILTINS:
            return self.result_of_unknown(node, path, arguments)
        is_told_apart = path in effects.OWN_FILES | effects.WRITERS
        made = frozenset({self.store.make(Kind.DATA, node, self.frame, path=path)}) if is_told_apart else PLAIN
        return made | ranks.carried(arguments.everything())

    def _construct(self, node: nodes.Call, kind: Kind, path: str, arguments: Arguments) -> Values:
        given = arguments.everything()
        match kind:
            case Kind.TENSOR:
                return self._computed(node, path, arguments)
            case Kind.CONTEXT:
                return self._context(node, path, arguments)
            case Kind.SCALER if truth.of(arguments.keywords.get("enabled", NOTHING)) is False:
                return frozenset({self.store.make(kind, node, self.frame, path=path, constant=False)})
            case Kind.SCALER:
                (scaler,) = self.new(kind, node, given, path)
                return self._switched(scaler, self._switch(node, path))
            case Kind.SAMPLER if truth.of(arguments.get("shuffle", signature(path) or ())) is False:
                return frozenset({self.store.make(kind, node, self.frame, path=path, constant=False)})
            case Kind.OPTIMIZER if "params" in (names := signature(path) or ()) and not arguments.starred:
                return self.new(kind, node, arguments.get("params", names), path)  # and not from the learning rate
            case Kind.LOADER:
                return self._loader(node, path, given)
            case Kind.LOSS_FUNCTION:
                return self.new(kind, node, given, path, constant=_reduces(arguments))
            case Kind.MODULE if path in generated.MODE_DEPENDENT_IF or path in generated.BATCH_NORMS:
                return self.new(kind, node, given, path, constant=self._is_switched_on(path, arguments))
        return self.new(kind, node, given, path)

    def _loader(self, node: nodes.Call, path: str, given: Values) -> Values:
        """Return a loader, which keeps the sampler that it is given."""
        loader = self.store.make(Kind.LOADER, node, self.frame, path=path)
        samplers = frozenset(value for value in self.store.origins(given) if value.kind is Kind.SAMPLER)
        if samplers:
            self.store.derive(loader, samplers)
            self.here().put((loader, "sampler"), samplers)
        return frozenset({loader})

    def _is_switched_on(self, path: str, arguments: Arguments) -> bool | None:
        """Is the argument given that makes a module act differently in train mode? By default it is off."""
        switch = generated.MODE_DEPENDENT_IF.get(path)
        if arguments.starred:
            return None
        if switch is None:
            return truth.of(arguments.keywords.get("track_running_stats", NOTHING))
        given = arguments.get(switch, signature(path) or ())
        return truth.of(given) if given else False

    def _computed(self, node: nodes.Call, path: str, arguments: Arguments) -> Values:
        if path not in generated.CONSTRUCTORS:
            return self.tensor(node, arguments.everything(), path=path)
        requires = truth.of(arguments.keywords.get("requires_grad", self.store.constant(False)))
        return frozenset({self.store.make(Kind.TENSOR, node, self.frame, path=path, on_graph=requires)})

    def _context(self, node: nodes.Call, path: str, arguments: Arguments) -> Values:
        """Return a context manager; ``set_grad_enabled`` acts at once, too."""
        if path in AUTOCASTS:
            does = precision.asked_for(path, arguments)
            switch = self._switch(node, path)
            return self._switched(
                self.store.make(Kind.CONTEXT, node if switch else None, path=path, constant=does), switch
            )
        answer = effects.GRAD_CONTEXTS.get(path)
        given = arguments.everything()
        if path.endswith("set_grad_enabled"):
            answer = truth.of(given)
        elif path.endswith("inference_mode") and given:
            answer = truth.negated(truth.of(given))
        known = isinstance(answer, bool)
        value = self.store.make(
            Kind.CONTEXT if known or path not in effects.GRAD_CONTEXTS else Kind.UNKNOWN, path=path, constant=answer
        )
        if path.endswith("set_grad_enabled") and isinstance(node.parent, nodes.Expr):
            self.switch_recording(frozenset({value}))
        return frozenset({value})

    def _switch(self, node: nodes.NodeNG, path: str) -> Decisions:
        """Return what is decided where the argument ``enabled`` of a call is true."""
        if not isinstance(node, nodes.Call):
            return UNDECIDED
        order = (*(signature(path) or ()), "enabled")
        at = order.index("enabled")
        given = [one.value for one in node.keywords if one.arg == "enabled"] or node.args[at : at + 1]
        return self.decided_by(given[0])[0] if given else UNDECIDED

    def _switched(self, value: Value, switch: Decisions) -> Values:
        if switch:
            self.store.switches[value] = switch
        return frozenset({value})

    def _copies(self, node: nodes.Call, path: str, values: Values) -> Values:
        """Return copies; a shallow one of a state dict holds the same tensors, and so is as good as the same."""
        is_shallow = path == "copy.copy"
        same = frozenset(value for value in values if is_shallow and value.kind is Kind.STATE_DICT)
        return same.union(*(self._copy(node, value) for value in values - same))

    def _copy(self, node: nodes.Call, value: Value) -> Values:
        copied = self.store.make(
            value.kind, node, self.frame, path=value.path, definition=value.definition, constant=value.constant,
            guessed=value.guessed, on_graph=value.on_graph,
        )  # fmt: skip
        self.store.derive(copied, self.store.parts.get(value, ()))
        self.store.copied_from.setdefault(copied, set()).add(value)
        return self.came_to_be(copied, Obtained)

    def _call_torch__foreach_zero_(self, node: nodes.Call, arguments: Arguments) -> Values:
        for value in self.elements(arguments.everything(), node):
            gradients.change(self, node, value, "zero_")
        return PLAIN

    def _call_os_getenv(self, node: nodes.Call, arguments: Arguments) -> Values:
        return PLAIN | self.variable(node, arguments.positional[0] if arguments.positional else NOTHING)

    _call_os_environ_get = _call_os_getenv

    def _call_os_environ_setdefault(self, _: nodes.Call, arguments: Arguments) -> Values:
        names = arguments.positional[0] if arguments.positional else NOTHING
        self.variables_set.update(name.constant for name in names if isinstance(name.constant, str))
        return PLAIN

    def _call_torch_device(self, node: nodes.Call, _: Arguments) -> Values:
        return self.device(node)

    def _call_torch_autograd_variable(self, node: nodes.Call, arguments: Arguments) -> Values:
        """A tensor is handed back as it is; told to require a gradient, it is the beginning of a graph."""
        given = arguments.get("data", ("data",)) or arguments.everything()
        if "requires_grad" in arguments.keywords and truth.of(arguments.keywords["requires_grad"]) is not False:
            return frozenset({self.store.make(Kind.TENSOR, node, self.frame, path=effects.VARIABLE, on_graph=None)})
        tensors = frozenset(value for value in given if value.kind in {Kind.TENSOR, Kind.PARAMETER})
        others = given - tensors
        return tensors | (self.tensor(node, others, path=effects.VARIABLE) if others or not given else NOTHING)

    _call_torch_autograd_Variable = _call_torch_autograd_variable  # noqa: N815  # as the function is spelt

    def _call_torch_autograd_grad(self, node: nodes.Call, arguments: Arguments) -> Values:
        self.emit(GradientsTaken, node, arguments.get("outputs", ("outputs",)))
        return self.result_of_unknown(node, "torch.autograd.grad", arguments)

    def _call_torch_multiprocessing_spawn(self, node: nodes.Call, arguments: Arguments) -> Values:
        """Each process runs the function, its own number first; what it does there is not seen here."""
        functions = [value for value in arguments.get("fn", _SPAWNING) if value.kind is Kind.FUNCTION]
        handed = self._items_in(arguments.get("args", _SPAWNING))
        if handed is None or not functions:
            return self.unknown_call(node, "torch.multiprocessing.spawn", arguments)
        before = self.here().copy()
        for function in functions:
            self.state = before.copy()
            self.follow(node, function, Arguments([frozenset({ranks.LOCAL_RANK}), *handed]), NOTHING)
        self.state = before
        return PLAIN

    def _items_in(self, given: Values) -> list[Values] | None:
        """Return what a tuple or list holds, one by one; ``None`` if that is not in sight."""
        if not given:
            return []
        (value,) = given if len(given) == 1 else (None,)
        keys = self.store.keys.get(value, {}) if value is not None and value not in self.store.open else {}
        held = [self.here().get((value, index)) for index in range(len(keys))]
        return [one for one in held if one] if keys and all(held) else None

    # Builtins that the reader sees through

    def _call_builtins_enumerate(self, node: nodes.Call, arguments: Arguments) -> Values:
        given = arguments.positional[0] if arguments.positional else NOTHING
        pair = self.collection(node, [(0, PLAIN), (1, self.elements(given, node))])
        return self.collection(node.func, [("*", pair)])

    def _call_builtins_zip(self, node: nodes.Call, arguments: Arguments) -> Values:
        group = self.collection(
            node, [(i, self.elements(given, _site_of(node, i))) for i, given in enumerate(arguments.positional)]
        )
        return self.collection(node.func, [("*", group)])

    def _call_itertools_chain(self, _: nodes.Call, arguments: Arguments) -> Values:
        """Return all that is chained: parameters of several modules, more often than not."""
        return arguments.everything() or PLAIN

    def _call_builtins_next(self, node: nodes.Call, arguments: Arguments) -> Values:
        given = arguments.positional[0] if arguments.positional else NOTHING
        self.escape(node, self.acts_of.get(given, NOTHING))
        return self.elements(given, node) if given else PLAIN

    def _call_builtins_sum(self, node: nodes.Call, arguments: Arguments) -> Values:
        """What is only guessed to be a tensor, because a module gave it, is more likely a list of numbers."""
        given = arguments.everything()
        if any(value.kind is Kind.TENSOR and value.guessed for value in given):
            return self.unknown(node, given)
        return self.combine(node, self.elements(given, node))

    def _call_builtins_filter(self, node: nodes.Call, arguments: Arguments) -> Values:
        given = arguments.positional[1] if len(arguments.positional) > 1 else NOTHING
        if any(value.kind in {Kind.PARAMETERS, Kind.SOME_PARAMETERS} for value in given):
            return self.new(Kind.SOME_PARAMETERS, node, given)
        return given or PLAIN

    def _call_builtins_dict(self, node: nodes.Call, arguments: Arguments) -> Values:
        if not arguments.positional and not arguments.starred:
            return self.written_dict(node, arguments.keywords.items())
        return self.collection(node, [*arguments.keywords.items(), *(("*", held) for held in arguments.positional)])

    _call_collections_OrderedDict = _call_builtins_dict  # noqa: N815  # as the class is spelt

    def _call_builtins_isinstance(self, _: nodes.Call, arguments: Arguments) -> Values:
        """An object that was built in sight by a class of torch is an instance of it; of others, nothing is said."""
        match arguments.positional:
            case [values, classes] if values and all(value.path and not value.guessed for value in values):
                paths = {value.path for value in classes if value.kind is Kind.LIBRARY}
                if len(paths) == len(classes) == 1 and all(value.path in paths for value in values):
                    return self.store.constant(True)
        return PLAIN

    def _call_builtins_getattr(self, node: nodes.Call, arguments: Arguments) -> Values:
        match arguments.positional:
            case [receivers, names, *_] if len(names) == 1:
                (name,) = names
                if isinstance(name.constant, str):
                    return self.attribute(receivers, name.constant, node)
                found = [self.any_class_of(value.path) for value in receivers]
                if found and all(found):
                    return NOTHING.union(*found)
        return self.unknown(node, arguments.everything())

    def _call_builtins_setattr(self, _: nodes.Call, arguments: Arguments) -> Values:
        match arguments.positional:
            case [receivers, names, values]:
                for receiver in receivers:
                    self.store.derive(receiver, values)
                    for name in names:
                        if isinstance(name.constant, str):
                            self.here().add((receiver, name.constant), values)
        return PLAIN

    # Effects

    def apply(
        self, effect: Effect, node: nodes.NodeNG, subjects: Values, arguments: Arguments, parameters: Sequence[str]
    ) -> Values:
        """Record what a call does to ``subjects``; return what it gives."""
        if effect.on == "module" and effect.verb is not None and issubclass(effect.verb, Wrapped):
            subjects = self._as_modules(subjects, node)
        is_idle = bool(effect.unless_infinite) and self._is_infinite(arguments, effect, parameters)
        if effect.verb is Moved:
            is_idle = not _names_device(node, arguments)
        if effect.verb is not None and not is_idle:
            verb = self._verb(effect, subjects, arguments, parameters)
            if verb is Forward:
                return self.forward(node, subjects, arguments)
            if verb is SchedulerStep and self.loops and self.loops[-1].does_only(node):
                verb = SchedulerSet  # as many times as epochs have been trained before
            self.emit(verb, node, subjects)
            if verb is EvalMode and self.held_norms is not None and norms.are_picked(node):
                self.held_norms |= norms.owners_of(subjects)
            if issubclass(verb, OptimizerStep):
                self._run_step_hooks(node, subjects)
        if effect.then is not None:
            self.emit(effect.then, node, subjects)
        if effect.same:
            return self._handed_back(effect, node, subjects, arguments)
        if effect.gives is Kind.CONTEXT and isinstance(node, nodes.Call):
            method = dotted(node.func).rpartition(".")[2]
            return frozenset(self.store.make(Kind.CONTEXT, path=f"{one.path}.{method}") for one in subjects)
        return PLAIN if effect.gives is Kind.DATA else self.new(effect.gives, node, subjects)

    def _as_modules(self, values: Values, node: nodes.NodeNG) -> Values:
        """Take what is not known for a module, since a wrapper takes nothing else."""
        handed = [dotted(one) for one in node.args[:1]] if isinstance(node, nodes.Call) else []
        name = next(filter(None, handed), "") or _target_of(node)
        is_unknown = {value: value.kind is Kind.UNKNOWN and value.site is not None for value in values}
        return frozenset(self._as(Kind.MODULE, one, name) if is_unknown[one] else one for one in values)

    def _is_infinite(self, arguments: Arguments, effect: Effect, parameters: Sequence[str]) -> bool:
        given = arguments.get(effect.unless_infinite, parameters)
        return bool(given) and all(value.kind is Kind.CONSTANT and value.constant == math.inf for value in given)

    def _call_builtins_float(self, _: nodes.Call, arguments: Arguments) -> Values:
        match arguments.positional:
            case [values] if len(values) == 1 and str(next(iter(values)).constant).lower() in {"inf", "infinity"}:
                return self.store.constant(math.inf)
        return PLAIN

    def _handed_back(self, effect: Effect, node: nodes.NodeNG, subjects: Values, arguments: Arguments) -> Values:
        """Return the object or objects that a call gives back."""
        if effect.first_of:
            rest = ((index, self.unknown(node, arguments.everything())) for index in range(1, effect.first_of))
            return self.collection(node, [(0, subjects or self.unknown(node)), *rest])
        if effect.on != EACH:
            return subjects
        if len(arguments.positional) == 1 and not arguments.starred:
            return arguments.positional[0]
        if not arguments.starred:
            return self.collection(node, enumerate([*arguments.positional, *arguments.keywords.values()]))
        in_order = arguments.positional if isinstance(node, nodes.Call) and _is_last_starred(node) else []
        others = self.unknown(node, arguments.everything())
        return self.collection(node, [*enumerate(in_order), ("*", others)])

    def _run_step_hooks(self, node: nodes.NodeNG, optimizers: Values) -> None:
        """Read what was registered to run after each step of these optimizers."""
        for optimizer in optimizers:
            for hook in self.here().get((optimizer, STEP_HOOKS)) or NOTHING:
                if hook.kind is Kind.FUNCTION:
                    self.follow(node, hook, Arguments([frozenset({optimizer}), PLAIN, PLAIN]), NOTHING)
                else:
                    self.escape(node, frozenset({optimizer}))

    def _verb(self, effect: Effect, subjects: Values, arguments: Arguments, parameters: Sequence[str]) -> type[Verb]:
        assert effect.verb is not None
        if effect.verb is Backward and subjects:
            return self._backward(subjects)
        if effect.verb is SchedulerStep and (arguments.starred or arguments.everything()):
            return SchedulerSet
        if effect.verb is ClipGradients and self._knows_scale(arguments):
            return ClipScaledGradients
        if effect.verb is LoadWeights and _are_of_another(arguments, subjects):
            return WeightsCopied
        given = arguments.get(effect.switch, parameters) if effect.switch else NOTHING
        if not given and not (effect.switch and arguments.starred):
            return effect.verb
        answer = truth.of(given)
        if answer is None:
            return Thaw if effect.verb is Thaw else Escaped
        return effect.verb if answer else effect.off or effect.verb

    def _backward(self, losses: Values) -> type[Verb]:
        origins = [self.store.origins([loss]) for loss in losses]
        if all(any(value.path == shapes.SCALED or value.kind is Kind.SCALER for value in one) for one in origins):
            return ScaledBackward
        under = self.here().under
        outputs = {
            output
            for output in self._outputs.intersection(*origins)
            if not contradict(self._made_under.get(output, UNDECIDED), under)
        }
        half = {output for output, switch in self._halved.items() if not contradict(switch, under)}
        return HalfBackward if outputs and outputs <= half else Backward

    def _knows_scale(self, arguments: Arguments) -> bool:
        return any(value.kind is Kind.SCALER for value in self.store.origins(arguments.everything()))

    def scale(self, node: nodes.NodeNG, scaler: Value, arguments: Arguments) -> Values:
        """Return a loss multiplied by a gradient scaler; a disabled one gives it back as it was."""
        losses = arguments.get("outputs", ("outputs",))
        if self.store.is_off(scaler, self.here().under):
            return losses
        value = self.store.make(Kind.TENSOR, node, self.frame, path=shapes.SCALED, on_graph=None)
        self.store.derive(value, losses)
        return frozenset({value})

    def forward(self, node: nodes.NodeNG, modules: Values, arguments: Arguments) -> Values:
        """Record that modules are called; return their output."""
        inputs = arguments.everything()
        output = self.tensor(node, modules | inputs, guessed=True)
        if self.recording() is not False:
            self._outputs |= output
            under = self.here().under
            self._made_under.update((value, self._made_under.get(value, under) & under) for value in output)
            if precision.under(self.inside) == "float16":
                switches = (self.store.switches.get(value, UNDECIDED) for context in self.inside for value in context)
                self._halved.update(dict.fromkeys(output, UNDECIDED.union(*switches)))
        self.emit(self._forward_verb(node, modules, arguments), node, modules, output)
        return output

    def _forward_verb(self, node: nodes.NodeNG, modules: Values, arguments: Arguments) -> type[Verb]:
        """Return what kind of call of a module this is."""
        inputs = arguments.everything()
        if self._evaluates(inputs):
            return RecordedEvaluation if self.recording() else EvaluationForward
        if not inputs or not lengths.ends_on_one(self, inputs):
            return Forward
        event = Event(0, Forward, node, self.frame, modules, loops=self.loops)
        return SingleSampleForward if event.in_every_iteration else Forward

    def _evaluates(self, inputs: Values) -> bool:
        """Is a call here made to validate, test or infer, on real data?

        A function named ``test`` that prints the shape of what comes of random numbers tries the code, not the model.
        """
        if not purpose.is_evaluation(self.frame, self.loops) or all(
            value.path in generated.CONSTRUCTORS for value in inputs
        ):
            return False
        if self.recording() is False:
            return True
        if not self.loops:
            return False
        loop = self.loops[-1]
        says_so = purpose.is_evaluation(loop.frame, self.loops[:-1])  # else a helper in it does, by its name alone
        is_told = says_so and isinstance(loop.node, nodes.For) and self._calls_here("eval", loop.frame)
        if not loop.over_loader and not is_told:
            return False
        return not self._calls_here("backward", self.frame if says_so else loop.frame)

    def _calls_here(self, method: str, outermost: Frame) -> bool:
        """Does a function under way here call such a method: this one, or one out to ``outermost``?"""
        last = next(iter(outermost.functions()), None)
        for function in self.frame.functions():
            if any(name.endswith(method) for name in self._called_in(function)):
                return True
            if function is last:
                return False
        return False

    def _called_in(self, function: nodes.FunctionDef) -> frozenset[str]:
        if function not in self._called:
            called = (call.func for call in function.nodes_of_class(nodes.Call))
            self._called[function] = frozenset(getattr(func, "attrname", "") for func in called)
        return self._called[function]

    # Code that is not in sight

    def unknown_call(self, node: nodes.NodeNG, path: str, arguments: Arguments) -> Values:
        """Hand the arguments to code that is not in sight."""
        self.escape(node, arguments.everything())
        return self.result_of_unknown(node, path, arguments)

    def result_of_unknown(self, node: nodes.NodeNG, path: str, arguments: Arguments) -> Values:
        """Return what unknown code gives; its kind is guessed from how the name that it is bound to is used."""
        name = _target_of(node)
        role = self.roles.of(self._scope(), name) if name else Kind.UNKNOWN
        given = arguments.everything()
        if role is Kind.UNKNOWN or role is Kind.LOADER:
            made = self.unknown(node, given)
            self.store.came_from.update(dict.fromkeys(made, path))
            return made
        on_graph = None if role is Kind.TENSOR else False
        value = self.store.make(role, node, self.frame, path=path, guessed=True, on_graph=on_graph)
        self.store.derive(value, given)
        is_class = path.rpartition(".")[2][:1].isupper()
        return self.came_to_be(value, Created if is_class else Obtained)

    def escape(self, node: nodes.NodeNG, values: Values) -> None:
        """Record that code that is not in sight got hold of ``values`` and all that they hold."""
        reached: set[Value] = set()
        waiting = list(values)
        while waiting:
            value = waiting.pop()
            if value not in reached:
                reached.add(value)
                waiting.extend(self._held_by(value))
        self.written_out -= reached
        self.store.use((value for value in reached if value.kind is Kind.CHECKPOINT), HANDED_ON)
        subjects = frozenset(value for value in reached if _may_be_used(value))
        if subjects:
            self.emit(Escaped, node, subjects)
        scalers = frozenset(value for value in subjects if value.kind is Kind.SCALER)
        if scalers:
            self.emit(ScalerEscaped, node, scalers)

    def _held_by(self, value: Value) -> list[Value]:
        if value.kind in {Kind.COLLECTION, Kind.LOADER}:
            return list(self.store.parts.get(value, ()))
        if value.kind in {Kind.INSTANCE, Kind.FRAMEWORK}:
            names = self.attribute_names.get(value, ())
            return [held for name in names for held in self.here().get((value, name)) or ()]
        return []


def _are_of_another(weights: Arguments, subjects: Values) -> bool:
    """Are these the state dicts of modules other than those that they are loaded into?"""
    given = [value for value in weights.everything() if value.kind is not Kind.CONSTANT]
    return bool(given) and all(
        value.kind is Kind.STATE_DICT
        and value.owner is not None
        and value.owner.kind is Kind.MODULE
        and value.owner not in subjects
        for value in given
    )


def _reduces(arguments: Arguments) -> bool | str | None:
    """Does a loss function built so give one number for the batch? ``"sum"`` or, as by default, ``None``: it does."""
    settings = [arguments.keywords[name] for name in ("reduction", "reduce") if name in arguments.keywords]
    if arguments.starred:
        return False
    constants = {value.constant if value.kind is Kind.CONSTANT else "none" for given in settings for value in given}
    if constants == {"sum"}:
        return "sum"
    return None if constants <= {"mean", "batchmean", "elementwise_mean", True} else False


def _may_be_used(value: Value) -> bool:
    """May code that gets hold of an object change its state, or go back through its graph?"""
    return value.kind in _ESCAPING and not (value.kind is Kind.TENSOR and value.on_graph is False)


def _names_device(node: nodes.NodeNG, arguments: Arguments) -> bool:
    """Is a module moved to a device, and not only given another type?"""
    if not isinstance(node, nodes.Call) or getattr(node.func, "attrname", "") in {"cuda", "cpu"} or arguments.starred:
        return True
    if not arguments.positional:
        return "device" in arguments.keywords
    types = [
        value for value in arguments.positional[0] if value.path.startswith("torch.") and value.kind is Kind.LIBRARY
    ]
    return not types and "dtype" not in dotted(node.args[0])


def _site_of(node: nodes.Call, index: int) -> nodes.NodeNG:
    """Return where an argument stands; ``*args`` may stand for several."""
    return node.args[min(index, len(node.args) - 1)] if node.args else node


def _is_last_starred(node: nodes.Call) -> bool:
    """Do the arguments that are written out come before those in ``*args``?"""
    starred = [isinstance(argument, nodes.Starred) for argument in node.args]
    return starred == sorted(starred)


def _target_of(node: nodes.NodeNG) -> str:
    """Return the dotted name that a call's result is bound to, through ``.to(device)`` and the like."""
    child, parent = node, node.parent
    while (
        isinstance(parent, nodes.Attribute)
        and parent.attrname in effects.BY_NAME_ALONE
        and isinstance(parent.parent, nodes.Call)
    ):
        child, parent = parent.parent, parent.parent.parent
    if isinstance(parent, nodes.Assign) and parent.value is child and len(parent.targets) == 1:
        return dotted(parent.targets[0])
    return ""
