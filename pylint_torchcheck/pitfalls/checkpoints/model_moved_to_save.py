"""``model.cpu()`` on the live module, in order to save it."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program, Subject, Trace
from pylint_torchcheck.pitfalls.vocabulary import Forward, Kind, Moved, MovedToSave, OptimizerStep


class ModelMovedToSave(Pitfall):
    """``cpu()`` moves a module itself, and not a copy of it.

    The next batch lies on the GPU and the module does not; and where the batch goes to the module's device, training
    goes on in host memory, with an optimizer whose state stayed behind.
    """

    msgid = "W7755"
    symbol = "model-moved-to-save"
    message = (
        "%s moves the live module off the device that it is trained on; write {key: value.cpu() for key, value in "
        "%s.state_dict().items()}, or call torchguard.Checkpointer(folder, ...).save()"
    )
    guard = "torchguard.Checkpointer"
    signs = signs([".cpu", ".to"], [".state_dict", "torch.save"], [OptimizerStep])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find modules that are moved for a save and called again where they are."""
        for trace in program.traces:
            for event in trace.events(MovedToSave):
                place = program.shown_at(event, *event.subjects)
                for module in event.subjects if len(event.subjects) == 1 and place is not None else ():
                    if not program.is_copy(module) and _goes_on(trace, event, module) and place is not None:
                        name = program.name_of(module) or "model"
                        yield Finding(place, (place.text, name), module.guessed)


def _goes_on(trace: Trace, moved: Event, module: Subject) -> bool:
    """Is the module called and stepped again, on each way before it is moved back?"""
    moves = [event for event in trace.events(Moved) if event.verb is Moved and module in event.subjects]
    if trace.may_follow(*moves, after=[moved]):
        return False
    calls = [event for event in trace.events(Forward) if module in event.subjects]
    steps = [event for event in trace.events(OptimizerStep) if all(o.kind is Kind.OPTIMIZER for o in event.subjects)]
    return trace.may_follow(*calls, after=[moved]) and trace.may_follow(*steps, after=[moved])
