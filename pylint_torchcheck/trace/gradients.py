"""Gradients that a program clears, scales or writes by hand, through ``.grad``."""

from __future__ import annotations

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import GradientsWritten, Kind, UnscaledByHand, ZeroGrad, ZeroGradPart
from pylint_torchcheck.trace.machine import Machine
from pylint_torchcheck.trace.values import Store, Value, Values, is_none

_CLEARING = frozenset({"zero_", "fill_"})
_SCALING = frozenset({"mul_", "div_"})
METHODS = _CLEARING | _SCALING
_ZEROS = frozenset({"torch.zeros", "torch.zeros_like"})
_WITH_GRADIENT = frozenset({Kind.PARAMETER, Kind.TENSOR, Kind.UNKNOWN})


def holders(values: Values) -> Values:
    """Return what of ``values`` has a gradient, as far as can be known."""
    return frozenset(value for value in values if value.kind in _WITH_GRADIENT)


def assign(machine: Machine, node: nodes.NodeNG, holder: Value, written: Values) -> None:
    """Record ``p.grad = ...``: ``None`` and zeros clear, anything else is a gradient that replaces the old one."""
    if all(value.path in _ZEROS or is_none(value) for value in written):
        _clear(machine, node, holder)
    else:
        _write(machine, node, holder)


def _write(machine: Machine, node: nodes.NodeNG, holder: Value) -> None:
    subjects = _subjects(machine.store, holder)
    machine.emit(ZeroGradPart, node, subjects)
    machine.emit(GradientsWritten, node, subjects)
    machine.emit(UnscaledByHand, node, subjects)


def scale(machine: Machine, node: nodes.NodeNG, holder: Value) -> None:
    """Record ``p.grad /= scale``, which may be how the program undoes a gradient scaler's factor."""
    machine.emit(UnscaledByHand, node, _subjects(machine.store, holder))


def change(machine: Machine, node: nodes.NodeNG, gradient: Value, method: str) -> None:
    """Record ``p.grad.zero_()`` and the like; a tensor that is no gradient concerns nobody."""
    holder = holder_of(gradient)
    if holder is None:
        return
    if method == "fill_" and not _fills_with_zeros(node):
        _write(machine, node, holder)
    else:
        act = _clear if method in _CLEARING else scale
        act(machine, node, holder)


def _fills_with_zeros(node: nodes.NodeNG) -> bool:
    match node:
        case nodes.Call(args=[nodes.Const(value=value)]):
            return bool(value == 0)
    return False


def holder_of(gradient: Value | None) -> Value | None:
    """Return that whose gradient this is, through ``.grad.data`` too."""
    while gradient is not None and gradient.path == "data":
        gradient = gradient.owner
    return gradient.owner if gradient is not None and gradient.path == "grad" else None


def _clear(machine: Machine, node: nodes.NodeNG, holder: Value) -> None:
    """In a loop over a module's parameters, the loop says of how many."""
    if holder.kind is Kind.PARAMETER and machine.switched is not None:
        machine.switched.append(ZeroGrad)
    else:
        machine.emit(ZeroGradPart, node, _subjects(machine.store, holder))


def _subjects(store: Store, holder: Value) -> Values:
    """Return the modules or optimizers that a parameter was taken from; itself, if it is not known to be of any."""
    origins = store.origins([holder])
    taken = {value.owner for value in origins if value.kind is Kind.PARAMETERS or value.path == "param_groups"}
    return frozenset(owner for owner in taken if owner is not None) or frozenset({holder})
