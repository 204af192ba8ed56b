"""Reads statements in the order of execution: branches, loops, jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import (
    Accumulate,
    Backward,
    Created,
    Drawn,
    Escaped,
    Freeze,
    FreezePart,
    Kind,
    Obtained,
    OptimizerStep,
    Ranks,
    Thaw,
    ThawPart,
    Verb,
    ZeroGrad,
    ZeroGradPart,
)
from pylint_torchcheck.trace import gradients, ranks, truth
from pylint_torchcheck.trace.accumulation import added_to, outlives_iteration
from pylint_torchcheck.trace.arguments import Arguments
from pylint_torchcheck.trace.classes import find_method
from pylint_torchcheck.trace.events import Event
from pylint_torchcheck.trace.imports import Imports
from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.sites import Expression
from pylint_torchcheck.trace.state import Layer, Slot, State, join
from pylint_torchcheck.trace.values import NOTHING, PLAIN, Frame, Store, Value, Values

_MOST_UNROLLED = 4  # `for phase in ["train", "val"]` is read once for each phase
_UNROLLED = frozenset({Kind.MODULE, Kind.OPTIMIZER, Kind.SCALER, Kind.SCHEDULER})
_UNTELLING = frozenset({Kind.DATA, Kind.UNKNOWN, Kind.LIBRARY, Kind.COLLECTION})
_DEEPEST_PEELED = 3  # loops within loops of which the first iteration is read apart


@dataclass(slots=True)
class _Jumps:
    """Where the iterations of a loop end other than at its end."""

    breaks: list[State | None] = field(default_factory=list)
    continues: list[State | None] = field(default_factory=list)


class Reader(Imports):
    """Reads a whole file, one trace at a time."""

    _readers: ClassVar[dict[type[nodes.NodeNG], Callable[[Any, Any], object]]] = {}

    def __init__(self, tree: nodes.Module, store: Store) -> None:
        super().__init__(tree, store)
        self._jumps: list[_Jumps] = []
        self._peeled = 0
        self._decided = 0  # branches of which only one could be taken
        self._assigned: dict[nodes.NodeNG, set[str]] = {}  # the names that each loop assigns to
        self._registers: dict[Values, list[Value]] = {}  # where decorators keep the functions that they give back

    def read_body(self, body: list[nodes.NodeNG]) -> None:
        """Read statements in order, up to where the program cannot go on."""
        for statement in body:
            if self.state is None:
                return
            self.spend()
            kind = type(statement)
            if kind not in self._readers:
                self._readers[kind] = getattr(type(self), f"_read_{kind.__name__.lower()}", type(self)._children)
            self._readers[kind](self, statement)

    # Simple statements

    def _read_expr(self, node: nodes.Expr) -> None:
        self.evaluate(node.value)

    def _read_assign(self, node: nodes.Assign) -> None:
        given = self.evaluate(node.value)
        values = self._without_settings(given)
        for target in node.targets:
            if isinstance(target, nodes.AssignAttr) and target.attrname == "requires_grad":
                self._switch_gradient(target, node.value, given)
            self._note_growth(node, target, values)
            if not self._assigns_gradient(node, target, given):
                self.assign(target, values)

    def _without_settings(self, values: Values) -> Values:
        """A constant at module level is a setting that the user may change, so the code behind it counts either way."""
        if not isinstance(self.frame.scope, nodes.Module):
            return values
        return frozenset(self._variable(value) for value in values)

    @staticmethod
    def _variable(value: Value) -> Value:
        return next(iter(PLAIN)) if value.kind is Kind.CONSTANT and value.constant is not None else value

    def _note_growth(self, node: nodes.Assign, target: nodes.NodeNG, values: Values) -> None:
        added = added_to(dotted(target), node.value)
        if added is not None and any(value.kind is Kind.TENSOR for value in values):
            self._accumulate(node, target, self.evaluate(added), values)

    def _read_augassign(self, node: nodes.AugAssign) -> None:
        added = self.evaluate(node.value)
        before = self._current(node.target)
        after = self.combine(node, before | added)
        if node.op == "+=" and any(value.kind is Kind.TENSOR for value in added):
            self._accumulate(node, node.target, added, after)
        if not isinstance(node.target, nodes.Subscript):  # an element is assigned below
            self.change_in_place(node, before, after)
        if not self._scales_gradient(node) and not self._writes_through(node):
            self.assign(node.target, after)

    def _scales_gradient(self, node: nodes.AugAssign) -> bool:
        """``p.grad /= scale`` is no attribute to remember, as ``p.grad = ...`` is none."""
        if not isinstance(node.target, nodes.AssignAttr) or node.target.attrname != "grad":
            return False
        holders = gradients.holders(self.evaluate(node.target.expr))
        for holder in holders:
            gradients.scale(self, node, holder)
        return bool(holders)

    def _writes_through(self, node: nodes.AugAssign) -> bool:
        """``p.data -= step`` changes ``p``, and is no attribute to remember either."""
        if not isinstance(node.target, nodes.AssignAttr) or node.target.attrname != "data":
            return False
        return any(value.kind in {Kind.TENSOR, Kind.PARAMETER} for value in self.evaluate(node.target.expr))

    def _accumulate(self, node: nodes.NodeNG, target: nodes.NodeNG, added: Values, after: Values) -> None:
        if self.recording() is False:  # the sum is off the graph, whatever was added
            return
        outlives = outlives_iteration(target, self.loops, self.frame)
        self.emit(Accumulate, node, added, after, outlives=outlives)

    def _current(self, target: nodes.NodeNG) -> Values:
        match target:
            case nodes.AssignName(name=name):
                return self.lookup(name)
            case nodes.AssignAttr(expr=receiver, attrname=name):
                return self.attribute(self.evaluate(receiver), name, target)
            case nodes.Subscript():
                return self.evaluate(target)
        return PLAIN

    def _read_annassign(self, node: nodes.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self._without_settings(self.evaluate(node.value)))

    def _read_delete(self, node: nodes.Delete) -> None:
        """A deleted name is gone, so that nothing can be asked of it any more; a dict is told."""
        for target in node.targets:
            for value in self.evaluate(target.value) if isinstance(target, nodes.Subscript) else ():
                self.note_changed(value)

    def _read_assert(self, node: nodes.Assert) -> None:
        """Behind ``assert rank == 0`` there is only the first rank."""
        said = ranks.said_by(node.test, self.evaluate(node.test), self.store)
        if said is not None:
            coming = self.here().get(ranks.ARRIVING) or NOTHING
            self.here().put(ranks.ARRIVING, ranks.narrowed(coming, said[0], self.store))

    def _read_functiondef(self, node: nodes.FunctionDef) -> None:
        self.bind(node.name, self._decorated(node, self.function(node, self.frame)))

    _read_asyncfunctiondef = _read_functiondef

    def _decorated(self, node: nodes.FunctionDef, function: Values) -> Values:
        """Return what the decorators of the project make of a function; those of libraries leave it as it is."""
        for decorator in reversed(node.decorators.nodes if node.decorators else ()):
            callees = self.evaluate(decorator)
            if callees and all(callee.kind is Kind.FUNCTION and callee.definition for callee in callees):
                made = self._decorated_by(decorator, callees, function)
                function = made if all(value.kind is Kind.FUNCTION for value in made) else function
        return function

    def _decorated_by(self, decorator: nodes.NodeNG, callees: Values, function: Values) -> Values:
        """Read a decorator; one that only enters functions in registers is read for the first of them."""
        if callees in self._registers:
            for register in self._registers[callees]:
                self.store.derive(register, function)
            return function
        if any(callee.frame is None or callee.frame.calls for callee in callees):  # made for this function alone
            return self._plain_call(decorator, callees, Arguments([function]))
        begin, before = len(self.trace.recorded), self.here().fork()
        made = self._plain_call(decorator, callees, Arguments([function]))
        is_quiet = not any(event.subjects for event in self.trace.recorded[begin:])
        if made == function and is_quiet and not self._is_kept_by_name(function, before):
            self._registers[callees] = self.store.holders(function)
        return made

    def _is_kept_by_name(self, function: Values, before: Layer | None) -> bool:
        """Has an attribute of it been set, or one to it, or an element with a name of its own?"""
        changed = self.here().changed_since(before)
        named = [slot for slot in changed if not isinstance(slot[0], Frame)]
        return any(
            owner in function or not function.isdisjoint(self.here().get((owner, name)) or NOTHING)
            for owner, name in named
        )

    def _read_classdef(self, node: nodes.ClassDef) -> None:
        self.store.bases[node] = [self.evaluate(base) for base in node.bases]
        self.store.lineages.clear()
        for decorator in node.decorators.nodes if node.decorators else ():
            self.above_classes.setdefault(decorator, Expression(decorator)).values.update(self.evaluate(decorator))
        value = self.class_of(node, self.frame)
        for statement in node.body:
            if isinstance(statement, nodes.Assign) and isinstance(statement.targets[0], nodes.AssignName):
                self.here().put((value, statement.targets[0].name), self.evaluate(statement.value))
        self.bind(node.name, frozenset({value}))

    # requires_grad

    def _switch_gradient(self, target: nodes.AssignAttr, setting: nodes.NodeNG, values: Values) -> None:
        """``p.requires_grad = False`` on a parameter freezes; in a loop over parameters, the module that has them."""
        answer = truth.of(values)
        verb: type[Verb] = Thaw if answer or (not _chooses(setting) and answer is None) else FreezePart
        if answer is False:
            verb = Freeze
        for value in self.evaluate(target.expr):
            self.switch_parameter(value, verb)

    def _assigns_gradient(self, node: nodes.Assign, target: nodes.NodeNG, written: Values) -> bool:
        """``p.grad = ...`` is no attribute to remember: each backward pass changes it."""
        if not isinstance(target, nodes.AssignAttr) or target.attrname != "grad":
            return False
        holders = gradients.holders(self.evaluate(target.expr))
        for holder in holders:
            gradients.assign(self, node, holder, written)
        return bool(holders)

    @contextmanager
    def _over_parameters(self, node: nodes.For, iterated: Values) -> Iterator[None]:
        """Read a loop over parameters; what it switches or clears, it does to the module."""
        before, self.switched = self.switched, []
        try:
            yield
        finally:
            switched, self.switched = self.switched, before
        origins = self.store.origins(iterated)
        owners = frozenset(value.owner for value in origins if value.kind is Kind.PARAMETERS and value.owner)
        verbs = set(switched) - {ZeroGrad}
        if ZeroGrad in switched and owners:
            self.emit(ZeroGradPart if _selects(node) or not _is_whole(iterated) else ZeroGrad, node, owners)
        if verbs and owners:
            whole = len(verbs) == 1 and not _has_condition(node) and _is_whole(iterated)
            self.emit(verbs.pop() if whole else ThawPart if verbs == {Thaw} else FreezePart, node, owners)

    # Branches

    def _read_if(self, node: nodes.If) -> None:
        if _is_main_guard(node.test):
            self.read_body(node.body if self._runs_as_main() else node.orelse)
            return
        tested = self.evaluate(node.test)
        answer = truth.of(tested)
        if answer is not None:
            self._decided += 1
            self.read_body(node.body if answer else node.orelse)
        else:
            self._read_narrowed(node, tested)

    def _runs_as_main(self) -> bool:
        """Is this the file that is read, and not one that it imports?"""
        return self.module_frame().scope is self.tree

    def _branch(self, bodies: list[list[nodes.NodeNG]]) -> None:
        start, ends = self.here(), []
        for body in bodies:
            self.state = start.copy()
            self.read_body(body)
            ends.append(self.state)
        self.state = join(ends)

    def _read_narrowed(self, node: nodes.If, tested: Values) -> None:
        """Read ``if isinstance(x, torch.Tensor): ...``, in which ``x`` is a tensor, and otherwise it is none.

        So it is with ``if rank == 0: ...``, where one rank of a process group arrives, and otherwise the others.
        """
        start, begin = self.here(), len(self.trace.recorded)
        ends: list[tuple[dict[Slot, Values], State | None]] = []
        said = ranks.said_by(node.test, tested, self.store) or (Ranks.EVERY, Ranks.EVERY)
        for body, narrowed, arriving in zip((node.body, node.orelse), self._narrowed_by(node.test), said, strict=True):
            if arriving is not Ranks.EVERY:
                before = start.get(ranks.ARRIVING) or NOTHING
                narrowed[ranks.ARRIVING] = ranks.narrowed(before, arriving, self.store)
            self.state = start.copy()
            for slot, values in narrowed.items():
                self.state.put(slot, values)
            self._read_decided(node, body, holds=body is node.body)
            if arriving is Ranks.FIRST:
                self._note_made_by_first(body)
            ends.append((narrowed, self.state))
        if len(self.trace.recorded) > begin:
            self._tell_apart(node, start, [end for _, end in ends])
        goes_on_both = all(end is not None for _, end in ends)
        for narrowed, end in ends if goes_on_both else ():
            self.state = end
            self._widen(narrowed, start)
        self.state = join(end for _, end in ends)

    def _read_decided(self, node: nodes.If, body: list[nodes.NodeNG], *, holds: bool) -> None:
        """Read one branch; a jump out of it is told apart from the ways on which nothing has been decided."""
        self.turn(node.test, holds=holds)
        is_jump = bool(body) and isinstance(body[-1], nodes.Return | nodes.Break | nodes.Continue)
        if is_jump and self.decided_by(node.test)[not holds]:
            self.mark(node)
        self.read_body(body)

    def _tell_apart(self, node: nodes.If, start: State, ends: list[State | None]) -> None:
        """Mark the end of a branch that can be gone without an event, so that ways are known by what they decided."""
        for end in ends:
            if end is not None and end.under != start.under and not end.ends.isdisjoint(start.ends):
                self.state = end
                self.mark(node)

    def _note_made_by_first(self, body: list[nodes.NodeNG]) -> None:
        for statement in body:
            for target in statement.targets if isinstance(statement, nodes.Assign) else ():
                self.store.of_first.update(ranks.made_in(statement.value, self.bindings.get(target, ())))

    def _narrowed_by(self, test: nodes.NodeNG) -> tuple[dict[Slot, Values], dict[Slot, Values]]:
        """Return what local variables are where ``test`` holds, and where it does not."""
        if isinstance(test, nodes.UnaryOp) and test.op == "not":
            held, failed = self._narrowed_by(test.operand)
            return failed, held
        return self._tensors_by(test), self._others_by(test)

    def _others_by(self, test: nodes.NodeNG) -> dict[Slot, Values]:
        """Return a local variable that is no tensor where ``test`` fails, whatever its annotation says."""
        slot = (self.frame, test.args[0].name) if self._asks_for_tensor(test) else None
        values = self.here().get(slot) if slot else None
        if not slot or not values or not all(value.kind is Kind.TENSOR for value in values):
            return {}
        return {slot: self.unknown(test)}

    def _widen(self, narrowed: dict[Slot, Values], start: State) -> None:
        """Let names that are as they were made in a branch stand again for what they stood for before it."""
        for slot, values in narrowed.items():
            if self.state is not None and self.state.get(slot) == values:
                self.state.put(slot, start.get(slot) or NOTHING)

    def _tensors_by(self, test: nodes.NodeNG) -> dict[Slot, Values]:
        """Return the local variables that are tensors where ``test`` holds, as far as they are not known to be else."""
        found: dict[Slot, Values] = {}
        for call in test.values if isinstance(test, nodes.BoolOp) and test.op == "and" else [test]:
            slot = (self.frame, call.args[0].name) if self._asks_for_tensor(call) else None
            values = self.here().get(slot) if slot else None
            if slot and values and any(value.kind is Kind.UNKNOWN for value in values):
                found[slot] = frozenset(self._as_tensor(value, call) for value in values)
        return found

    def _asks_for_tensor(self, node: nodes.NodeNG) -> bool:
        if not isinstance(node, nodes.Call) or not node.args or not isinstance(node.args[0], nodes.Name):
            return False
        asked = {value.path for part in (node.func, *node.args[1:]) for value in self.evaluate(part)}
        return asked in ({"torch.is_tensor"}, {"builtins.isinstance", "torch.Tensor"})

    def _as_tensor(self, value: Value, test: nodes.Call) -> Value:
        if value.kind is not Kind.UNKNOWN:
            return value
        site, frame = value.site or test, value.frame or self.frame
        tensor = self.store.make(Kind.TENSOR, site, frame, path=value.path, owner=value.owner, on_graph=None)
        self.store.derive(tensor, self.store.parts.get(value, ()))
        return tensor

    def _read_match(self, node: nodes.Match) -> None:
        subject = self.evaluate(node.subject)
        start, ends = self.here(), []
        for case in node.cases:
            self.state = start.copy()
            for name in case.pattern.nodes_of_class(nodes.AssignName):
                self.assign(name, self._unpacked_by_pattern(subject, case.pattern, name))
            self.evaluate(case.guard)
            self.read_body(case.body)
            ends.append(self.state)
        self.state = join(ends if _takes_anything(node.cases[-1]) else [start, *ends])

    def _unpacked_by_pattern(self, subject: Values, pattern: nodes.NodeNG, name: nodes.AssignName) -> Values:
        """Return what a name in a pattern gets: the subject itself, or something of it."""
        is_whole = isinstance(pattern, nodes.MatchAs) and pattern.name is name
        return subject if is_whole else self.unknown(name, subject)

    def _read_try(self, node: nodes.Try) -> None:
        start, returned = self.here().copy(), len(self.returns)
        self.read_body(node.body)
        body_end = self.state.copy() if self.state else None
        if self.state is not None:
            self.read_body(node.orelse)
        ends = [self.state]
        for handler in node.handlers:
            self.state = join([start.copy(), body_end])
            if handler.name is not None:
                self.assign(handler.name, PLAIN)
            self.read_body(handler.body)
            ends.append(self.state)
        self.state = join(ends)
        if self.state is not None and body_end is not None:
            self._prefer_imported(node.body, body_end)
        if node.finalbody:
            self._read_finally(node.finalbody, returned)

    _read_trystar = _read_try

    def _prefer_imported(self, body: list[nodes.NodeNG], imported: State) -> None:
        """What the program defines in place of what torch lacks is not what runs where torch has it."""
        for name in [bound for node in body if isinstance(node, nodes.ImportFrom) for bound in node.names]:
            slot = (self.frame, name[1] or name[0])
            own = imported.get(slot) or NOTHING
            if own and all(value.kind is Kind.LIBRARY and value.path.startswith("torch.") for value in own):
                others = frozenset(value for value in self.here().get(slot) or NOTHING if value.kind is Kind.LIBRARY)
                self.here().put(slot, own | others)

    def _read_finally(self, body: list[nodes.NodeNG], returned: int) -> None:
        """Read what runs at the end of a ``try`` statement, on the way out of a ``return`` in it too."""
        leaving, self.returns[returned:] = self.returns[returned:], []
        end = self.state
        if leaving:
            self.state = join(state for state, _ in leaving)
            self.read_body(body)
            if self.state is not None:
                self.returns.append((self.state, NOTHING.union(*(values for _, values in leaving))))
        self.state = end
        if self.state is not None:
            self.read_body(body)

    def _read_with(self, node: nodes.With) -> None:
        self._enter(list(node.items), node.body)

    _read_asyncwith = _read_with

    def _enter(self, items: list[tuple[nodes.NodeNG, nodes.NodeNG | None]], body: list[nodes.NodeNG]) -> None:
        """Read the rest of a ``with`` statement; a generator that manages it has it read where it yields."""
        if not items:
            self.read_body(body)
            return
        (manager, target), rest = items[0], items[1:]
        outside = self.frame, self.returns, self.yields, self._jumps[:]
        has_run = False

        def block(given: Values) -> None:
            nonlocal has_run
            has_run = True
            there = self.frame, self.returns, self.yields, self._jumps
            self.frame, self.returns, self.yields, self._jumps = outside
            if target is not None:
                self.assign(target, given)
            self._enter(rest, body)
            self.frame, self.returns, self.yields, self._jumps = there

        self.blocks[manager] = block
        context = self.evaluate(manager)
        self.entered.setdefault(manager, Expression(manager)).values.update(context)
        self.blocks.pop(manager, None)  # a block that is entered again inside itself has left before
        if has_run:
            return
        given = self._run_hooks(manager, context, "__enter__")
        if target is not None:
            self.assign(target, given or self._entered(context, target))
        with self.within(self._as_context(context)):
            self._enter(rest, body)
        if self.state is not None:
            self._run_hooks(manager, context, "__exit__")

    def _run_hooks(self, node: nodes.NodeNG, context: Values, name: str) -> Values:
        """Read ``__enter__`` or ``__exit__`` of the file's own context managers."""
        values = NOTHING
        for value in context:
            if value.kind is Kind.INSTANCE and isinstance(value.definition, nodes.ClassDef):
                method = find_method(value.definition, name, self)
                if method is not None:
                    function = next(iter(self.function(method, self.home_of(method))))
                    values |= self.follow(node, function, Arguments(), frozenset({value}))
        return values

    def _entered(self, context: Values, target: nodes.NodeNG) -> Values:
        if any(value.kind is Kind.UNKNOWN for value in context):
            return self.unknown(target, context)
        return context

    # Jumps

    def _read_return(self, node: nodes.Return) -> None:
        values = self.evaluate(node.value) if node.value is not None else self.store.constant(None)
        if self.state is not None:
            self.returns.append((self.state, values))
        self.state = None

    def _yield(self, node: nodes.Yield) -> Values:
        given = self.evaluate(node.value)
        block = self.opened.get(self.frame)
        if block is not None:
            block(given)
        else:
            self.yields.append((self.here().copy(), given))
        return PLAIN

    def _read_raise(self, node: nodes.Raise) -> None:
        self._children(node)
        self.state = None

    def _read_break(self, _: nodes.Break) -> None:
        if self._jumps:
            self._jumps[-1].breaks.append(self.state)
        self.state = None

    def _read_continue(self, _: nodes.Continue) -> None:
        if self._jumps:
            self._jumps[-1].continues.append(self.state)
        self.state = None

    # Loops

    def _read_for(self, node: nodes.For) -> None:
        begin = len(self.drawn)
        iterated = self.evaluate(node.iter)
        self.drain(node.iter, iterated)
        elements = self.elements(iterated, node)
        acted_upon = NOTHING.union(*self.drawn[begin:])
        if _over_parameters(iterated, self):
            with self._over_parameters(node, iterated):
                self._iterate(node, iterated, elements)
            return
        choices = self._choices(node.iter, iterated)
        with self.over_modules(node):
            if choices:
                self._unroll(node, choices)
            else:
                self._iterate(node, iterated, elements, acted_upon)

    _read_asyncfor = _read_for

    def _choices(self, node: nodes.NodeNG, iterated: Values) -> list[Values]:
        """Return the items of a short list, each of which is an iteration of its own.

        Those are constants in a literal list, or objects that protocols follow, of which each is met for certain.
        """
        if len(iterated) != 1:
            return []
        if isinstance(node, nodes.List | nodes.Tuple) and all(isinstance(item, nodes.Const) for item in node.elts):
            return [self.store.constant(item.value) for item in node.elts] if len(node.elts) <= _MOST_UNROLLED else []
        items = self._items(next(iter(iterated)))
        are_followed = all(value.kind in _UNROLLED for item in items for value in item)
        return items if 1 < len(items) <= _MOST_UNROLLED and are_followed else []

    def _items(self, value: Value) -> list[Values]:
        """Return the items of a list or tuple in their order; none, if not all of them are known."""
        items: list[Values] = []
        while value.kind is Kind.COLLECTION and (item := self.here().get((value, len(items)))) is not None:
            items.append(item)
        return items if NOTHING.union(*items) == self.store.parts.get(value, NOTHING) else []

    def _unroll(self, node: nodes.For, choices: list[Values]) -> None:
        jumps = self._enter_loop()
        for choice in choices:
            if self.state is None:
                break
            self.assign(node.target, choice)
            self._one_iteration(node, choice, node.body, jumps)
        self._leave_loop(node, self.state, jumps)

    def _iterate(self, node: nodes.For, iterated: Values, elements: Values, acted_upon: Values = NOTHING) -> None:
        """Read a loop; the generator that feeds it may act upon objects between two iterations."""
        jumps, begin = self._enter_loop(), len(self.trace.recorded)

        def iteration() -> None:
            if self.state is not None:
                self.escape(node, acted_upon)
                self.assign(node.target, elements)
            self._one_iteration(node, iterated, node.body, jumps)

        self._leave_loop(node, self._repeat(node, iteration), jumps)
        self._note_drawn(node, iterated, begin)

    def _note_drawn(self, node: nodes.For, iterated: Values, begin: int) -> None:
        """Record that a loop ran through the order of a sampler that shuffles, if it trained anything."""
        origins = self.store.origins(iterated)
        samplers = frozenset(one for one in origins if one.kind is Kind.SAMPLER and one.constant is not False)
        if any(value.kind not in {Kind.LOADER, Kind.COLLECTION} for value in iterated):
            return  # a batch comes of a sampler, too
        may_be_trained = self.recording() is not False
        trains = any(_trains(event, may_be_trained) for event in self.trace.recorded[begin:])
        if samplers and trains and self.state is not None:
            self.emit(Drawn, node.iter, samplers)

    def _read_while(self, node: nodes.While) -> None:
        jumps = self._enter_loop()
        forever: list[bool | None] = []

        def iteration() -> None:
            if self.state is not None:
                forever.append(truth.of(self.evaluate(node.test)))
            self._one_iteration(node, NOTHING, node.body, jumps)

        end = self._repeat(node, iteration)
        is_endless = isinstance(node.test, nodes.Const) and bool(node.test.value)
        self._leave_loop(node, None if is_endless else end, jumps)

    def _enter_loop(self) -> _Jumps:
        jumps = _Jumps()
        self._jumps.append(jumps)
        return jumps

    def _leave_loop(self, node: nodes.For | nodes.While, end: State | None, jumps: _Jumps) -> None:
        self._jumps.pop()
        self.state = end
        if node.orelse and self.state is not None:
            self.read_body(node.orelse)
        self.state = join([self.state, *jumps.breaks])

    def _one_iteration(self, node: nodes.NodeNG, iterated: Values, body: list[nodes.NodeNG], jumps: _Jumps) -> None:
        over_loader = any(value.kind is Kind.LOADER for value in self.store.origins(iterated))
        before, self.loops = self.loops, (*self.loops, Loop(node, self.frame, over_loader, iterated))
        self.read_body(body)
        self.loops = before
        self.state = join([self.state, *jumps.continues])
        jumps.continues.clear()

    def _repeat(self, node: nodes.NodeNG, iteration: Callable[[], None]) -> State | None:
        """Read a first iteration, then a later one that may follow itself; return where the loop may end.

        Deep inside other loops one reading has to do for both.
        """
        if self._peeled >= _DEEPEST_PEELED:
            return self._later(node, iteration)
        self._peeled += 1
        begin, before, decided = len(self.trace.recorded), self.here().copy(), self._decided
        iteration()
        first = self.state.copy() if self.state else None
        if self.state is not None and not self._is_settled(begin, before, self._decided > decided):
            self._forget_settings(node)
            self._later(node, iteration)
        self._peeled -= 1
        return join([first, self.state])

    def _is_settled(self, begin: int, before: State, was_decided: bool) -> bool:
        """Would a later iteration do what the first one did, which has built modules at the most?"""
        if not all(map(_only_builds, self.trace.recorded[begin:])):
            return False
        changed = self._kinds_changed(before)
        return changed <= (_UNTELLING if was_decided else _UNTELLING | {Kind.CONSTANT})

    def _kinds_changed(self, before: State) -> set[Kind]:
        """Return what the variables are and were that hold something else than before."""
        now = self.here()
        pairs = ((before.get(slot), now.get(slot)) for slot in now.changed_since(before.below))
        changed = (one | other for one, other in pairs if one is not None and other is not None and one != other)
        return {value.kind for values in changed for value in values}

    def repeat_for_framework(self, loop: Loop, iteration: Callable[[], None]) -> None:
        """Read what a framework does for each batch, in a loop that is not in sight."""

        def inside() -> None:
            before, self.loops = self.loops, (*self.loops, loop)
            iteration()
            self.loops = before

        self.state = self._repeat(loop.node, inside)

    def _later(self, node: nodes.NodeNG, iteration: Callable[[], None]) -> State | None:
        """Read an iteration that may follow itself."""
        head = self.mark(node)
        iteration()
        if self.state is not None:
            self.trace.link(self.state.ends, head)
        return self.state

    def _forget_settings(self, node: nodes.NodeNG) -> None:
        """What a constant set in the loop is in its third iteration cannot be told from the second."""
        if self.state is None:
            return
        if node not in self._assigned:
            targets = node.nodes_of_class(nodes.AssignName)
            self._assigned[node] = {target.name for target in targets if target.parent is not node}
        for name in self._assigned[node]:
            values = self.state.get((self.frame, name)) or NOTHING
            if any(value.kind is Kind.CONSTANT for value in values):
                self.state.put((self.frame, name), frozenset(self._variable(value) for value in values))


