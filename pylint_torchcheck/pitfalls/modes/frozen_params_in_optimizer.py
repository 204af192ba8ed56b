"""Frozen parameters handed to the optimizer."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program, Subject, Trace
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
        for trace in program.traces:
            frozen = _frozen(program, trace)
            for optimizer in _optimizers(trace) if frozen else ():
                for call in program.calls(optimizer.path):
                    yield from _given_frozen(program, call, optimizer, frozen)


def _optimizers(trace: Trace) -> Iterator[Subject]:
    for creation in trace.events(Created):
        yield from (value for value in creation.subjects if value.kind is Kind.OPTIMIZER and not value.guessed)


def _frozen(program: Program, trace: Trace) -> list[Subject]:
    """Return the modules of which something is frozen for good, and not for a while as a GAN's discriminator is."""
    thaws = [event for event in trace.events(Thaw) if not issubclass(event.verb, ThawPart)]
    thawed = [module for event in thaws for module in event.subjects]
    frozen = [module for event in trace.events(Freeze, FreezePart) for module in event.subjects]
    return [module for module in frozen if not any(program.belongs(module, other) for other in thawed)]


def _given_frozen(program: Program, call: Call, optimizer: Subject, frozen: list[Subject]) -> Iterator[Finding]:
    mover = _mover(call)
    if mover is None or optimizer not in call.results:
        return
    sources = program.origins([optimizer])
    is_unsure = any(value.kind is Kind.UNKNOWN for value in call.argument("params"))
    if is_unsure or any(source.kind in {Kind.SOME_PARAMETERS, Kind.PARAMETER} for source in sources):
        return
    for given in program.method_calls("parameters"):
        wholes = [whole.owner for whole in given.results if whole in sources and whole.owner is not None]
        if any(program.belongs(module, whole) for whole in wholes for module in frozen):
            yield Finding(call, (call.text, mover, given.receiver_text))
            return


def _mover(call: Call) -> str | None:
    """Return what of the optimizer's settings can move a parameter that no loss reaches."""
    if call.setting("weight_decay") not in (None, 0):
        return "weight decay"
    return "momentum" if call.setting("momentum") not in (None, 0) or call.setting("betas") else None
