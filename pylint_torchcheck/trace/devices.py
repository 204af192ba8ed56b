"""Which tensors are on an accelerator for certain."""

from __future__ import annotations

from collections.abc import Mapping

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.torch_api.effects import ACCELERATING, ACCELERATORS, DEVICE, HOLDING_PLACE, LEAVING_PLACE
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.values import Store, Value, Values

Calls = Mapping[nodes.NodeNG | None, CallSite]


def is_on_accelerator(value: Value, calls: Calls, store: Store, deepest: int = 20) -> bool:
    """Was a tensor moved to an accelerator, or computed from one that was?"""
    if value.kind is not Kind.TENSOR or deepest == 0:
        return False
    call = calls.get(value.site)
    if value.path in ACCELERATING:
        return True
    if call is not None and _names_accelerator(call, calls):
        return True
    if value.path in LEAVING_PLACE or (call is not None and call.gives("device")):
        return False
    sources = set(store.parts.get(value, ()))
    if value.path in HOLDING_PLACE:  # off the graph, and so made of nothing
        sources |= {value.owner} if value.owner is not None else call.receivers if call is not None else set()
        return bool(sources) and all(is_on_accelerator(one, calls, store, deepest - 1) for one in sources)
    return any(is_on_accelerator(one, calls, store, deepest - 1) for one in sources)


def _names_accelerator(call: CallSite, calls: Calls) -> bool:
    """Is the argument ``device`` an accelerator, written out?"""
    given = call.argument("device")
    return bool(given) and all(_is_accelerator(one, calls) for one in given)


def _is_accelerator(device: Value, calls: Calls) -> bool:
    made = calls.get(device.site) if device.path == DEVICE else None
    named: Values | set[Value] = made.argument("type") if made is not None else {device}
    names = [one.constant for one in named]
    return bool(names) and all(isinstance(name, str) and name.partition(":")[0] in ACCELERATORS for name in names)
