"""Values: abstract objects, each identified by where it was created and by the calls that led there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.decisions import UNDECIDED, Decisions, contradict

Definition: TypeAlias = nodes.ClassDef | nodes.FunctionDef | nodes.Lambda


@dataclass(eq=False, slots=True)
class Frame:
    """One activation of a scope: a function in one chain of calls, a class body, a comprehension.

    Args:
        scope: the syntax node that opens the scope.
        parent: the frame of the lexically enclosing scope.
        calls: the chain of call nodes that led here, outermost first.
        caller: the frame in which the last of those calls stands.
        receiver: what ``self`` is, in a method.
    """

    scope: nodes.NodeNG
    parent: Frame | None = None
    calls: tuple[nodes.NodeNG, ...] = ()
    caller: Frame | None = None
    receiver: Values = frozenset()
    home: nodes.NodeNG = field(init=False)  # the file that the scope is in
    global_names: frozenset[str] = frozenset()
    nonlocal_names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.home = self.scope.root()

    def chain(self) -> Iterable[Frame]:
        """Return this activation and those that led to it, innermost first."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.caller

    @property
    def outermost(self) -> Frame:
        """The activation in which the way into the program begins that led here."""
        frame = self
        for outer in self.chain():
            frame = outer
        while isinstance(frame.scope, nodes.ComprehensionScope | nodes.Lambda) and frame.parent is not None:
            if isinstance(frame.scope, nodes.FunctionDef):
                break
            frame = frame.parent
        return frame

    def is_within(self, name: str) -> bool:
        """Is a function of this name under way here?"""
        return any(function.name == name for function in self.functions())

    def functions(self) -> Iterable[nodes.FunctionDef]:
        """Return the functions under way here, innermost first."""
        frame: Frame | None = self
        while frame is not None:
            if isinstance(frame.scope, nodes.FunctionDef):
                yield frame.scope
            frame = frame.caller or (frame.parent if not frame.calls else None)


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """One abstract object. ``Values`` are made by a ``Store``, so that equal ones are identical.

    Args:
        kind: what it is.
        site: the node that created it.
        frame: the activation in which that node was read.
        path: the dotted path of what created it, or of what an import binds.
        owner: the object whose attribute or element it is.
        definition: the class or function of the file that it is, or is an instance of.
        constant: the value, for ``Kind.CONSTANT``; for a context, a scaler or a module with a switch, its setting.
        guessed: the kind comes from how a name is used, not from a constructor.
        on_graph: for tensors: is it part of the autograd graph? ``None``: not known.
    """

    kind: Kind
    site: nodes.NodeNG | None = None
    frame: Frame | None = None
    path: str = ""
    owner: Value | None = None
    definition: Definition | None = None
    constant: object = None
    guessed: bool = False
    on_graph: bool | None = False

    def within(self, other: Value) -> bool:
        """Is this ``other`` or a part of it?"""
        part: Value | None = self
        while part is not None:
            if part is other:
                return True
            part = part.owner
        return False


Values: TypeAlias = frozenset[Value]
NOTHING: Values = frozenset()
OF_A_PART: Final = "*"  # begins what is asked of a part of a checkpoint
ABOUT: Final = "?"  # begins a key that is only looked at, to see whether anything is there
HANDED_ON: Final = "handed on"  # of what code that is not in sight got hold of


