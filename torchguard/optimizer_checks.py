"""What can be wrong between a module and the optimizers that train it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from torch import nn
from torch.optim import Optimizer

from torchguard.findings import Finding
from torchguard.refusals import parameters_of
from torchguard.words import count, some


def _frozen_and_held(model: nn.Module, optimizers: list[Optimizer]) -> Iterator[Finding]:
    held = _held_ids(optimizers)
    frozen = [name for name, one in model.named_parameters() if id(one) in held and not one.requires_grad]
    if frozen:
        yield Finding(
            "frozen-params-in-optimizer",
            f"the optimizer holds {some(frozen, 'parameter')}, frozen; one that has a gradient, or gets one again, is "
            "moved by momentum and weight decay",
            "torchguard.param_groups(model, weight_decay=...)",
        )


def _trainable_and_not_held(model: nn.Module, optimizers: list[Optimizer]) -> Iterator[Finding]:
    if missing := _not_held(model, optimizers):
        yield Finding(
            "params-missing-from-optimizer",
            f"no optimizer holds {some(missing, 'parameter')}, trainable, so they stay as they were initialized",
            "the optimizer after the last layer was added or replaced",
        )


def _held_and_gone(model: nn.Module, optimizers: list[Optimizer]) -> Iterator[Finding]:
    """Silent where an optimizer also holds what is in no module, such as the temperature of a loss."""
    there = {id(parameter) for parameter in model.parameters()}
    held = [parameter for optimizer in optimizers for parameter in parameters_of(optimizer)]
    gone = [parameter for parameter in held if id(parameter) not in there]
    if (held and len(gone) == len(held)) or (gone and _not_held(model, optimizers)):
        kind = type(optimizers[0]).__name__
        yield Finding(
            "stale-optimizer",
            f"{len(gone)} of {count(len(held), 'parameter')} of the {kind} are in no module of the model, so steps on "
            "them change nothing",
            f"{kind}(model.parameters(), ...) after the model was replaced, wrapped or converted",
        )


def _held_twice(model: nn.Module, optimizers: list[Optimizer]) -> Iterator[Finding]:
    times = Counter(id(parameter) for optimizer in optimizers for parameter in parameters_of(optimizer))
    twice = [name for name, parameter in model.named_parameters() if times[id(parameter)] > 1]
    if twice:
        yield Finding(
            "params-held-twice",
            f"{some(twice, 'parameter')} held more than once, and moved by each optimizer that holds it",
            "one optimizer with one group for each part",
        )


def _not_held(model: nn.Module, optimizers: list[Optimizer]) -> list[str]:
    held = _held_ids(optimizers)
    return [name for name, one in model.named_parameters() if one.requires_grad and id(one) not in held]


def _held_ids(optimizers: list[Optimizer]) -> set[int]:
    return {id(parameter) for optimizer in optimizers for parameter in parameters_of(optimizer)}


CHECKS: tuple[Callable[[nn.Module, list[Optimizer]], Iterator[Finding]], ...] = (
    _frozen_and_held,
    _trainable_and_not_held,
    _held_and_gone,
    _held_twice,
)
