"""One accumulation window: a weighted mean of gradients that grows micro-batch by micro-batch."""

from __future__ import annotations

import math
from typing import TypedDict

from torchguard.errors import MisuseError


class WindowState(TypedDict):
    """An unfinished window, without its gradients."""

    filled: int
    unit: float
    weight: float
    agreed: bool  # the unit is that of all ranks


class Window:
    """Counts the micro-batches of a window and keeps their weights.

    The gradients themselves add up in ``.grad``; the window says by which factor each loss goes in and by what the
    sum is divided in the end. Weights are taken relative to the window's first one: equal weights then change no bit
    of the loss, and weights in tokens do not push a scaled fp16 loss over its range. Several ranks agree on one unit
    for the whole run.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._agreed_unit: float | None = None
        self.clear()

    def clear(self) -> None:
        """Start a new window."""
        self.filled = 0
        self._unit = self._agreed_unit or 1.0  # the weight of the window's first micro-batch
        self._weight = 0.0  # sum of the weights so far, in units

    def agree(self, unit: float) -> None:
        """Take the unit that all ranks have, from the first window on."""
        self._agreed_unit = self._unit = unit

    @property
    def is_agreed(self) -> bool:
        return self._agreed_unit is not None

    @property
    def is_empty(self) -> bool:
        return self.filled == 0

    @property
    def is_full(self) -> bool:
        return self.filled >= self.size

    @property
    def closes(self) -> bool:
        """Is the next micro-batch the window's last?"""
        return self.filled + 1 >= self.size

    @property
    def weight(self) -> float:
        """The sum of the weights so far, in units."""
        return self._weight

    def begin(self, weight: float) -> None:
        """Begin with a micro-batch of this weight."""
        _refuse(weight)
        self._unit = self._agreed_unit or weight

    def factor(self, weight: float) -> float:
        """What a micro-batch of this weight multiplies its loss with."""
        _refuse(weight)
        return weight / self._unit

    def add(self, factor: float) -> None:
        """Count a micro-batch, by the `factor` that its loss is multiplied with."""
        self._weight += factor
        self.filled += 1

    def state_dict(self) -> WindowState:
        return {"filled": self.filled, "unit": self._unit, "weight": self._weight, "agreed": self.is_agreed}

    def load_state_dict(self, state: WindowState) -> None:
        self.filled, self._unit, self._weight = state["filled"], state["unit"], state["weight"]
        self._agreed_unit = self._unit if state["agreed"] else None


def _refuse(weight: float) -> None:
    if not (weight > 0 and math.isfinite(weight)):
        raise MisuseError(
            f"weight={weight} is no share of a window; pass the number of samples or tokens that the loss is the "
            "mean of, and leave out a micro-batch that has none"
        )
