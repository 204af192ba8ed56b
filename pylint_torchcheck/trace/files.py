"""Files that a program writes and reads: does it load what it has saved itself?"""

from __future__ import annotations

from collections.abc import Iterable

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import FileRead, FileWritten
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.events import Trace


def reads_back(load: CallSite, saves: Iterable[CallSite], traces: Iterable[Trace]) -> bool:
    """Has the program, each time that ``load`` is reached, perhaps saved under that name before?"""
    target = load.argument_node("f")
    written = {save.node for save in saves if _is_same_file(save.argument_node("f"), target)}
    if not written:
        return False
    reached = [(trace, event.number) for trace in traces for event in trace.events(FileRead) if event.node is load.node]
    return bool(reached) and all(number in _after(trace, written) for trace, number in reached)


def _after(trace: Trace, written: set[nodes.NodeNG]) -> set[int]:
    """Return the events that may come after one of these calls has written its file."""
    writing = (event.number for event in trace.events(FileWritten) if event.node in written)
    return set[int]().union(*(trace.reachable(number) for number in writing))


def _is_same_file(one: nodes.NodeNG | None, other: nodes.NodeNG | None) -> bool:
    """Are the names the same, as far as they are written out? Variables mean the same only in one function."""
    if one is None or other is None or _outline(one) != _outline(other):
        return False
    return _is_written_out(one) or (one.scope() is other.scope() and _is_bound_once(one))


def _is_bound_once(name: nodes.NodeNG) -> bool:
    """Do the variables keep their meaning? A handle of a file that is opened twice does not."""
    scope = name.scope()
    return all(len(scope.locals.get(part.name, ())) <= 1 for part in name.nodes_of_class(nodes.Name))


def _is_written_out(name: nodes.NodeNG) -> bool:
    constants = name.nodes_of_class(nodes.Const)
    return any(isinstance(constant.value, str) and constant.value.strip("{}%/.") for constant in constants)


def _outline(name: nodes.NodeNG) -> str:
    """Return the source of a name; of a template, only that, since ``epoch`` may be kept as ``best_epoch``."""
    match name:
        case nodes.Call(func=nodes.Attribute(attrname="format", expr=nodes.Const(value=str() as template))):
            return template
        case nodes.BinOp(op="%", left=nodes.Const(value=str() as template)):
            return template
        case nodes.JoinedStr(values=pieces):
            return "".join(piece.value if isinstance(piece, nodes.Const) else "{}" for piece in pieces)
    return str(name.as_string())
