"""One accumulation window: a weighted mean of gradients that grows micro-batch by micro-batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict

import torch
from torch import Tensor

from torchguard.errors import MisuseError


class WindowState(TypedDict):
    """An unfinished window, without its gradients."""

    filled: int
    unit: float
    weight: float


class Window:
    """Counts the micro-batches of a window and keeps their weights.

    The gradients themselves add up in ``.grad``; the window says by which factor each loss goes in and by what the
    sum is divided in the end. Weights are taken relative to the window's first one: equal weights then change no bit
    of the loss, and weights in tokens do not push a scaled fp16 loss over its range.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.clear()

    def clear(self) -> None:
        """Start a new window."""
        self.filled = 0
        self._unit = 1.0  # the weight of the window's first micro-batch
        self._weight = 0.0  # sum of the weights so far, in units

    @property
    def is_empty(self) -> bool:
        return self.filled == 0

    @property
    def is_full(self) -> bool:
        return self.filled >= self.size

    def factor(self, weight: float) -> float:
        """What a micro-batch of this weight multiplies its loss with."""
        if not (weight > 0 and math.isfinite(weight)):
            raise MisuseError(
                f"weight={weight} is no share of a window; pass the number of samples or tokens that the loss is the "
                "mean of, and leave out a micro-batch that has none"
            )
        return 1.0 if self.is_empty else weight / self._unit

    def add(self, weight: float) -> None:
        """Count a micro-batch whose gradient is in ``.grad`` by now."""
        if self.is_empty:
            self._unit = weight
        self._weight += weight / self._unit
        self.filled += 1

    def average(self, grads: Sequence[Tensor]) -> None:
        """Turn the weighted sum of gradients into their weighted mean, in place."""
        if self._weight != 1.0:
            torch._foreach_div_(list(grads), self._weight)  # pylint: disable=protected-access  # as optimizers do

    def state_dict(self) -> WindowState:
        return {"filled": self.filled, "unit": self._unit, "weight": self._weight}

    def load_state_dict(self, state: WindowState) -> None:
        self.filled, self._unit, self._weight = state["filled"], state["unit"], state["weight"]