def _only_builds(event: Event) -> bool:
    is_building = issubclass(event.verb, Created | Obtained) and all(one.kind is Kind.MODULE for one in event.subjects)
    return is_building or not event.subjects


def _takes_anything(case: nodes.MatchCase) -> bool:
    """Is there nothing that the case does not match?"""
    return case.guard is None and _is_irrefutable(case.pattern)


def _is_irrefutable(pattern: nodes.NodeNG) -> bool:
    if isinstance(pattern, nodes.MatchOr):
        return any(_is_irrefutable(one) for one in pattern.patterns)
    return isinstance(pattern, nodes.MatchAs) and (pattern.pattern is None or _is_irrefutable(pattern.pattern))


def _over_parameters(iterated: Values, reader: Reader) -> bool:
    kinds = {value.kind for value in reader.elements(iterated, reader.tree)}
    parts = {
        part.kind for value in iterated for part in reader.store.parts.get(value, ()) if value.kind is Kind.COLLECTION
    }
    return Kind.PARAMETER in kinds | parts or bool(
        {value.kind for value in iterated} & {Kind.PARAMETERS, Kind.SOME_PARAMETERS}
    )


def _is_whole(iterated: Values) -> bool:
    return all(value.kind is Kind.PARAMETERS for value in iterated)


