"""Which tensors have no dimensions: losses, sums and means of everything, and what is computed from these alone."""

from __future__ import annotations

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.torch_api.effects import POINTWISE, REDUCTIONS
from pylint_torchcheck.torch_api.generated import LOSS_CALLS
from pylint_torchcheck.trace.values import Store, Value

SCALED = "scaled"  # the path of a loss that a gradient scaler has multiplied
LOSS = "loss"  # the path of what a loss function gives
SUMMED_LOSS = "summed loss"  # the same, of one that adds up the losses of a batch
LOSSES = "losses"  # the same, of one that gives a loss for each item of the batch


def path_of_loss(reduces: object) -> str:
    """Return the path of what a loss function gives, by whether and how it reduces the losses of a batch."""
    if reduces == "sum":
        return SUMMED_LOSS
    return LOSSES if reduces is False else LOSS


def is_scalar(value: Value, store: Store, deepest: int = 20) -> bool:
    """Has a tensor no dimensions for certain?"""
    if value.kind is not Kind.TENSOR or deepest == 0:
        return False
    name = value.path.rpartition(".")[2]
    if value.path in {LOSS, SUMMED_LOSS}:
        return True
    if value.path in LOSS_CALLS:
        return not _gives_keyword(value.site, {"reduction", "reduce"})
    if name in REDUCTIONS:
        return _reduces_all(value)
    if name in POINTWISE or isinstance(value.site, nodes.BinOp | nodes.AugAssign):
        parts = store.parts.get(value, set())
        return bool(parts) and all(part.kind in _NUMBERS or is_scalar(part, store, deepest - 1) for part in parts)
    return False


def is_mean(value: Value, store: Store) -> bool:
    """Is a tensor the mean of the losses in a batch, scaled for half precision at most?"""
    if value.path == SCALED:
        parts = [part for part in store.parts.get(value, ()) if part.kind is Kind.TENSOR]
        return len(parts) == 1 and is_mean(parts[0], store)
    is_called = value.path in LOSS_CALLS and not _gives_keyword(value.site, {"reduction", "reduce"})
    return value.path == LOSS or is_called


def _gives_keyword(site: nodes.NodeNG | None, names: set[str]) -> bool:
    return not isinstance(site, nodes.Call) or any(keyword.arg in {None, *names} for keyword in site.keywords)


def _reduces_all(value: Value) -> bool:
    """Is a reduction called with nothing but the tensor?"""
    site = value.site
    if not isinstance(site, nodes.Call) or site.keywords:
        return False
    return len(site.args) == (1 if "." in value.path else 0)


_NUMBERS = frozenset({Kind.CONSTANT, Kind.DATA})
