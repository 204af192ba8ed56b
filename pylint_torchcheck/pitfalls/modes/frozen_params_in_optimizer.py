"""Frozen parameters handed to the optimizer."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Created, Freeze, FreezePart, Kind, Thaw, ThawPart


class FrozenParamsInOptimizer(Pitfall):
    """A frozen parameter that the optimizer holds stays put only as long as its ``.grad`` is ``None``.

    With a gradient left over from before the freeze, or set to zero and not to ``None``, weight decay pulls it towards
    zero and momentum carries it on, although no loss reaches it.
    """

    msgid = "W7733"
    symbol = "frozen-params-in-optimizer"
    message = (
        "%s also gets parameters that are frozen, and %s moves each of them that has a .grad, a zeroed one too; "
        "pass only [p for p in %s.parameters() if p.requires_grad]"
    )
    guard = "torchguard.freeze"
    signs = signs([Freeze, FreezePart], [".parameters"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find optimizers that got every parameter of a module of which some are frozen."""
        givers = _givers(program)
        for trace in program.traces:
            frozen = _frozen(program, trace)
            for optimizer in _optimizers(trace) if frozen else ():
                call = program.creation(optimizer)
                if call is not None and optimizer in call.results:
                    yield from _given_frozen(program, call, optimizer, frozen, givers)


def _givers(program: Program) -> dict[Subject, list[tuple[int, Call]]]:
    """Return the calls that gave each set of parameters, numbered in the order of reading."""
    found: dict[Subject, list[tuple[int, Call]]] = {}
    for number, call in enumerate(program.method_calls("parameters")):
        for whole in call.results:
            found.setdefault(whole, []).append((number, call))
    return found


def _optimizers(trace: Trace) -> Iterator[Subject]:
    for creation in trace.events(Created):
        yield from (value for value in creation.subjects if value.kind is Kind.OPTIMIZER and not value.guessed)


def _frozen(program: Program, trace: Trace) -> list[tuple[Subject, Event]]:
    """Return the modules of which something is frozen for good, and not for a while as a GAN's discriminator is."""
    thaws = [event for event in trace.events(Thaw) if not issubclass(event.verb, ThawPart)]
    thawed = frozenset(module for event in thaws for module in event.subjects)
    frozen = [(module, event) for event in trace.events(Freeze, FreezePart) for module in event.subjects]
    return [(module, event) for module, event in frozen if not program.belong([module], thawed)]


def _given_frozen(
    program: Program,
    call: Call,
    optimizer: Subject,
    frozen: list[tuple[Subject, Event]],
    givers: dict[Subject, list[tuple[int, Call]]],
) -> Iterator[Finding]:
    mover = _mover(call)
    sources = program.origins([optimizer])
    is_unsure = any(value.kind is Kind.UNKNOWN for value in call.argument("params"))
    if mover is None or is_unsure or any(source.kind in {Kind.SOME_PARAMETERS, Kind.PARAMETER} for source in sources):
        return
    given = [
        (number, giver.receiver_text)
        for source in sources
        if source.owner is not None
        for number, giver in givers.get(source, ())
        if _gives_frozen(program, giver, frozen)
    ]
    if given:
        yield Finding(call, (call.text, mover, min(given)[1]))


def _gives_frozen(program: Program, giver: Call, frozen: list[tuple[Subject, Event]]) -> bool:
    """Is something frozen of each module that the parameters may be taken from, where they are?"""
    there = [module for module, event in frozen if not giver.excludes(event.place)]
    return bool(giver.receivers) and all(program.belong(there, [receiver]) for receiver in giver.receivers)


def _mover(call: Call) -> str | None:
    """Return what of the optimizer's settings can move a parameter that no loss reaches."""
    if call.setting("weight_decay") not in (None, 0):
        return "weight decay"
    return "momentum" if call.setting("momentum") not in (None, 0) or call.setting("betas") else None
