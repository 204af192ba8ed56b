"""The abstract machine: the state it is in, the blocks and loops it is inside, and the events it records."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import (
    ChangedInPlace,
    ChangedOnRecord,
    Created,
    Drained,
    Kind,
    NormsHeld,
    Obtained,
    Ranks,
    Verb,
)
from pylint_torchcheck.torch_api.effects import GRAD_CONTEXTS, NO_GRADIENT
from pylint_torchcheck.trace import iterators, ranks
from pylint_torchcheck.trace.arguments import Arguments
from pylint_torchcheck.trace.contents import Contents
from pylint_torchcheck.trace.decisions import Turn
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.project import found_in
from pylint_torchcheck.trace.roles import Roles
from pylint_torchcheck.trace.settings import Settings, Sides
from pylint_torchcheck.trace.state import Settled, Slot, State
from pylint_torchcheck.trace.values import ANYTHING, NOTHING, Frame, Store, Value, Values

_BUILTINS = frozenset(dir(builtins))
_GRAD_SLOT: Slot = (None, "gradient recording")
_WORK_LIMIT = 20_000  # statements and calls read in one trace; the largest real training script needs a tenth
_FILE_LIMIT = 40_000  # the same, in all traces of a file
_WORTH_MORE = frozenset({Kind.PARAMETERS, Kind.OPTIMIZER, Kind.STATE_DICT, Kind.CHECKPOINT})
_FAR_CALLS = 120  # calls of one trace that are followed into other files,
_ALL_FAR_CALLS = 400  # and of all traces of a file
_FAR_LIMIT = 6_000  # work in a trace from which on no call is followed into other files,
_NEAR_LIMIT = 12_000  # and from here on not at all, so that the trace comes to its end
_FOLLOWED = frozenset({Kind.MODULE, Kind.OPTIMIZER, Kind.SCALER, Kind.SCHEDULER, Kind.SAMPLER})


_SAVING = re.compile(
    r"ckpt|checkpoint|resume|restore|(?:torch|pt|model|state)_?(?:load|save)|(?:load|save)_?(?:torch|pt|model|state)"
)


class OutOfWorkError(Exception):
    """One trace has cost more than it may."""


class Machine:
    """What all parts of the reader share. ``state`` is ``None`` where the program cannot be."""

    def __init__(self, tree: nodes.Module, store: Store) -> None:
        self.tree = tree
        self.store = store
        self._roles: dict[nodes.NodeNG, Roles] = {}
        self.state: State | None = None
        self.frame = store.frame(tree, None, None, None, NOTHING)
        self.trace = Trace()
        self.settled = Settled()
        self.inside: tuple[Values, ...] = ()
        self.loops: tuple[Loop, ...] = ()
        self.read: set[nodes.NodeNG] = set()
        self.attribute_names: dict[Value, set[str]] = {}  # what was ever assigned to attributes of an object
        self.bindings: dict[nodes.NodeNG, set[Value]] = {}  # what each target of an assignment got
        self.acts_of: dict[Values, Values] = {}  # what a generator acts upon, each time that something is drawn from it
        self._settings = Settings(self._roles)
        self.rest_of: dict[Value, Arguments] = {}  # what `*args` and `**kwargs` of a function got
        self.written_out: set[Value] = set()  # dicts that hold what they were made of, each under a key in sight
        self.drawn: list[Values] = []  # the same for those that were drawn from, in the order of reading
        self.switched: list[type[Verb]] | None = None  # what a loop over parameters does to their `requires_grad`
        self.held_norms: set[Value] | None = None  # modules whose BatchNorm layers a loop puts in eval mode
        self._work = self._all_work = self._far = self._all_far = 0

    def start_trace(self, state: State) -> Trace:
        """Begin a trace at ``state``, outside of every block and loop."""
        self.trace = Trace()
        self.inside, self.loops, self._work, self._far = (), (), 0, 0
        self.state = state.copy()
        self.state.ends = frozenset()
        self.state.put(ranks.ARRIVING, self.store.constant(Ranks.EVERY))
        self.state.put(ranks.GROUP, NOTHING)  # who calls from outside of the file may have looked at the rank
        self.emit(Verb, self.tree, NOTHING)
        return self.trace

    def spend(self) -> None:
        """Count one piece of work."""
        self._work += 1
        self._all_work += 1
        if self._work > _WORK_LIMIT or self._all_work > _FILE_LIMIT:
            raise OutOfWorkError

    def is_worth_reading(self, definition: nodes.NodeNG, given: Values) -> bool:
        """May a call still be followed into ``definition``, after what has been read so far?

        One that hands over parameters, an optimizer, a state to be saved, or a module out of this file, is what the
        rest is there for, and is not counted among the others; nor is one that loads or saves, by its name.
        """
        if definition.root() is self.tree:
            return self._work <= _NEAR_LIMIT
        if any(map(self._is_worth_more, given)) or _SAVING.search(getattr(definition, "name", "")):
            return self._work <= _FAR_LIMIT
        self._far += 1
        self._all_far += 1
        return self._work <= _FAR_LIMIT and self._far <= _FAR_CALLS and self._all_far <= _ALL_FAR_CALLS

    def _is_worth_more(self, value: Value) -> bool:
        if value.kind in _WORTH_MORE or (value.kind is Kind.MODULE and self.is_in_file):
            return True
        parts = self.store.parts.get(value, ()) if value.kind is Kind.COLLECTION else ()
        return any(part.kind is Kind.STATE_DICT for part in parts)

    @property
    def is_in_file(self) -> bool:
        """Is what is under way in the file that is asked about, and not in one that it imports?"""
        return self.frame.home is self.tree

    def here(self) -> State:
        """Return the state; a fresh one where the program cannot be, so that the rest is read for what it is."""
        if self.state is None:
            self.state = State(settled=self.settled)
        return self.state

    @property
    def roles(self) -> Roles:
        """What the names of the file that is under way seem to be."""
        tree = self.module_frame().scope
        if tree not in self._roles:
            self._roles[tree] = found_in(tree, Roles)
        return self._roles[tree]

    # Names

    def lookup(self, name: str) -> Values:
        """Return what a name may stand for here."""
        state = self.here()
        frame = self.frame
        while True:
            values = state.get((frame, name))
            if values is not None:
                return values
            if frame.parent is None:
                break
            frame = frame.parent
        values = self.not_found(frame, name)
        if values is not None:
            return values
        if name in _BUILTINS:
            replaced = state.get((self.store.make(Kind.LIBRARY, path="builtins"), name))
            if replaced is not None:
                return replaced
            return frozenset({self.store.make(Kind.LIBRARY, path=f"builtins.{name}")})
        return self.guess(ANYTHING, name)

    def not_found(self, frame: Frame, name: str) -> Values | None:
        """Return what a name of a module is that nothing has bound so far; the class that knows imports says it."""
        raise NotImplementedError

    def bind(self, name: str, values: Values) -> None:
        """Let a name stand for ``values``."""
        frame = self.module_frame() if name in self.frame.global_names else self._holder(name)
        self.here().put((frame, name), values)

    def forget(self, frame: Frame) -> None:
        """Drop the variables of a scope that is left for good, so that no later state has to carry them."""
        if self.state is None or self._is_enclosing(frame.scope):
            return
        for name in frame.scope.locals:
            self.state.forget((frame, name))

    def _is_enclosing(self, scope: nodes.NodeNG) -> bool:
        """May a function that is defined in the scope ask for its variables later?"""
        if isinstance(scope, nodes.FunctionDef):
            return scope in self.roles.enclosing
        inner = scope.nodes_of_class((nodes.Lambda, nodes.FunctionDef, nodes.ClassDef))
        return any(node is not scope for node in inner)

    def _holder(self, name: str) -> Frame:
        frame = self.frame
        while name in frame.nonlocal_names and frame.parent:
            frame = frame.parent
        while isinstance(frame.scope, nodes.ComprehensionScope) and frame.parent and name not in frame.scope.locals:
            frame = frame.parent
        return frame

    def module_frame(self) -> Frame:
        """Return the frame of the module's body."""
        frame = self.frame
        while frame.parent is not None:
            frame = frame.parent
        return frame

    def guess(self, values: Values, name: str | nodes.NodeNG) -> Values:
        """Give unknown values the kind that the use of their name suggests."""
        for value in values:
            if value.kind is Kind.UNKNOWN:
                return self._guessed(values, name if isinstance(name, str) else dotted(name))
        return values

    def _guessed(self, values: Values, name: str) -> Values:
        role = self.roles.of(self._scope(), name)
        if role is Kind.UNKNOWN:
            return values
        return frozenset(self._as(role, value, name) if value.kind is Kind.UNKNOWN else value for value in values)

    def _as(self, role: Kind, value: Value, name: str) -> Value:
        path = value.path or name
        on_graph = None if role is Kind.TENSOR else False
        guess = self.store.make(
            role, value.site, value.frame, path=path, owner=value.owner, guessed=True, on_graph=on_graph
        )
        self.store.derive(guess, self.store.parts.get(value, ()))
        return guess

    def _scope(self) -> nodes.NodeNG:
        frame = self.frame
        while isinstance(frame.scope, nodes.ComprehensionScope | nodes.Lambda) and frame.parent:
            if isinstance(frame.scope, nodes.FunctionDef):
                break
            frame = frame.parent
        return frame.scope

    # New objects

    def new(
        self,
        kind: Kind,
        site: nodes.NodeNG,
        sources: Iterable[Value] = (),
        path: str = "",
        *,
        constant: object = None,
        guessed: bool = False,
    ) -> Values:
        """Return an object created at ``site`` from ``sources``, and record that it came to be."""
        value = self.store.make(kind, site, self.frame, path=path, constant=constant, guessed=guessed)
        self.store.derive(value, sources)
        return self.came_to_be(value, Obtained if guessed else Created)

    def came_to_be(self, value: Value, verb: type[Verb]) -> Values:
        """Record the beginning of an object, if protocols follow its kind."""
        values = frozenset({value})
        if value.site is not None and (value.kind in _FOLLOWED or iterators.is_kept(value)):
            self.emit(verb, value.site, values)
        return values

    def tensor(self, site: nodes.NodeNG, sources: Iterable[Value], *, guessed: bool = False, path: str = "") -> Values:
        """Return a tensor computed from ``sources``; it is on the graph if one of them is and gradients count."""
        sources = list(sources)
        on_graph = False if path.rpartition(".")[2] in NO_GRADIENT else self._joins_graph(sources)
        value = self.store.make(Kind.TENSOR, site, self.frame, path=path, guessed=guessed, on_graph=on_graph)
        self.store.derive(value, sources)
        return frozenset({value})

    def _joins_graph(self, sources: Iterable[Value]) -> bool | None:
        live = {_liveness(source) for source in sources}
        if self.recording() is False or live <= {False}:
            return False
        return True if True in live and self.recording() else None

    def unknown(self, site: nodes.NodeNG, sources: Iterable[Value] = ()) -> Values:
        """Return something unknown that was made from ``sources``."""
        value = self.store.make(Kind.UNKNOWN, site, self.frame)
        self.store.derive(value, sources)
        return frozenset({value})

    def collection(self, site: nodes.NodeNG, items: Iterable[tuple[str | int, Values]], path: str = "") -> Values:
        """Return a list, tuple or dict that holds ``items`` by index or key."""
        value = self.store.make(Kind.COLLECTION, site, self.frame, path=path)
        keys = self.store.keys.setdefault(value, {})
        for key, held in items:
            keys[key] = None
            self.here().put((value, key), held)
            self.store.derive(value, held)
        return frozenset({value})

    def written_dict(self, site: nodes.NodeNG, items: Iterable[tuple[str | int, Values]]) -> Values:
        """Return a dict of which all keys are in sight, until something is done to it."""
        made = self.collection(site, items)
        self.written_out |= made
        return made

    def note_changed(self, collection: Value) -> None:
        """Note that a collection no longer holds what it was made of."""
        self.rest_of.pop(collection, None)
        self.written_out.discard(collection)

    # Surroundings

    @contextmanager
    def within(self, context: Values) -> Iterator[None]:
        """Read what follows inside a ``with`` block."""
        before = self.inside
        self.inside = (*before, context)
        try:
            yield
        finally:
            self.inside = before

    def recording(self) -> bool | None:
        """Are gradients recorded here? ``None``: not known."""
        for context in reversed(self.inside):
            answers = {_records(value) for value in context}
            if answers != {"unchanged"}:
                return _agreed(answers)
        switched = self.here().get(_GRAD_SLOT)
        return _agreed({_records(value) for value in switched}) if switched else True

    def switch_recording(self, context: Values) -> None:
        """Record that ``torch.set_grad_enabled(...)`` was called as a statement."""
        self.here().put(_GRAD_SLOT, context)

    # Events

    def emit(
        self,
        verb: type[Verb],
        node: nodes.NodeNG,
        subjects: Values,
        results: Values = NOTHING,
        *,
        outlives: bool = False,
        contents: Contents | None = None,
    ) -> None:
        """Record an event that follows whatever may have come last."""
        state = self.here()
        number = len(self.trace.recorded)
        event = Event(
            number, verb, node, self.frame, subjects, results, self.loops, outlives, contents, self.inside, state.under
        )
        self.trace.add(event, state.ends)
        state.ends = frozenset({number})

    @contextmanager
    def over_modules(self, node: nodes.NodeNG) -> Iterator[None]:
        """Read what is done to each part of a module; what befalls its BatchNorm layers does for certain."""
        before, self.held_norms = self.held_norms, set()
        try:
            yield
        finally:
            held, self.held_norms = frozenset(self.held_norms), before
        if held and self.state is not None:
            self.emit(NormsHeld, node, held)

    def change_in_place(self, node: nodes.NodeNG, values: Values, results: Values = NOTHING) -> None:
        """Record that tensors are changed in place; ``results`` is what a name stands for afterwards."""
        changed = frozenset(value for value in values if value.kind in {Kind.TENSOR, Kind.PARAMETER})
        if changed:
            self.emit(ChangedOnRecord if self.recording() else ChangedInPlace, node, changed, results)

    def drain(self, node: nodes.NodeNG, values: Values) -> None:
        """Record that what is iterable among ``values`` is run through to its end."""
        drained = iterators.kept_in(values, self.store)
        if drained:
            self.emit(Drained, node, drained)

    def turn(self, test: nodes.NodeNG, *, holds: bool) -> None:
        """Go on behind a condition that holds, or that does not."""
        state, frame, loops, settings = self.here(), self.frame, self.loops, self._settings
        number = state.turn.number + 1 if state.turn is not None else 0
        state.turn = Turn(state.turn, lambda: settings.decided_by(test, frame, loops)[not holds], number)

    def decided_by(self, test: nodes.NodeNG) -> Sides:
        """Return what a condition decides for good where it holds, and where it does not."""
        return self._settings.decided_by(test, self.frame, self.loops)

    def mark(self, node: nodes.NodeNG) -> int:
        """Record a point that loops can come back to; return its number."""
        self.emit(Verb, node, NOTHING)
        return len(self.trace.recorded) - 1

    def switch_parameter(self, value: Value, verb: type[Verb]) -> None:
        """Record that ``requires_grad`` of one parameter is switched; the loop around it says of how many."""
        if value.kind is Kind.PARAMETER and self.switched is not None:
            self.switched.append(verb)


def _liveness(value: Value) -> bool | None:
    match value.kind:
        case Kind.TENSOR:
            return value.on_graph
        case Kind.MODULE | Kind.PARAMETER | Kind.PARAMETERS | Kind.SOME_PARAMETERS:
            return True
        case Kind.UNKNOWN | Kind.COLLECTION | Kind.INSTANCE | Kind.LOSS_FUNCTION:
            return None
    return False


def _records(context: Value) -> bool | str | None:
    """Return what a context does to gradient recording; ``"unchanged"`` if nothing."""
    if context.kind is not Kind.CONTEXT:
        return None if context.kind is Kind.UNKNOWN else "unchanged"
    if isinstance(context.constant, bool):
        return context.constant
    return GRAD_CONTEXTS.get(context.path, "unchanged")


def _agreed(answers: set[bool | str | None]) -> bool | None:
    known = {True if answer == "unchanged" else answer for answer in answers}
    answer = known.pop() if len(known) == 1 else None
    return answer if isinstance(answer, bool) else None
