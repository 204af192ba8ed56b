"""Which conditions ask for a setting: something that does not change any more, so that they are decided once.

A setting is a name that is not assigned to again, or an attribute of one that holds the options of a run. A parameter
stands for what the call hands over, and a name for what it was given, so that ``use_amp``, ``args.amp`` and a
function's ``amp`` are one setting. What a loop changes is none, and neither is what may differ from one call of a
function to the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from astroid import nodes

from pylint_torchcheck.trace.arguments import parameters
from pylint_torchcheck.trace.decisions import Decision, Decisions, Setting
from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.project import found_in
from pylint_torchcheck.trace.roles import Roles
from pylint_torchcheck.trace.values import Frame

_OPTIONS = re.compile(
    r"(?:.*_|)(?:args?|cfg|config|conf|opts?|options?|hps|hp|hparams?|params|flags|settings?)", re.IGNORECASE
)
_LOOPS = (nodes.For, nodes.While, nodes.Comprehension)
_GROWING = (nodes.List, nodes.Dict, nodes.Set, nodes.ListComp, nodes.DictComp, nodes.SetComp)
_CHANGING = frozenset({"training", "grad", "requires_grad", "sync_gradients"})
_NEGATIVE = {"!=": "==", "is not": "is", "not in": "in"}
_MOST_STEPS = 12  # from a name to what it was given

Sides = tuple[Decisions, Decisions]  # what is decided where a condition holds, and where it does not


class Settings:
    """Answers for one file and those that it imports, each question once."""

    def __init__(self, roles: dict[nodes.NodeNG, Roles]) -> None:
        self._roles = roles
        self._known: dict[tuple[nodes.NodeNG, Frame], Sides] = {}

    def decided_by(self, test: nodes.NodeNG, frame: Frame, loops: Sequence[Loop]) -> Sides:
        """Return what a condition decides where it holds, and where it does not."""
        if (test, frame) not in self._known:
            question = _Question(self, frame, loops)
            sides = (frozenset(question.decisions(test, side, _Point(frame, test))) for side in (True, False))
            self._known[test, frame] = (next(sides), next(sides))
        return self._known[test, frame]

    def assigned(self, tree: nodes.NodeNG) -> dict[str, list[nodes.NodeNG]]:
        """Return where the attributes and the elements of each name are assigned in a file."""
        if tree not in self._roles:
            self._roles[tree] = found_in(tree, Roles)
        return self._roles[tree].stored


@dataclass(frozen=True, slots=True)
class _Point:
    """Where in the program an expression is evaluated."""

    frame: Frame
    node: nodes.NodeNG

    def chain(self) -> Iterator[_Point]:
        """Return the point and the calls that led there, innermost first."""
        point: _Point | None = self
        while point is not None:
            yield point
            point = point.outer()

    def outer(self) -> _Point | None:
        """Return the call that led to the function under way here."""
        caller = self.frame.caller
        if caller is None:
            return None
        is_call = len(self.frame.calls) > len(caller.calls)
        return _Point(caller, self.frame.calls[-1] if is_call else self.node)

    def follows(self, target: nodes.NodeNG) -> bool:
        """Has the program come past an assignment for good?"""
        scope = target.scope()
        if _is_in_loop(target, scope):
            return False
        for point in self.chain():
            if point.frame.scope is scope:
                return bool((target.lineno or 0) < (point.node.lineno or 0))
        return isinstance(scope, nodes.Module)


class _Question:
    """What is a setting, as seen from one point of the program."""

    # For each type of node, the method that finds what it identifies, if any does.
    _asking: ClassVar[dict[type[nodes.NodeNG], Callable[[Any, Any, _Point], Setting | None] | None]] = {}

    def __init__(self, settings: Settings, frame: Frame, loops: Sequence[Loop]) -> None:
        self._settings = settings
        self._frame = frame
        self._loops = loops
        self._steps = 0
        self._found: dict[tuple[nodes.NodeNG, Frame], Setting | None] = {}

    # Conditions

    def decisions(self, test: nodes.NodeNG, side: bool, at: _Point) -> Iterator[Decision]:
        """Return what is decided where a condition holds, or where it does not."""
        match test:
            case nodes.UnaryOp(op="not", operand=operand):
                yield from self.decisions(operand, not side, at)
            case nodes.BoolOp(op=operator, values=parts):
                if (operator == "and") is side:
                    for part in parts:
                        yield from self.decisions(part, side, at)
                yield from self._said(test, side, at)
            case nodes.Compare(ops=[(operator, _)]) if operator in _NEGATIVE:
                yield from self._said(test, not side, at)
            case nodes.Compare():
                yield from self._said(test, side, at)
            case _:
                yield from self._said(test, side, at)
                yield from self._of_object(test, side, at)

    def _said(self, test: nodes.NodeNG, side: bool, at: _Point) -> Iterator[Decision]:
        setting = self._setting(test, at)
        if setting is not None:
            yield setting, side
        asked = _asked_for_none(test)
        if asked is not None:
            yield from self._of_none(asked, is_none=side, at=at)

    def _of_none(self, asked: nodes.NodeNG, *, is_none: bool, at: _Point) -> Iterator[Decision]:
        """What is ``None`` counts as false; an object that is not counts as true."""
        setting = self._setting(asked, at) if is_none else None
        if setting is not None:
            yield setting, False
        yield from self._of_object(asked, not is_none, at)

    def _of_object(self, asked: nodes.NodeNG, side: bool, at: _Point) -> Iterator[Decision]:
        """A name that holds an object, or else ``None``, says which way the condition went that chose between them."""
        setting = self._setting(asked, at) if side and isinstance(asked, nodes.Name | nodes.Attribute) else None
        if setting is not None:
            yield ("==", setting, ("None",)), False
        origin = self._origin(asked, at)
        chosen = _chosen_by(origin) if origin is not None else None
        if origin is not None and chosen is not None and self._may_step():
            test, holds = chosen
            yield from self.decisions(test, holds is side, _Point(origin.frame, test))

    def _origin(self, asked: nodes.NodeNG, at: _Point) -> _Point | None:
        """Return where a name comes from that is handed on from call to call: the last assignment to it."""
        while isinstance(asked, nodes.Name) and self._may_step():
            held = self._held(asked.name, at)
            if held is None:
                return None
            frame, targets = held
            given = self._given(asked.name, frame, targets)
            if given is None or not isinstance(given[0], nodes.Name):
                return None if _is_parameter(targets[-1]) else _Point(frame, targets[-1])
            asked, at = given
        return None

    # What is asked for

    def _setting(self, node: nodes.NodeNG, at: _Point) -> Setting | None:
        """Return what identifies a setting; ``None`` if the expression is none."""
        kind = type(node)
        if kind not in self._asking:
            self._asking[kind] = getattr(type(self), f"_{kind.__name__.lower()}", None)
        asking = self._asking[kind]
        if asking is None:
            return None
        if (node, at.frame) not in self._found:
            self._found[node, at.frame] = asking(self, node, at)
        return self._found[node, at.frame]

    def _attribute(self, node: nodes.Attribute, at: _Point) -> Setting | None:
        path = dotted(node)
        if path and self._is_imported(path.partition(".")[0], at):
            return (path,) if self._is_left_alone(node.attrname, at) else None
        return self._part(node.expr, node.attrname, at)

    def _subscript(self, node: nodes.Subscript, at: _Point) -> Setting | None:
        is_known = isinstance(node.slice, nodes.Const)
        return self._part(node.value, repr(node.slice.value), at) if is_known else None

    def _call(self, node: nodes.Call, at: _Point) -> Setting | None:
        match node:
            case nodes.Call(func=nodes.Name(name="bool"), args=[asked], keywords=[]):
                return self._setting(asked, at)
            case nodes.Call(func=nodes.Name(name="getattr"), args=[owner, nodes.Const(value=str() as name), *_]):
                return self._part(owner, name, at)
            case nodes.Call(func=nodes.Attribute() as func, args=[], keywords=[]):
                return (f"{dotted(func)}()",) if self._is_library(func, at) else None
        return None

    def _unaryop(self, node: nodes.UnaryOp, at: _Point) -> Setting | None:
        return self._all("not", [node.operand], at) if node.op == "not" else None

    def _boolop(self, node: nodes.BoolOp, at: _Point) -> Setting | None:
        return self._all(node.op, node.values, at)

    def _all(self, operator: str, parts: Sequence[nodes.NodeNG], at: _Point) -> Setting | None:
        settings: list[Setting] = []
        for part in parts:
            setting = self._setting(part, at)
            if setting is None:
                return None
            settings.append(setting)
        return (operator, *settings)

    def _compare(self, node: nodes.Compare, at: _Point) -> Setting | None:
        operator, right = node.ops[0]
        one = self._setting(node.left, at) if len(node.ops) == 1 else None
        other = (_literal(right) or self._setting(right, at)) if one is not None else None
        if one is None or other is None:
            return None
        return "==" if other == ("None",) else _NEGATIVE.get(operator, operator), one, other

    def _is_library(self, func: nodes.Attribute, at: _Point) -> bool:
        """Is it something like ``torch.cuda.is_available()``, by its name?"""
        return func.attrname.startswith("is_") and self._is_imported(dotted(func).partition(".")[0], at)

    def _is_imported(self, name: str, at: _Point) -> bool:
        frame = _holder(name, at.frame)
        targets = frame.scope.locals[name] if frame is not None else []
        return bool(targets) and all(isinstance(one, nodes.Import | nodes.ImportFrom) for one in targets)

    # Names

    def _name(self, node: nodes.Name, at: _Point) -> Setting | None:
        held = self._held(node.name, at) if self._may_step() else None
        if held is None:
            return None
        frame, targets = held
        given = self._given(node.name, frame, targets)
        setting = self._setting(*given) if given is not None else None
        if setting is not None:
            return setting
        return None if self._is_run_again(frame) else (frame, node.name)

    def _held(self, name: str, at: _Point) -> tuple[Frame, list[nodes.NodeNG]] | None:
        """Return the activation that a name belongs to, and where it is bound; ``None`` if it may change yet."""
        frame = _holder(name, at.frame)
        if frame is None:
            return None
        targets = frame.scope.locals[name]
        return (frame, targets) if all(_is_bound_for_good(one, frame, at) for one in targets) else None

    def _given(self, name: str, frame: Frame, targets: list[nodes.NodeNG]) -> tuple[nodes.NodeNG, _Point] | None:
        """Return the expression that a name stands for, and where it is evaluated."""
        if len(targets) != 1:
            return None
        if _is_parameter(targets[0]):
            return _handed(name, frame)
        match targets[0].parent:
            case nodes.Assign(targets=[target], value=value) | nodes.AnnAssign(target=target, value=value) if (
                target is targets[0] and value is not None
            ):
                return value, _Point(frame, value)
        return None

    def _is_run_again(self, frame: Frame) -> bool:
        """May a function be called again by the same call, so that its names hold something else?"""
        inner = []
        for point in _Point(self._frame, frame.scope).chain():
            inner.append(point.frame)
            if point.frame is frame:
                return any(not any(loop.frame is one for one in inner) for loop in self._loops) or any(
                    isinstance(loop.node, nodes.ClassDef) for loop in self._loops
                )
        return not isinstance(frame.scope, nodes.Module)

    # Attributes and elements

    def _part(self, owner: nodes.NodeNG, name: str, at: _Point) -> Setting | None:
        """Return an attribute of what holds options, or one that a constructor sets once."""
        if name in _CHANGING or not self._is_left_alone(name, at):
            return None
        if isinstance(owner, nodes.Name) and _is_self(owner.name, at.frame):
            return self._own(name, at.frame)
        if not any(_OPTIONS.fullmatch(part) for part in _parts(owner)):
            return None
        setting = self._setting(owner, at)
        return (setting, name) if setting is not None else None

    def _own(self, name: str, frame: Frame) -> Setting | None:
        """Return an attribute of the object whose method this is: of its options, or set by its constructor."""
        receiver = next(iter(frame.receiver)) if len(frame.receiver) == 1 else None
        if receiver is None or (
            isinstance(receiver.definition, nodes.ClassDef) and _is_method(receiver.definition, name)
        ):
            return None
        is_set = any(_is_constructor(one.scope()) for one in self._settings.assigned(frame.home).get(name, ()))
        return (receiver, name) if is_set or _OPTIONS.fullmatch(name) else None

    def _is_left_alone(self, name: str, at: _Point) -> bool:
        """Is what has this name not assigned any more, in the file?"""
        targets = self._settings.assigned(at.frame.home).get(name, ())
        return all(_is_constructor(target.scope()) or at.follows(target) for target in targets)

    def _may_step(self) -> bool:
        self._steps += 1
        return self._steps <= _MOST_STEPS


def _asked_for_none(test: nodes.NodeNG) -> nodes.NodeNG | None:
    """Return ``x`` of ``x is None``, and of ``x is not None``."""
    match test:
        case nodes.Compare(left=asked, ops=[("is" | "is not" | "==" | "!=", nodes.Const(value=None))]):
            return asked
    return None


def _literal(node: nodes.NodeNG) -> Setting | None:
    match node:
        case nodes.Const(value=value):
            return (repr(value),)
        case nodes.Tuple(elts=items) | nodes.List(elts=items) | nodes.Set(elts=items):
            found = tuple(_literal(item) for item in items)
            return None if None in found else found
    return None


def _chosen_by(origin: _Point) -> tuple[nodes.NodeNG, bool] | None:
    """Return the condition under which a name got an object, and ``None`` otherwise; and whether it must hold."""
    target = origin.node
    assign = target.parent
    if not isinstance(assign, nodes.Assign):
        return None
    match assign.value:
        case nodes.IfExp(test=test, body=nodes.Call(), orelse=nodes.Const(value=None)):
            return test, True
        case nodes.IfExp(test=test, body=nodes.Const(value=None), orelse=nodes.Call()):
            return test, False
    others = [one for one in origin.frame.scope.locals[target.name] if one is not target]
    branch = assign.parent
    if not isinstance(branch, nodes.If) or len(others) != 1 or not isinstance(others[0].parent, nodes.Assign):
        return None
    values = (others[0].parent.value, assign.value)
    return _told_apart(branch, others[0].parent, values, is_held=assign in branch.body)


def _told_apart(
    branch: nodes.If, first: nodes.Assign, values: tuple[nodes.NodeNG, nodes.NodeNG], *, is_held: bool
) -> tuple[nodes.NodeNG, bool] | None:
    """Compare an assignment with the one before it, which stands in the other branch, or before the condition."""
    is_other = first.parent is branch or (first.parent is branch.parent and not branch.orelse)
    match values:
        case nodes.Const(value=None), nodes.Call() if is_other:
            return branch.test, is_held
        case nodes.Call(), nodes.Const(value=None) if is_other:
            return branch.test, not is_held
    return None


def _holder(name: str, frame: Frame) -> Frame | None:
    """Return the activation that a name belongs to."""
    holder: Frame | None = frame
    while holder is not None and name not in holder.scope.locals:
        holder = holder.parent
    return holder


def _is_bound_for_good(target: nodes.NodeNG, frame: Frame, at: _Point) -> bool:
    if _is_parameter(target):
        return True
    if not isinstance(target, nodes.AssignName | nodes.Import | nodes.ImportFrom):
        return False
    assign = target.parent
    is_growing = isinstance(assign, nodes.Assign) and isinstance(assign.value, _GROWING)
    return target.scope() is frame.scope and not is_growing and at.follows(target)


def _is_parameter(target: nodes.NodeNG) -> bool:
    return isinstance(target, nodes.AssignName) and isinstance(target.parent, nodes.Arguments)


def _handed(name: str, frame: Frame) -> tuple[nodes.NodeNG, _Point] | None:
    """Return the argument that a call gives for a parameter, and where it stands."""
    call = frame.calls[-1] if frame.calls else None
    definition, caller = frame.scope, frame.caller
    if not isinstance(call, nodes.Call) or not isinstance(definition, nodes.FunctionDef) or caller is None:
        return None
    if any(isinstance(one, nodes.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return None
    called = dotted(call.func).rpartition(".")[2]
    if called != definition.name and not definition.name.startswith("__init__"):
        return None
    names = [parameter.name for parameter in parameters(definition)]
    given = dict(zip(names[bool(frame.receiver) :], call.args, strict=False))
    given.update((one.arg, one.value) for one in call.keywords)
    argument = given.get(name)
    return (argument, _Point(caller, call)) if argument is not None else None


def _is_self(name: str, frame: Frame) -> bool:
    scope = frame.scope
    first = parameters(scope)[:1] if isinstance(scope, nodes.FunctionDef) and frame.receiver else []
    return any(parameter.name == name for parameter in first)


def _parts(node: nodes.NodeNG) -> Iterator[str]:
    """Return the names of ``self.args.train["amp"]``."""
    while isinstance(node, nodes.Attribute | nodes.Subscript):
        if isinstance(node, nodes.Attribute):
            yield node.attrname
        node = node.expr if isinstance(node, nodes.Attribute) else node.value
    if isinstance(node, nodes.Name):
        yield node.name


def _is_method(definition: nodes.ClassDef, name: str) -> bool:
    return any(isinstance(one, nodes.FunctionDef) for one in definition.locals.get(name, ()))


def _is_constructor(scope: nodes.NodeNG) -> bool:
    return isinstance(scope, nodes.FunctionDef) and scope.name in {"__init__", "__post_init__"}


def _is_in_loop(node: nodes.NodeNG, scope: nodes.NodeNG) -> bool:
    while node is not scope and node is not None:
        if isinstance(node, _LOOPS):
            return True
        node = node.parent
    return False
