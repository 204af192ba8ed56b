"""Tensors that a module keeps as plain attributes, and computes with in ``forward``: ``to()`` does not know of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind, Trait
from pylint_torchcheck.torch_api.effects import CUTTING, LEAVING_PLACE, PLACED_ELSEWHERE
from pylint_torchcheck.torch_api.generated import CONSTRUCTORS
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.classes import enclosing_class, has_trait
from pylint_torchcheck.trace.registration import deals_by_hand
from pylint_torchcheck.trace.sites import AttributeSite
from pylint_torchcheck.trace.values import Store, Value

Calls = Mapping[nodes.NodeNG | None, CallSite]


class Buffers:
    """Answers for one file."""

    def __init__(self, assignments: Iterable[AttributeSite], learning: set[Value], calls: Calls, store: Store) -> None:
        self._learning = learning
        self._calls = calls
        self._store = store
        self._assignments: dict[tuple[str, nodes.ClassDef | None], list[AttributeSite]] = {}
        self._set_from_outside: set[str] = set()
        for site in assignments:
            if site.is_own:
                self._assignments.setdefault((site.name, enclosing_class(site.node)), []).append(site)
            else:
                self._set_from_outside.add(site.name)

    def left_behind(self) -> Iterator[AttributeSite]:
        """Return assignments of constructors, the only ones of their names, of what ``forward`` computes with."""
        for (name, _), (site, *others) in self._assignments.items():
            if others or name in self._set_from_outside or not self._registered.isdisjoint({name, ...}):
                continue
            if self._is_kept_plainly(site):
                uses = [self._is_used(value, site) for value in site.values]
                if None not in uses and True in uses:
                    yield site

    @cached_property
    def _registered(self) -> set[object]:
        """The names that the file registers as buffers; an ellipsis, if it registers some that are not written out."""
        calls = (call for call in self._calls.values() if call.method == "register_buffer")
        given = [call.argument_node("name") for call in calls]
        return {one.value if isinstance(one, nodes.Const) else ... for one in given}

    def _is_kept_plainly(self, site: AttributeSite) -> bool:
        owners = [value for value in site.receivers if value.kind in _MODULES and not value.guessed]
        if not owners or len(owners) < len(site.receivers) or any(deals_by_hand(one, self._store) for one in owners):
            return False
        is_constructed = site.runs_within("__init__")
        return is_constructed and bool(site.values) and all(map(self._is_plain, site.values))

    def _is_plain(self, value: Value) -> bool:
        """Is it made on the CPU, of numbers alone, and has it several? One goes with any tensor, none is a stand-in."""
        if value.kind is not Kind.TENSOR or value.on_graph is not False or value.path in LEAVING_PLACE:
            return False
        if value in self._learning:
            return False
        call = self._calls.get(value.site)
        if call is not None and (call.gives("device") or not _is_off(call, "requires_grad")):
            return False
        if value.path in CONSTRUCTORS:
            return value.path not in PLACED_ELSEWHERE and not (call is not None and _has_no_places(call))
        sources = [part for part in self._store.parts.get(value, ()) if part.kind is Kind.TENSOR]
        return bool(sources) and all(map(self._is_plain, sources))

    def _is_used(self, value: Value, site: AttributeSite) -> bool | None:
        """Does ``forward`` compute with it beside what it is given, as it is? ``None``: it is moved by hand."""
        seen = {value}
        waiting = [value]
        is_used = False
        while waiting:
            for made in self._made_of.get(waiting.pop(), ()):
                if made in site.receivers:
                    continue
                if made.path in LEAVING_PLACE or made.kind in _KEPT:
                    return None
                if not self._is_computed_in_forward(made):
                    continue  # made of it by the constructor, and used in its place
                if self._meets_others(made, seen):
                    is_used = True
                elif made not in seen:
                    seen.add(made)
                    waiting.append(made)
        return is_used

    def _is_computed_in_forward(self, made: Value) -> bool:
        return made.frame is not None and made.frame.is_within("forward")

    def _meets_others(self, made: Value, known: set[Value]) -> bool:
        """Is it computed from something else as well, which is where the module is?"""
        others = self._store.parts.get(made, set()) - known
        return any(
            (one.kind is Kind.TENSOR and not self._is_plain(one))
            or one.kind is Kind.PARAMETER
            or (one.kind is Kind.MODULE and has_trait(one, Trait.PARAMETERS, self._store) is True)
            for one in others
        )

    @cached_property
    def _made_of(self) -> dict[Value, list[Value]]:
        """What each tensor is a part of."""
        found: dict[Value, list[Value]] = {}
        for made, parts in self._store.parts.items():
            for part in parts:
                if part.kind is Kind.TENSOR:
                    found.setdefault(_before_cutting(part), []).append(made)
        return found


def _is_off(call: CallSite, switch: str) -> bool:
    return not call.gives(switch) or all(value.constant is False for value in call.argument(switch))


def _before_cutting(value: Value) -> Value:
    """Return what a tensor was detached from; itself, if it was not."""
    while value.path in CUTTING and value.owner is not None:
        value = value.owner
    return value


def _has_no_places(call: CallSite) -> bool:
    """Is it a single number, or empty, as ``torch.empty(0)``?"""
    match call.node.args:
        case [nodes.Const(value=0) | nodes.List(elts=[]) | nodes.Tuple(elts=[])]:
            return True
    return _may_be_number(call)


def _may_be_number(call: CallSite) -> bool:
    """Is this ``torch.tensor`` of what is no list for certain?"""
    given = call.argument("data")
    return call.paths == {"torch.tensor"} and not (given and all(one.kind is Kind.COLLECTION for one in given))


_MODULES = frozenset({Kind.MODULE, Kind.LOSS_FUNCTION})
_KEPT = frozenset({Kind.PARAMETER, Kind.MODULE, Kind.LOSS_FUNCTION, Kind.OPTIMIZER})  # of which it has become a part
