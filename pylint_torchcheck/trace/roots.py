"""Where reading begins: the module's body, then each function that nothing in the file calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Backward
from pylint_torchcheck.torch_api.frameworks import Course
from pylint_torchcheck.trace import truth
from pylint_torchcheck.trace.classes import course_of, find_method, is_class_method, is_static, kind_of_instance
from pylint_torchcheck.trace.events import Trace
from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.machine import OutOfWorkError
from pylint_torchcheck.trace.reader import Reader
from pylint_torchcheck.trace.state import State
from pylint_torchcheck.trace.values import NOTHING, Frame, Values


def read_everything(reader: Reader, may_matter: Callable[[nodes.NodeNG], bool]) -> Iterator[Trace]:
    """Read a file by all ways into it that may matter; return a trace for each that could be read to its end."""
    roots = [root for root in _definitions(reader.tree, reader.frame, None) if may_matter(root.definition)]
    if not roots and not may_matter(reader.tree):
        return
    state = State(settled=reader.settled)
    trace = reader.start_trace(state)
    if _finishes(lambda: reader.read_body(reader.tree.body)):
        yield trace
    state = reader.state or state
    called = reader.roles.called
    for owner, frame in {root.owner: root.frame for root in roots if root.owner is not None}.items():
        course = course_of(owner, reader.store)
        if course is not None:
            yield from _read_course(reader, _Course(reader, owner, frame, course), state)
    for must_be_uncalled in (True, False):  # callers first, so that what they call is read with its arguments
        for root in roots:
            is_called = root.definition.name in called
            if root.definition not in reader.read and not (must_be_uncalled and is_called):
                yield from _read_root(reader, root, state)


class _Root:
    """A function that may be a way into the program."""

    def __init__(self, definition: nodes.FunctionDef, frame: Frame | None, owner: nodes.ClassDef | None) -> None:
        self.definition = definition
        self.frame = frame
        self.owner = owner


def _definitions(scope: nodes.NodeNG, frame: Frame | None, owner: nodes.ClassDef | None) -> Iterator[_Root]:
    """Return the functions and methods of a scope, wherever in its branches they are defined."""
    for child in scope.get_children():
        match child:
            case nodes.FunctionDef():
                yield _Root(child, frame, owner)
            case nodes.ClassDef():
                yield from _definitions(child, frame, child)
            case nodes.If() | nodes.Try() | nodes.With() | nodes.ExceptHandler():
                yield from _definitions(child, frame, owner)


def _finishes(reading: Callable[[], object]) -> bool:
    try:
        reading()
    except (OutOfWorkError, RecursionError):
        return False
    return True


def _read_root(reader: Reader, root: _Root, state: State) -> Iterator[Trace]:
    receiver = NOTHING
    if root.owner is not None and is_class_method(root.definition):
        receiver = frozenset({reader.class_of(root.owner, root.frame)})
    elif root.owner is not None and not is_static(root.definition):
        receiver = _instance(reader, root.owner, root.frame)
        yield from _construct(reader, root, receiver, state)
        state = reader.constructed.get(root.owner, state)
        if root.definition in reader.read:  # read by the constructor
            return
    trace = reader.start_trace(state)
    if _finishes(lambda: _run(reader, root, receiver)):
        yield trace


def _instance(reader: Reader, owner: nodes.ClassDef, frame: Frame | None) -> Values:
    """Return an instance of a class that the file does not make."""
    kind, guessed = kind_of_instance(owner, reader.store)
    return frozenset({reader.store.make(kind, owner, frame, path=owner.name, definition=owner, guessed=guessed)})


def _construct(reader: Reader, root: _Root, receiver: Values, state: State) -> Iterator[Trace]:
    """Read the constructor of a class that the file does not make, unless that has been done."""
    owner = root.owner
    constructor = find_method(owner, "__init__", reader) if owner is not None else None
    if owner is None or constructor is None or owner in reader.constructed:
        return
    trace = reader.start_trace(state)
    frame = root.frame if constructor.parent is owner else reader.home_of(constructor)
    is_finished = _finishes(lambda: _run(reader, _Root(constructor, frame, owner), receiver))
    reader.constructed[owner] = reader.state or state
    if is_finished:
        yield trace


class _Course:
    """The methods of one class, called as its framework does."""

    def __init__(self, reader: Reader, owner: nodes.ClassDef, frame: Frame | None, course: Course) -> None:
        self.owner = owner
        self.receiver = _instance(reader, owner, frame)
        self._reader = reader
        self._frame = frame
        self._course = course

    def construct(self) -> None:
        self._call("__init__")

    def train(self) -> None:
        for name in self._course.before:
            made = self._call(name)
            if name == self._course.makes:
                self._reader.let_hand_back(self.receiver, self._course.hands_back, made)
        apart = frozenset({*self._course.before, *self._course.after})
        loop = Loop(self.owner, self._reader.frame, over_loader=True, apart=apart)
        self._reader.repeat_for_framework(loop, self._batch)
        for name in self._course.after:
            self._call(name)

    def _batch(self) -> None:
        for name in self._course.each_batch:
            losses = self._call(name)
            if name == self._course.loss and losses and not self._is_off():
                self._reader.emit(Backward, self.owner, losses)

    def _is_off(self) -> bool:
        name = self._course.unless_off
        return bool(name) and truth.of(self._reader.attribute(self.receiver, name, self.owner)) is False

    def _call(self, name: str) -> Values:
        method = find_method(self.owner, name, self._reader)
        if method is None or self._reader.state is None:
            return NOTHING
        frame = self._reader.store.homes.get(method.parent) or self._frame
        return _run(self._reader, _Root(method, frame, self.owner), self.receiver)


def _read_course(reader: Reader, course: _Course, state: State) -> Iterator[Trace]:
    """Read a class's constructor and what its framework calls after it, in one trace."""
    before = set(reader.read)
    trace = reader.start_trace(state)
    if not _finishes(course.construct):
        reader.read = before
        return
    reader.constructed[course.owner] = (reader.state or state).copy()
    if _finishes(course.train):
        yield trace
    else:
        reader.read = before


def _run(reader: Reader, root: _Root, receiver: Values) -> Values:
    definition = root.definition
    frame = reader.store.frame(definition, root.frame, None, None, receiver)
    reader.bind_unknown_arguments(definition, frame, receiver)
    return reader.run(definition, frame, reader.decorations(definition, root.frame))
