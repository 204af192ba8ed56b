"""Pieces of code that the host's clock times, and whether a GPU may still be at work when they end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Forward, Kind
from pylint_torchcheck.torch_api.effects import CLOCKS, DEVICE, MOVERS_TO_DEVICE, QUIET_METHODS, SYNCHRONIZING
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.shapes import path_of_loss
from pylint_torchcheck.trace.values import Value

_WITH_METHODS = frozenset({Kind.MODULE, Kind.OPTIMIZER, Kind.TENSOR, Kind.LOSS_FUNCTION})
_LOSSES = frozenset(path_of_loss(reduces) for reduces in (None, "sum", False))
_GPU = "cuda"


@dataclass(frozen=True)
class _Timed:
    """Statements between two looks at the clock, and the second look."""

    body: Sequence[nodes.NodeNG]
    end: nodes.Call

    @property
    def calls(self) -> list[nodes.Call]:
        """Every call in the statements."""
        return [call for statement in self.body for call in statement.nodes_of_class(nodes.Call)]


class Timings:
    """Answers for one file.

    Args:
        calls: what is known of each call.
        traces: what happened.
    """

    def __init__(self, calls: Mapping[nodes.NodeNG | None, CallSite], traces: Iterable[Trace]) -> None:
        self._calls = calls
        self._forwards: dict[nodes.NodeNG, list[Event]] = {}
        for trace in traces:
            for event in trace.events(Forward):
                self._forwards.setdefault(event.node, []).append(event)

    def unsynchronized(self) -> Iterator[tuple[CallSite, CallSite]]:
        """Return looks at the clock, each with a call of a module on a GPU that nothing has waited for."""
        on_gpu = self._on_gpu()
        for node in list(self._calls) if on_gpu else ():
            for timed in self._timed_from(node):
                work = [call for call in timed.calls if self._is_work(call, timed, on_gpu)]
                if work and all(self._is_quiet(call) for call in timed.calls):
                    yield self._calls[timed.end], self._calls[work[-1]]

    def _on_gpu(self) -> set[Value]:
        """Return the modules that the file puts on a GPU, if there is one."""
        moves = (call for call in self._calls.values() if call.method in MOVERS_TO_DEVICE)
        return {value for call in moves if _names_gpu(call) for value in call.receivers if value.kind is Kind.MODULE}

    def _timed_from(self, node: nodes.NodeNG | None) -> Iterator[_Timed]:
        """Return what is timed from ``start = time.time()`` on, up to ``time.time() - start`` in the same block."""
        if not isinstance(node, nodes.Call) or not self._is_clock(node) or not isinstance(node.parent, nodes.Assign):
            return
        (target, *others), later = node.parent.targets, _after(node.parent)
        if others or not isinstance(target, nodes.AssignName):
            return
        for index, statement in enumerate(later):
            for end in self._ends_of(statement, target.name):
                yield _Timed(later[: _position(end, later, index)], end)
                return

    def _ends_of(self, statement: nodes.NodeNG, start: str) -> Iterator[nodes.Call]:
        """Return the later look at the clock in a difference from the first one."""
        for difference in statement.nodes_of_class(nodes.BinOp):
            if difference.op == "-" and getattr(difference.right, "name", "") == start:
                end = difference.left
                if isinstance(end, nodes.Name):
                    end = next((call for call in _bound_before(statement, end.name) if self._is_clock(call)), None)
                if isinstance(end, nodes.Call) and self._is_clock(end):
                    yield end

    def _is_clock(self, node: nodes.NodeNG) -> bool:
        callsite = self._calls.get(node)
        return callsite is not None and bool(callsite.paths) and callsite.paths <= CLOCKS

    def _is_work(self, call: nodes.Call, timed: _Timed, on_gpu: set[Value]) -> bool:
        """Is this the call of a module on a GPU, and not in a loop over a loader, beside which a rest is nothing?"""
        return any(
            not event.subjects.isdisjoint(on_gpu) and not any(_is_loader_loop(event, part) for part in timed.body)
            for event in self._forwards.get(call, ())
        )

    def _is_quiet(self, call: nodes.Call) -> bool:
        """Is it known that the call waits for nothing?"""
        callsite = self._calls.get(call)
        if callsite is None or call in self._forwards:
            return callsite is not None
        if callsite.paths:
            return all(path.startswith("torch.") or path == "builtins.range" for path in callsite.paths) and not any(
                path.rpartition(".")[2] in SYNCHRONIZING for path in callsite.paths
            )
        if callsite.receivers:
            return callsite.method in QUIET_METHODS and all(value.kind in _WITH_METHODS for value in callsite.receivers)
        return bool(callsite.results) and all(value.path in _LOSSES for value in callsite.results)


def _names_gpu(call: CallSite) -> bool:
    """Does a call move something to a GPU, or to one if there is one?"""
    devices = [value.site for value in call.argument_values() if value.path == DEVICE]
    sources = [call.text, *(site.as_string() for site in devices if site is not None)]
    return any(_GPU in source for source in sources)


def _is_loader_loop(event: Event, statement: nodes.NodeNG) -> bool:
    around = (loop for loop in event.loops if loop.node is statement or statement.parent_of(loop.node))
    return any(loop.over_loader for loop in around)


def _after(statement: nodes.NodeNG) -> list[nodes.NodeNG]:
    """Return the statements that follow one in its block."""
    block = _block(statement)
    return block[block.index(statement) + 1 :]


def _before(statement: nodes.NodeNG) -> list[nodes.NodeNG]:
    """Return the statements that come before one in its block."""
    block = _block(statement)
    return block[: block.index(statement)]


def _block(statement: nodes.NodeNG) -> list[nodes.NodeNG]:
    blocks = (getattr(statement.parent, name, None) for name in ("body", "orelse", "finalbody"))
    return next((block for block in blocks if isinstance(block, list) and statement in block), [statement])


def _position(end: nodes.Call, later: list[nodes.NodeNG], last: int) -> int:
    """Return how many of the statements come before the second look at the clock."""
    return next((index for index, one in enumerate(later[:last]) if one.parent_of(end)), last)


def _bound_before(statement: nodes.NodeNG, name: str) -> Iterator[nodes.Call]:
    """Return what a name was last set to in the block, if that is a call."""
    for one in reversed(_before(statement)):
        if isinstance(one, nodes.Assign) and any(getattr(target, "name", "") == name for target in one.targets):
            if isinstance(one.value, nodes.Call):
                yield one.value
            return
