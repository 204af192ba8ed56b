"""Files that a program writes and reads: does it load what it has saved itself?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import FileRead, FileWritten, Verb
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.events import Trace

_MOST_LOOKS = 200  # at what comes after a save; after that, what is loaded counts as saved


class Files:
    """What a program saves and loads, looked over once."""

    def __init__(self, saves: Iterable[CallSite], traces: Sequence[Trace]) -> None:
        self._saves: dict[str, list[tuple[nodes.NodeNG, nodes.NodeNG]]] = {}  # the call and the name, by its outline
        for save in saves:
            target = save.argument_node("f")
            if target is not None:
                self._saves.setdefault(_outline(target), []).append((save.node, target))
        self._writing = [_numbers(trace, FileWritten) for trace in traces]
        self._reading = [_numbers(trace, FileRead) for trace in traces]
        self._traces = traces
        self._looks = 0

    def are_read_back(self, load: CallSite) -> bool:
        """Has the program, each time that ``load`` is reached, perhaps saved under that name before?"""
        target = load.argument_node("f")
        saves = self._saves.get(_outline(target), ()) if target is not None else ()
        written = [save for save, name in saves if _is_same_file(name, target)]
        if not written:
            return False
        self._looks += 1
        if self._looks > _MOST_LOOKS:
            return True
        reached = [index for index, reading in enumerate(self._reading) if load.node in reading]
        return bool(reached) and all(
            self._after(index, written).issuperset(self._reading[index][load.node]) for index in reached
        )

    def come_after(self, load: CallSite, save: CallSite) -> bool:
        """Does a save follow a load, on a way on which the load never follows the save?"""
        for index, trace in enumerate(self._traces):
            loads = self._reading[index].get(load.node, ())
            saves = self._writing[index].get(save.node, ())
            if loads and saves and not trace.reachable(*saves).intersection(loads):
                return True
        return False

    def _after(self, index: int, written: list[nodes.NodeNG]) -> set[int]:
        """Return the events of a trace that may come after one of these calls has written its file."""
        starts = (number for save in written for number in self._writing[index].get(save, ()))
        return self._traces[index].reachable(*starts)


def _numbers(trace: Trace, verb: type[Verb]) -> dict[nodes.NodeNG, list[int]]:
    found: dict[nodes.NodeNG, list[int]] = {}
    for event in trace.events(verb):
        found.setdefault(event.node, []).append(event.number)
    return found


def _is_same_file(one: nodes.NodeNG, other: nodes.NodeNG | None) -> bool:
    """Do names with the same outline mean the same? Variables do so only in one function."""
    return other is not None and (_is_written_out(one) or (one.scope() is other.scope() and _is_bound_once(one)))


def _is_bound_once(name: nodes.NodeNG) -> bool:
    """Do the variables keep their meaning? A handle of a file that is opened twice does not."""
    scope = name.scope()
    return all(len(scope.locals.get(part.name, ())) <= 1 for part in name.nodes_of_class(nodes.Name))


def _is_written_out(name: nodes.NodeNG) -> bool:
    constants = name.nodes_of_class(nodes.Const)
    return any(isinstance(constant.value, str) and constant.value.strip("{}%/.") for constant in constants)


def written_name(name: nodes.NodeNG | None) -> str:
    """Return the text that names a file, with ``{}`` for what is filled in; empty if it is not written out."""
    if isinstance(name, nodes.Name):
        _, bound = name.lookup(name.name)
        values = [one.parent.value for one in bound if isinstance(one.parent, nodes.Assign)]
        name = values[0] if len(values) == len(bound) == 1 else None
    match name:
        case nodes.Const(value=str() as text):
            return text
        case nodes.Call(func=nodes.Attribute(attrname="format", expr=nodes.Const(value=str()))) | nodes.JoinedStr():
            return _outline(name)
        case nodes.BinOp(op="%", left=nodes.Const(value=str())):
            return _outline(name)
    return ""


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
