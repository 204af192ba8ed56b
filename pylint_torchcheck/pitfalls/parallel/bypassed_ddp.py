"""Training of a DDP model by way of the module inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, Forward, OptimizerStep, Replicated, ScaledStep

_Names: TypeAlias = dict[tuple[str, str], str]
_Calls: TypeAlias = dict[Event, str]  # each with the name of the wrapper that it goes round; empty: of none


class BypassedDdp(Pitfall):
    """DDP prepares the averaging of the gradients in its own forward pass.

    A loss that comes of ``ddp.module(x)``, or of the module that was wrapped, leaves that out: each rank steps by
    its own gradients, the copies drift apart, and what is saved is rank 0's alone.
    """

    msgid = "E7772"
    symbol = "bypassed-ddp"
    message = (
        "%s goes round DistributedDataParallel, so the gradients of this loss are not averaged over the ranks; write %s"
    )
    signs = signs(["DistributedDataParallel"], [Backward])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find the calls of wrapped modules that losses come of, where no loss comes by way of the wrapper."""
        names = _names(program)
        replicated = {value for trace in program.traces for one in trace.events(Replicated) for value in one.subjects}
        for trace in program.traces if replicated else ():
            calls = _calls_of(trace, replicated, names)
            if not any(calls.values()):
                continue
            yield from _all_for_a_loss(program, trace, calls)
            calls = _calls_for_losses(program, trace, calls)
            wrapped = {value for event, way in calls.items() if not way for value in event.subjects}
            for event, way in calls.items():
                if way and wrapped.isdisjoint(event.subjects):
                    yield _finding(event, way)


def _names(program: Program) -> _Names:
    """Return the names of the wrappers, by the function and the names of what they wrap, where the two differ."""
    calls = program.calls("torch.nn.parallel.DistributedDataParallel")
    named = {(call.function, call.argument_text("module")): call.target_text for call in calls}
    return {key: wrapper for key, wrapper in named.items() if wrapper and key[1] != wrapper and key[1].isidentifier()}


def _calls_of(trace: Trace, modules: set[Subject], names: _Names) -> _Calls:
    """Return the calls of wrapped modules."""
    calls = (event for event in trace.events(Forward) if event.subjects and modules.issuperset(event.subjects))
    return {event: _wrapper_of(event, names) for event in calls}


def _all_for_a_loss(program: Program, trace: Trace, calls: _Calls) -> Iterator[Finding]:
    """Find the calls that one loss comes of, if none of them goes by way of a wrapper."""
    for loss in trace.events(Backward):
        sources = program.origins(loss.subjects)
        ours = {event: way for event, way in calls.items() if not sources.isdisjoint(event.results)}
        if all(ours.values()):
            yield from (_finding(event, way) for event, way in ours.items())


def _finding(event: Event, way: str) -> Finding:
    return Finding(event.place, (event.place.text, f"{way}(...)"))


def _calls_for_losses(program: Program, trace: Trace, calls: _Calls) -> _Calls:
    """Return those of the calls that losses come of, and that gradients reach or an optimizer trains."""
    losses = {value for loss in trace.events(Backward) for value in loss.subjects}
    sources, reached = program.origins(losses), program.live(losses)
    trained = program.origins(value for step in trace.events(OptimizerStep, ScaledStep) for value in step.subjects)
    return {
        event: way
        for event, way in calls.items()
        if not reached.isdisjoint(event.results)
        or (not sources.isdisjoint(event.results) and trained >= set(event.subjects))
    }


def _wrapper_of(event: Event, names: _Names) -> str:
    """Return the name of the wrapper that a call goes round; empty if it goes by way of it."""
    called = event.place.text.partition("(")[0]
    if called.endswith(".module"):
        return called.removesuffix(".module")
    return names.get((event.place.function, called), "")