@dataclass(slots=True)
class Store:
    """Makes values, one object for each identity, and remembers what they were made from."""

    _known: dict[tuple[object, ...], Value] = field(default_factory=dict)
    _frames: dict[tuple[object, ...], Frame] = field(default_factory=dict)
    parts: dict[Value, set[Value]] = field(default_factory=dict)
    switches: dict[Value, Decisions] = field(default_factory=dict)  # what is decided where an object is switched on
    uses: dict[Value, set[str]] = field(default_factory=dict)
    keys: dict[Value, dict[str | int, None]] = field(default_factory=dict)  # of a collection, those that are known
    copied_from: dict[Value, set[Value]] = field(default_factory=dict)  # the modules whose weights a module got
    came_from: dict[Value, str] = field(default_factory=dict)  # the path of what gave an object that is not known
    open: set[Value] = field(default_factory=set)  # collections that something was added to under keys not in sight
    bases: dict[nodes.ClassDef, list[Values]] = field(default_factory=dict)
    homes: dict[Definition | None, Frame] = field(default_factory=dict)
    models: dict[Value, Value] = field(default_factory=dict)  # another instance, in place of one that was not read
    attributes_of: dict[nodes.ClassDef, frozenset[str]] = field(default_factory=dict)
    lineages: dict[nodes.ClassDef, list[nodes.ClassDef | str | None]] = field(default_factory=dict)
    _constants: dict[tuple[type, object], Values] = field(default_factory=dict)
    lengths: dict[Value, int | None] = field(
        default_factory=dict
    )  # items of data; of a loader, those in its last batch
    of_first: set[Value] = field(default_factory=set)  # what the first rank of a process group makes, and no other one

    def make(
        self,
        kind: Kind,
        site: nodes.NodeNG | None = None,
        frame: Frame | None = None,
        *,
        path: str = "",
        owner: Value | None = None,
        definition: Definition | None = None,
        constant: object = None,
        guessed: bool = False,
        on_graph: bool | None = False,
    ) -> Value:
        """Return the value with this identity."""
        key = (kind, site, frame, path, owner, definition, type(constant), constant, guessed, on_graph)
        value = self._known.get(key)
        if value is None:
            value = Value(kind, site, frame, path, owner, definition, constant, guessed, on_graph)
            self._known[key] = value
        return value

    def constant(self, constant: object) -> Values:
        """Return a constant, as a set of one."""
        key = (type(constant), constant)
        known = self._constants.get(key)
        if known is None:
            known = self._constants[key] = frozenset({self.make(Kind.CONSTANT, constant=constant)})
        return known

    def frame(
        self,
        scope: nodes.NodeNG,
        parent: Frame | None,
        call: nodes.NodeNG | None,
        caller: Frame | None,
        receiver: Values,
    ) -> Frame:
        """Return the activation of ``scope`` by one chain of calls; the same one each time it is asked for."""
        key = (scope, parent, call, caller, receiver)
        if key not in self._frames:
            calls = (*(caller.calls if caller else ()), *([call] if call is not None else []))
            self._frames[key] = Frame(scope, parent, calls, caller, receiver)
        return self._frames[key]

    def derive(self, value: Value, sources: Iterable[Value]) -> None:
        """Remember that ``value`` was computed or built from ``sources``."""
        self.parts.setdefault(value, set()).update(source for source in sources if source is not value)

    def is_off(self, value: Value, under: Decisions) -> bool:
        """Is an object switched off, as ``GradScaler(enabled=False)`` is, or wherever all this is decided?"""
        return value.constant is False or contradict(self.switches.get(value, UNDECIDED), under)

    def holders(self, values: Values) -> list[Value]:
        """Return what was built from any of ``values``."""
        return [whole for whole, parts in self.parts.items() if not parts.isdisjoint(values)]

    def origins(self, values: Iterable[Value]) -> set[Value]:
        """Return ``values`` and all that they were computed or built from."""
        found: set[Value] = set()
        waiting = list(values)
        while waiting:
            value = waiting.pop()
            if value not in found:
                found.add(value)
                waiting.extend(self.parts.get(value, ()))
        return found

    def use(self, values: Iterable[Value], how: str) -> None:
        """Remember that something is asked of these objects; what is asked of a part is marked in the whole."""
        for value in values:
            self.uses.setdefault(value, set()).add(how)
            if value.kind is Kind.CHECKPOINT and value.owner is not None:
                self.uses.setdefault(value.owner, set()).add(f"{OF_A_PART}{how}")


def objects(values: Values) -> Values:
    """Return those that an attribute may be asked of: ``None`` only if there is nothing else, since it has none."""
    return frozenset(value for value in values if not is_none(value)) or values


def is_none(value: Value) -> bool:
    """Is it the constant ``None``?"""
    return value.kind is Kind.CONSTANT and value.constant is None


UNKNOWN = Value(Kind.UNKNOWN)
DATA = Value(Kind.DATA)
BATCH = "batch"  # the path of what a loader gives, and of its parts
ANYTHING: Values = frozenset({UNKNOWN})
PLAIN: Values = frozenset({DATA})


def values_among(subjects: Iterable[object]) -> Values:
    """Return those of the subjects of a question that are objects of a program."""
    return frozenset(subject for subject in subjects if isinstance(subject, Value))
