"""Reads small sources and tells what the core makes of them: verbs, kinds and broken protocols."""

from __future__ import annotations

from textwrap import dedent

import astroid

from pylint_torchcheck.pitfalls.protocol import ANY, BROKEN, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Created,
    EvalMode,
    Forward,
    Kind,
    Obtained,
    OptimizerStep,
    TrainMode,
    Verb,
    ZeroGrad,
)
from pylint_torchcheck.trace.events import Event
from pylint_torchcheck.trace.program import Program
from pylint_torchcheck.trace.reader import Reader
from pylint_torchcheck.trace.state import State
from pylint_torchcheck.trace.values import Store, Value

IMPORTS = """\
import torch
from torch import nn
import torch.nn.functional as F
"""
OBJECTS = (
    IMPORTS
    + """\
model = nn.Sequential(nn.Linear(8, 8), nn.Dropout())
other = nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler()
x = torch.randn(4, 8)
"""
)
# A module may be called only in eval mode: small enough to follow by hand.
CALLED_IN_EVAL_MODE = Protocol(
    of=Kind.MODULE,
    start="train",
    moves={(ANY, EvalMode): "eval", (ANY, TrainMode): "train", ("train", Forward): BROKEN},
)
# An optimizer may step once after each time it was cleared.
CLEARED_BEFORE_STEP = Protocol(
    of=Kind.OPTIMIZER,
    start="full",
    moves={(ANY, ZeroGrad): "clear", ("clear", OptimizerStep): "full", ("full", OptimizerStep): BROKEN},
)


def program_of(source: str, objects: str = OBJECTS) -> Program:
    """Read a source behind the usual imports and objects."""
    return Program(astroid.parse(objects + dedent(source)))


def events_of(source: str, *, objects: str = OBJECTS, trace: int = 0) -> list[Event]:
    """Return what happens in the source, in the order of reading, but not the beginnings of objects."""
    events = program_of(source, objects).traces[trace].events()
    return [event for event in events if event.verb is not Verb and not issubclass(event.verb, Created | Obtained)]


def verbs_of(source: str, *, objects: str = OBJECTS, trace: int = 0) -> list[str]:
    """Return the names of what happens in the source, in the order of reading."""
    return [event.verb.__name__ for event in events_of(source, objects=objects, trace=trace)]


def values_of(source: str, name: str, *, objects: str = OBJECTS) -> frozenset[Value]:
    """Return what a name may hold at the end of the source."""
    tree = astroid.parse(objects + dedent(source))
    reader = Reader(tree, Store())
    reader.start_trace(State())
    reader.read_body(tree.body)
    return reader.lookup(name)


def kinds_of(source: str, name: str = "it", *, objects: str = OBJECTS) -> set[str]:
    """Return the kinds of what a name may hold at the end of the source."""
    return {value.kind.name for value in values_of(source, name, objects=objects)}


def kind_of(expression: str) -> str:
    """Return the one kind of an expression's value."""
    (kind,) = kinds_of(f"it = {expression}")
    return kind


def broken_in(source: str, protocol: Protocol, *, objects: str = OBJECTS) -> list[str]:
    """Return the source text of the lines in which the protocol is broken, without what follows a ``#``."""
    lines = (objects + dedent(source)).splitlines()
    places = {breach.place.node.lineno for breach in program_of(source, objects).breaches(protocol)}
    return [lines[number - 1].strip() for number in sorted(place for place in places if place is not None)]