def _has_condition(node: nodes.For) -> bool:
    return any(True for _ in node.nodes_of_class((nodes.If, nodes.IfExp)))


def _selects(node: nodes.For) -> bool:
    """Has the loop a condition other than whether there is a gradient?"""
    tests = [condition.test for condition in node.nodes_of_class((nodes.If, nodes.IfExp))]
    return not all(
        any(asked.attrname in {"grad", "requires_grad"} for asked in test.nodes_of_class(nodes.Attribute))
        for test in tests
    )


def _chooses(setting: nodes.NodeNG) -> bool:
    """Does the expression pick some parameters, as ``"fc" in name`` does?"""
    return isinstance(setting, nodes.Compare | nodes.BoolOp | nodes.UnaryOp | nodes.Call)


def _is_main_guard(test: nodes.NodeNG) -> bool:
    return isinstance(test, nodes.Compare) and "__name__" in {
        dotted(test.left),
        *(dotted(right) for _, right in test.ops),
    }


def _trains(event: Event, may_be_trained: bool) -> bool:
    """Is it a part of training, or may it be, since code that is not in sight gets hold of an optimizer?"""
    is_handed_over = (
        may_be_trained and issubclass(event.verb, Escaped) and any(one.kind is Kind.OPTIMIZER for one in event.subjects)
    )
    return is_handed_over or issubclass(event.verb, Backward | OptimizerStep)
