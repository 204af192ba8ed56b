"""With which epoch a resumed run begins: the one after the last, that one again, or one further on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import FileWritten, OptimizerStep
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.places import Place, dotted
from pylint_torchcheck.trace.references import reference
from pylint_torchcheck.trace.values import Frame

_TRAINING = re.compile(r"train_?(?:one_?|an_?|single_?)?epoch|epoch_?train")


@dataclass(frozen=True, slots=True)
class Restart(Place):
    """Where an epoch is read back; see ``pylint_torchcheck.pitfalls.questions.Restart``."""

    node: nodes.Assign
    after: int = 1
    key: str = ""

    @property
    def target_text(self) -> str:
        """The name that gets the epoch."""
        return dotted(self.node.targets[0])


def restarts(trace: Trace, tree: nodes.Module) -> Iterator[Restart]:
    """Return where epochs are read back that were saved at the end of each of them."""
    for event, loop in _at_the_end(trace):
        for key, saved in _saved_epochs(event, loop):
            start, first = _plus(_first_of(loop))
            if start is not None:
                yield from _read_back(tree, key, dotted(start), saved + first)


def _at_the_end(trace: Trace) -> Iterator[tuple[Event, nodes.NodeNG | None]]:
    """Return what is saved after a step in the same iteration of a loop, each with the loop; of the first iteration."""
    first: dict[nodes.NodeNG, Event] = {}
    for event in trace.events(FileWritten):
        first.setdefault(event.node, event)
    steps = list(trace.events(OptimizerStep))
    for event in first.values() if not steps else ():
        yield from ((event, loop.node) for loop in event.loops if _has_trained(loop.node, event))
    for event in first.values():
        around = [step.loops for step in steps if step.number < event.number]
        for depth, loop in enumerate(event.loops, 1):
            inner = event.loops[: depth + 1]  # no step is in a loop within, whose iteration is no whole epoch
            if any(loops[:depth] == event.loops[:depth] for loops in around) and (
                inner == event.loops[:depth] or not any(loops[: depth + 1] == inner for loops in around)
            ):
                yield event, loop.node


def _has_trained(loop: nodes.NodeNG, event: Event) -> bool:
    """Is a function called before in the loop that trains one epoch, by its name and by what it is handed?

    This is for loops in which no step is in sight, since a subclass defines it, or a library takes it.
    """
    within = next((node for node in (event.node, *event.frame.calls) if loop.parent_of(node)), None)
    if within is None or not isinstance(loop, nodes.For) or not isinstance(loop.target, nodes.AssignName):
        return False
    return any(
        call.lineno < within.lineno and _trains(call) and any(_is_named(one, loop.target.name) for one in _given(call))
        for call in loop.nodes_of_class(nodes.Call)
    )


def _trains(call: nodes.Call) -> bool:
    name = call.func.attrname if isinstance(call.func, nodes.Attribute) else getattr(call.func, "name", "")
    return name.strip("_") == "train" or bool(_TRAINING.search(name))


def _given(call: nodes.Call) -> list[nodes.NodeNG]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_named(node: nodes.NodeNG, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _saved_epochs(event: Event, loop: nodes.NodeNG | None) -> Iterator[tuple[str, int]]:
    """Return the keys under which the loop's own variable is saved, and what is added to it."""
    for key, value, frame in _items(event):
        counter, added = _plus(value)
        text, scope = reference(counter, frame)
        if _counts(loop, text, scope):
            yield key, added


def _items(event: Event) -> Iterator[tuple[str, nodes.NodeNG, Frame]]:
    """Return the keys and values of the mapping that is saved, as they are written, and where it is made."""
    sites = event.contents.sites if event.contents is not None else ()
    for mapping in sites if len(sites) == 1 else ():
        for frame in event.frame.chain():
            if frame.scope is mapping.scope():
                yield from ((key, value, frame) for key, value in _written_out(mapping))


def _written_out(mapping: nodes.NodeNG) -> Iterator[tuple[str, nodes.NodeNG]]:
    """Return the keys and values of ``{"key": value}`` or ``dict(key=value)``."""
    match mapping:
        case nodes.Dict():
            for key, value in mapping.items:
                if isinstance(key, nodes.Const) and isinstance(key.value, str):
                    yield key.value, value
        case nodes.Call():
            yield from ((keyword.arg, keyword.value) for keyword in mapping.keywords if keyword.arg)


def _counts(loop: nodes.NodeNG | None, text: str, scope: nodes.NodeNG | None) -> bool:
    """Is it this loop whose variable the name is?"""
    if not isinstance(loop, nodes.For) or not text:
        return False
    return isinstance(loop.target, nodes.AssignName) and loop.target.name == text and loop.scope() is scope


def _first_of(loop: nodes.NodeNG | None) -> nodes.NodeNG | None:
    match loop:
        case nodes.For(iter=nodes.Call(func=nodes.Name(name="range"), args=[first, _])):
            return first
    return None


def _plus(node: nodes.NodeNG | None) -> tuple[nodes.NodeNG | None, int]:
    """Take ``x + 1`` apart."""
    match node:
        case nodes.BinOp(op="+", left=inner, right=nodes.Const(value=int() as added)):
            return inner, added
    return node, 0


def _read_back(tree: nodes.Module, key: str, name: str, before: int) -> Iterator[Restart]:
    """Return where the name gets what stands under the key, if nothing else is done to it."""
    if not name or any(dotted(node.target) == name for node in tree.nodes_of_class(nodes.AugAssign)):
        return
    for node in tree.nodes_of_class(nodes.Assign):
        value, added = _plus(node.value)
        if len(node.targets) == 1 and dotted(node.targets[0]) == name and _asks_for(key, value):
            yield Restart(node, before + added, key)


def _asks_for(key: str, value: nodes.NodeNG | None) -> bool:
    match value:
        case nodes.Subscript(slice=nodes.Const(value=asked)):
            return bool(asked == key)
        case nodes.Call(func=nodes.Attribute(attrname="get"), args=[nodes.Const(value=asked), *_]):
            return bool(asked == key)
    return False
