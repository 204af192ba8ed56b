"""Which ranks of a process group run what: what the conditions around it say.

A rank is a value that is followed like any other, so that ``f"model_{rank}.pt"`` and ``is_main = rank == 0`` are known
for what they are. A condition is a pair: who goes on where it holds, and who where it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind, Ranks
from pylint_torchcheck.trace.places import dotted
from pylint_torchcheck.trace.state import Slot
from pylint_torchcheck.trace.values import NOTHING, Store, Value, Values, is_none

RANK: Final = Value(Kind.DATA, path="rank")
LOCAL_RANK: Final = Value(Kind.DATA, path="local rank")
LAUNCHED_LOCAL_RANK: Final = Value(Kind.DATA, path="local rank", constant="LOCAL_RANK")  # as a launcher says it
ARRIVING: Final[Slot] = (None, "ranks")  # which ranks come here
GROUP: Final[Slot] = (None, "process group")  # has one been joined on some way that leads here?

Condition: TypeAlias = tuple[Ranks, Ranks]  # who arrives where it holds, and where it does not

_SAYING = "ranks"  # the path of a condition
_ANY_RANK: Final = frozenset({RANK, LOCAL_RANK, LAUNCHED_LOCAL_RANK})
_RANKS = re.compile(r"(?:rank|process(?:index|idx|id))$")
_NO_RANK = re.compile(r"lora|low|matrix|full|tensor|max|min|list|num|n_", re.IGNORECASE)
_FIRST = re.compile(
    r"is(local|global|world|on)?(main|master|chief|primary|root|leader|coordinator|rank0|rankzero|zero|processzero|first)"
    r"(process|proc|rank|node|host|worker|gpu)?(zero)?"
    r"|(local|global)?(main|master|chief|primary|root|leader|first)(process|proc|rank|worker|gpu)|rank(zero|0)"
)
_TOLD = re.compile(r"should(save|log|write|print)")  # by a framework, to the rank that is to do it
_GROUPED = re.compile(r"distribut|^(?:use|is|has|with|enable)?(?:ddp|fsdp|dist)(?!ance)|(?:ddp|fsdp)$|isinitialized$")
_SIZE = re.compile(
    r"world_?size|n_?gpus?$|num_?gpus?$|num_?devices$|num_?processes$|n_?procs?$|device_count$", re.IGNORECASE
)
_PICKING = frozenset("rank master main chief primary leader root host node gpu device proc process coordinator".split())
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_EVERYBODY: Condition = (Ranks.EVERY, Ranks.EVERY)
_MOST_NAMES = 16_384  # of which is remembered what they say
_BY_WEIGHT = (Ranks.ALONE, Ranks.FIRST, Ranks.OTHERS, Ranks.SOME, Ranks.EVERY)


@lru_cache(_MOST_NAMES)
def named(name: str) -> Values:
    """Return the rank that a name speaks of; nothing, if it speaks of none."""
    plain = name.lower().replace("_", "")
    if not _RANKS.search(plain) or plain.startswith("is") or _NO_RANK.search(name):
        return NOTHING
    return frozenset({LOCAL_RANK if "local" in name.lower() else RANK})


def held_by(variable: str) -> Values:
    """Return the rank that a variable of the environment holds; nothing, if it holds none."""
    return frozenset({LAUNCHED_LOCAL_RANK}) if variable == "LOCAL_RANK" else named(variable)


def carried(values: Iterable[Value]) -> Values:
    """Return the ranks among values, of which something plain is made."""
    return _ANY_RANK.intersection(values)


def arriving(values: Values) -> Ranks:
    """Return which ranks come to a point, after all ways that lead there."""
    found = {value.constant for value in values}
    if len(found) > 1:
        found.discard(Ranks.ALONE)
    if Ranks.SOME in found:
        return Ranks.SOME
    only = found.pop() if len(found) == 1 else Ranks.EVERY
    return only if isinstance(only, Ranks) else Ranks.EVERY


def narrowed(before: Values, said: Ranks, store: Store) -> Values:
    """Return who arrives behind a condition, of those who came to it."""
    now = arriving(before)
    lighter = _BY_WEIGHT.index(said) > _BY_WEIGHT.index(now)
    return before if said is Ranks.EVERY or (lighter and now is not Ranks.OTHERS) else store.constant(said)


_DECORATING = re.compile(
    r"rankzero|rank0|mainprocess|masteronly|mainonly|primaryonly|onlymaster|onlymain|onmain|onmaster"
)


def is_decorated(definition: nodes.FunctionDef) -> bool:
    """Is the function one that its decorators, by their names, run on the first rank only?"""
    decorators = definition.decorators.nodes if definition.decorators else ()
    names = (_name_of(node).lower().replace("_", "") for node in decorators)
    return any(_DECORATING.search(name) for name in names)


# Conditions


def as_value(condition: Condition, store: Store) -> Values:
    """Return a condition as something that can be bound to a name."""
    return frozenset({store.make(Kind.DATA, path=_SAYING, constant=condition)})


def is_condition(value: Value) -> bool:
    """Is the value one of those?"""
    return value.path == _SAYING and isinstance(value.constant, tuple)


def said_by(node: nodes.NodeNG, values: Values, store: Store) -> Condition | None:
    """Return what an expression says as a condition, by what it may be or else by its name."""
    conditions = {value.constant for value in values if is_condition(value)}
    if conditions:
        only = conditions.pop() if len(conditions) == 1 else None
        return only if isinstance(only, tuple) else (Ranks.SOME, Ranks.SOME)
    if _is_there_on_first(values, store):
        return Ranks.FIRST, Ranks.OTHERS
    name = _name_of(node)
    if not name:
        return None
    return (Ranks.OTHERS, Ranks.FIRST) if carried(values) else _said_by_name(name)


def _is_there_on_first(values: Values, store: Store) -> bool:
    """Is this an object on the first rank, and nothing on the others, as a log that only the first one opens?"""
    there = {value for value in values if value.kind is not Kind.CONSTANT or value.constant}
    return bool(there) and there != values and there <= store.of_first


def made_in(node: nodes.NodeNG, values: Iterable[Value]) -> Iterator[Value]:
    """Return those of the values that come to be in an expression, or in what it calls."""
    for value in values:
        calls = value.frame.calls if value.frame is not None else ()
        if any(site is node or node.parent_of(site) for site in (value.site, *calls) if site is not None):
            yield value


def negated(condition: Condition) -> Condition:
    """Return what ``not`` makes of it."""
    held, failed = condition
    return failed, held


def joined(operator: str, conditions: Sequence[Condition | None]) -> Condition | None:
    """Return what ``and`` or ``or`` makes of conditions; ``None`` if none of them speaks of ranks."""
    if not any(conditions):
        return None
    known = [condition or _EVERYBODY for condition in conditions]
    if operator == "or":
        return negated(_all_of([negated(one) for one in known]))
    return _all_of(known)


def _all_of(conditions: Sequence[Condition]) -> Condition:
    """Where all hold, the narrowest one counts; where one fails, it may be any, of those that mind a group at all."""
    held = min((held for held, _ in conditions), key=_BY_WEIGHT.index)
    failing = {failed for _, failed in conditions} - {Ranks.ALONE} or {Ranks.ALONE}
    return held, failing.pop() if len(failing) == 1 else Ranks.SOME


def _name_of(node: nodes.NodeNG) -> str:
    called = node.func if isinstance(node, nodes.Call) else node
    return called.attrname if isinstance(called, nodes.Attribute) else dotted(called)


@lru_cache(_MOST_NAMES)
def _said_by_name(name: str) -> Condition | None:
    plain = name.lower().replace("_", "")
    if _FIRST.fullmatch(plain):
        return Ranks.FIRST, Ranks.OTHERS
    if _GROUPED.search(plain):
        return Ranks.EVERY, Ranks.ALONE
    picks = "rank" in _words(name) or {"is", "main"} <= _words(name) or _TOLD.fullmatch(plain)
    return (Ranks.SOME, Ranks.SOME) if picks else None


@lru_cache(_MOST_NAMES)
def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))


# Comparisons


def compared(node: nodes.Compare, left: Values, right: Values, store: Store) -> Condition | None:
    """Return what ``left operator right`` says; ``None`` if it does not speak of ranks."""
    operator, _ = node.ops[0]
    if carried(left):
        return _rank_compared(operator, _numbers(right, store))
    if carried(right) and operator in {"==", "!="}:
        return _rank_compared(operator, _numbers(left, store))
    if operator in {"is not", "!=", "is", "=="} and all(map(is_none, right)) and _is_there_on_first(left, store):
        there = (Ranks.FIRST, Ranks.OTHERS)
        return there if operator in {"is not", "!="} else negated(there)
    name = _name_of(node.left)
    numbers = _numbers(right, store)
    if _SIZE.search(name):
        return _size_compared(operator, numbers)
    picks = numbers is not None and None not in numbers and not _PICKING.isdisjoint(_words(name))
    return (Ranks.SOME, Ranks.SOME) if picks else None


def _numbers(values: Values, store: Store) -> set[object] | None:
    """Return the constants that something is, or that a list or tuple holds; ``None`` if one is not known."""
    held = [
        part for value in values for part in (store.parts.get(value, ()) if value.kind is Kind.COLLECTION else [value])
    ]
    if not held or any(value.kind is not Kind.CONSTANT for value in held):
        return None
    return {value.constant for value in held}


def _rank_compared(operator: str, numbers: set[object] | None) -> Condition:
    negative = {"!=": "==", "not in": "in", "is not": "is", ">": "<=", ">=": "<"}
    if operator in negative:
        return negated(_rank_compared(negative[operator], numbers))
    if (numbers in ({None}, {-1}) and operator != "<=") or (operator, numbers) in (("<", {0}), ("<=", {-1})):
        return Ranks.ALONE, Ranks.EVERY
    is_first = numbers in ({0}, {0, -1}, {"0"}) if operator != "<" else numbers == {1}
    return (Ranks.FIRST, Ranks.OTHERS) if is_first else (Ranks.SOME, Ranks.SOME)


def _size_compared(operator: str, numbers: set[object] | None) -> Condition | None:
    if (operator, numbers) in ((">", {1}), ("!=", {1}), (">=", {2})):
        return Ranks.EVERY, Ranks.ALONE
    return (Ranks.ALONE, Ranks.EVERY) if (operator, numbers) in (("==", {1}), ("<=", {1}), ("<", {2})) else None
