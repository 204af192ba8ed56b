"""Which names a piece of source must hold for a verb to happen, by the tables of ``torch_api``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import Pitfall
from pylint_torchcheck.pitfalls.signs import Clue, Near, Sign, Signs, signs
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Drained,
    Drawn,
    EvaluationForward,
    Forward,
    Freeze,
    FreezePart,
    GradientsWritten,
    NormsHeld,
    OptimizerStep,
    PartReplaced,
    RecordedEvaluation,
    SingleSampleForward,
    StepElsewhere,
    Thaw,
    UnscaledByHand,
    Verb,
    ZeroElsewhere,
    ZeroGrad,
)
from pylint_torchcheck.torch_api import effects, frameworks, generated, lengths
from pylint_torchcheck.torch_api.effects import Effect

_BY_HAND: dict[type[Verb], str] = {
    ZeroGrad: ".grad",
    GradientsWritten: ".grad",
    UnscaledByHand: ".grad",
    Freeze: ".requires_grad",
    FreezePart: ".requires_grad",
    Thaw: ".requires_grad",
}


def signs_of(pitfall: type[Pitfall]) -> Signs:
    """Return the signs of a pitfall: its own, or those of the verbs without which its protocol cannot break.

    Most questions are asked of the calls in the file that is read; a protocol can be broken by way of another.
    """
    if pitfall.protocol is not None:
        return tuple(group for verb in pitfall.protocol.necessary for group in _signs_of(verb))
    groups = map(_expanded, pitfall.signs)
    return tuple(groups) if pitfall.crosses_files else tuple(map(Near, groups))


def _expanded(group: frozenset[Clue]) -> frozenset[Clue]:
    """Put names in the place of verbs."""
    return type(group)(one for clue in group for one in (_names_of(clue) if isinstance(clue, type) else (clue,)))


def _signs_of(verb: type[Verb]) -> Signs:
    """Return what a verb shows itself by; a call of a module by nothing, since anything may be one."""
    if verb is EvaluationForward:
        return signs([Sign.EVALUATION], [Sign.BATCHES, *_SWITCHES])
    if verb is RecordedEvaluation:
        return signs([Sign.EVALUATION], [Sign.BATCHES])
    if verb is SingleSampleForward:
        return signs(["DataLoader"], sorted(_last(path) for path in lengths.SOURCES))
    if verb is PartReplaced:
        return signs(sorted(_last(path) for path in effects.WEIGHTED))
    if verb is Drawn:
        return signs([_last(path) for path in effects.DISTRIBUTED_SAMPLERS])
    if verb is Drained:
        return signs([".parameters", ".named_parameters", "filter"])
    if verb is ZeroElsewhere:
        return _signs_of(ZeroGrad)
    if verb is StepElsewhere:
        return _signs_of(OptimizerStep)
    if verb is NormsHeld:
        return signs([".eval", ".train"])
    return () if _are_akin(verb, Forward) else signs(_names_of(verb))


def _names_of(verb: type[Verb]) -> frozenset[Clue]:
    """Return the names of what makes a verb, or a wider one that may turn out to be it."""
    by_hand = {name for other, name in _BY_HAND.items() if _are_akin(other, verb)}
    made = (names for other, names in _names_by_verb().items() if _are_akin(other, verb))
    return frozenset[Clue](by_hand).union(*made)


@cache
def _names_by_verb() -> Mapping[type[Verb], set[str]]:
    found: dict[type[Verb], set[str]] = defaultdict(set)
    for name, verb in _everything_made():
        found[verb].add(name)
    return found


def _everything_made() -> Iterator[tuple[str, type[Verb]]]:
    for table in (*effects.METHODS.values(), effects.BY_NAME_ALONE, *frameworks.METHODS.values()):
        yield from ((f".{name}", verb) for name, verb in _verbs(table))
    for table in (effects.FUNCTIONS, frameworks.FUNCTIONS):
        yield from ((_clue_of(path), verb) for path, verb in _verbs(table))
    yield from ((_last(path), Backward) for path in frameworks.COURSES)  # the framework calls it on the loss


def _verbs(table: Mapping[str, Effect]) -> Iterator[tuple[str, type[Verb]]]:
    for name, effect in table.items():
        yield from ((name, verb) for verb in (effect.verb, effect.off, effect.then) if verb is not None)


def _clue_of(path: str) -> str:
    """Return how a function shows; with its dot, if methods have the same name, which anybody may define."""
    name = _last(path)
    return f".{name}" if name in effects.BY_NAME_ALONE else name


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _are_akin(one: type[Verb], other: type[Verb]) -> bool:
    return issubclass(one, other) or issubclass(other, one)


_SWITCHES = frozenset(_last(path) for path in effects.GRAD_CONTEXTS) - {"enable_grad"}


def signs_of_method(name: str, words: Collection[str], code: str) -> Iterator[Sign]:
    """Return what a constructor or a ``forward`` shows in its words."""
    if name == "forward" and not _LAYERS.isdisjoint(words):
        yield Sign.BUILT_IN_FORWARD
    elif name != "__init__" and not _LAYERS.isdisjoint(words) and _BUILT_AND_CALLED.search(code):
        yield Sign.BUILT_AND_CALLED
    if name == "__init__":
        setting, base = _SETTING.search(code), code.find(".__init__")
        if setting and (base < 0 or setting.start() < base):
            yield Sign.BARE_CONSTRUCTOR


def is_collection(value: nodes.NodeNG, names: Collection[str]) -> bool:
    """Is an expression a list, tuple or dict that is empty or holds new objects, or the name of one?"""
    if isinstance(value, nodes.Name):
        return value.name in names
    is_call = isinstance(value, nodes.Call) and isinstance(value.func, nodes.Name)
    if not isinstance(value, _COLLECTIONS) and not (is_call and value.func.name in {"list", "dict", "tuple"}):
        return False
    calls = list(value.nodes_of_class(nodes.Call))
    return any(_makes_object(call) for call in calls) or not any(_items(value))


def is_tensor(value: nodes.NodeNG, names: Collection[str]) -> bool:
    """Is an expression a tensor that torch makes of numbers, or computed from one, or from one of the names?"""
    while True:
        match value:
            case nodes.Name(name=name):
                return name in names
            case nodes.Call(func=nodes.Attribute(expr=nodes.Name(name="torch"), attrname=name), args=arguments):
                return name in _MAKING or any(is_tensor(argument, names) for argument in arguments)
            case nodes.Call(func=nodes.Attribute(expr=source)) | nodes.Subscript(value=source):
                value = source
            case nodes.UnaryOp(operand=source) | nodes.BinOp(right=nodes.Const(), left=source):
                value = source
            case nodes.BinOp(left=left, right=right):
                return is_tensor(right, names) or is_tensor(left, names)
            case _:
                return False


def _items(value: nodes.NodeNG) -> list[nodes.NodeNG]:
    return list(value.args) if isinstance(value, nodes.Call) else list(value.get_children())


def _makes_object(call: nodes.Call) -> bool:
    """Is this the call of a class, as classes are spelt?"""
    name: str = getattr(call.func, "attrname", "") or getattr(call.func, "name", "")
    return name[:1].isupper()


_MAKING = frozenset(_last(path) for path in generated.CONSTRUCTORS)
_COLLECTIONS = (nodes.List, nodes.Tuple, nodes.Dict, nodes.ListComp, nodes.DictComp)
_LAYERS = frozenset(_last(path) for path in effects.PARAMETRIC | effects.DROPOUTS)
_MADE = rf"(?:[\w.]{{1,60}}\.)?(?:{'|'.join(sorted(_LAYERS))}|Sequential)\("
_BUILT_AND_CALLED = re.compile(
    rf"{_MADE}[^\n()]*\)\s*(?:\.\w+\([^()\n]*\)\s*)*\(|\b(\w+)\s*=\s*{_MADE}[\s\S]{{0,800}}?\b\1\("
)
_SETTING = re.compile(r"\bself\.\w+\s*(?::[^=\n]+)?=(?!=)")
