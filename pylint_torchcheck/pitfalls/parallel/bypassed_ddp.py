"""Training of a DDP model by way of the module inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Backward, Forward, Replicated

_Names: TypeAlias = dict[tuple[str, str], str]


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
        """Find losses that come of calls of wrapped modules, none of which goes by way of the wrapper."""
        names = _names(program)
        replicated = {value for trace in program.traces for one in trace.events(Replicated) for value in one.subjects}
        for trace in program.traces:
            for loss in trace.events(Backward) if replicated else ():
                calls = _calls_for(program, trace, loss, replicated)
                ways = [_wrapper_of(event, names) for event in calls]
                if calls and all(ways):
                    yield from (
                        Finding(event.place, (event.place.text, f"{way}(...)"))
                        for event, way in zip(calls, ways, strict=True)
                    )


def _names(program: Program) -> _Names:
    """Return the names of the wrappers, by the function and the names of what they wrap, where the two differ."""
    calls = program.calls("torch.nn.parallel.DistributedDataParallel")
    named = {(call.function, call.argument_text("module")): call.target_text for call in calls}
    return {key: wrapper for key, wrapper in named.items() if wrapper and key[1] != wrapper and key[1].isidentifier()}


def _calls_for(program: Program, trace: Trace, loss: Event, replicated: set[Subject]) -> list[Event]:
    """Return the calls of wrapped modules that a loss comes of."""
    origins = program.origins(loss.subjects)
    events = [event for event in trace.events(Forward) if not origins.isdisjoint(event.results)]
    return [event for event in events if event.subjects and all(value in replicated for value in event.subjects)]


def _wrapper_of(event: Event, names: _Names) -> str:
    """Return the name of the wrapper that a call goes round; empty if it goes by way of it."""
    called = event.place.text.partition("(")[0]
    if called.endswith(".module"):
        return called.removesuffix(".module")
    return names.get((event.place.function, called), "")
