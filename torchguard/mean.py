"""A weighted running mean over steps and ranks that keeps no graph and waits for no device until it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from torchguard.errors import MisuseError
from torchguard.model_ranks import world_size


class Mean:
    """A weighted mean of numbers, such as the loss over an epoch.

    ``total += loss`` keeps the graph of every batch, and ``total += loss.item()`` waits for the GPU in every step. This
    adds up in float64 on the device where the values are, and waits once, when it is read::

        mean = tg.Mean()
        for x, y in loader:
            ...
            mean.add(loss, weight=len(y))
        tg.print_once(f"loss {mean.value():.3f}")

    Prevents: loss-accumulation.
    """

    def __init__(self) -> None:
        self._total: Tensor | float = 0.0  # sum of value * weight, shape () once there was a tensor
        self._weight: Tensor | float = 0.0

    def add(self, value: Tensor | float, *, weight: Tensor | float = 1.0) -> None:
        """Count one value.

        Args:
            value: one number, on any device, on a graph or not.
            weight: how much it counts, in samples or tokens; 0 or more.

        Raises:
            MisuseError: the value is more than one number, or the weight is a negative number.
        """
        if not isinstance(weight, Tensor) and not (weight >= 0 and math.isfinite(weight)):
            raise MisuseError(
                f"weight={weight} is no share of a mean; pass the number of samples that it is the mean of"
            )
        number = _number(value)
        if isinstance(weight, Tensor):
            weight = _number(weight)
        self._total = number * weight + self._total
        self._weight = weight + self._weight

    def value(self) -> float:
        """The mean over all ranks' values so far. Waits for the device, and for the other ranks: call it on each one.

        Raises:
            MisuseError: no rank has counted anything.
        """
        total, weight = self._sums()
        if world_size() > 1:
            total, weight = _over_ranks(self._total, total, weight)
        if weight == 0:
            raise MisuseError("nothing was counted, so there is no mean; call mean.add(loss, weight=len(batch)) before")
        return total / weight

    def local(self) -> float:
        """The mean of this rank's values alone; waits for the device.

        Raises:
            MisuseError: nothing was counted.
        """
        total, weight = self._sums()
        if weight == 0:
            raise MisuseError(
                "this rank has counted nothing; read mean.value() on every rank, or call mean.add() before"
            )
        return total / weight

    def reset(self) -> None:
        """Start anew, say with an epoch."""
        self._total = self._weight = 0.0

    def state_dict(self) -> dict[str, Any]:
        """This rank's sums."""
        total, weight = self._sums()
        return {"total": total, "weight": weight}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._total, self._weight = state["total"], state["weight"]

    def _sums(self) -> tuple[float, float]:
        return float(self._total), float(self._weight)


def _number(value: Tensor | float) -> Tensor | float:
    """Without its graph, shape ``()``, float64 where the device has it."""
    if not isinstance(value, Tensor):
        return float(value)
    if value.numel() != 1:
        raise MisuseError(
            f"the value has shape {tuple(value.shape)}, and a mean counts one number at a time; write value.mean(), or "
            "use one Mean for each number"
        )
    exact = torch.float32 if value.device.type == "mps" else torch.float64
    return value.detach().reshape(()).to(exact)


def _over_ranks(like: Tensor | float, total: float, weight: float) -> tuple[float, float]:
    """The sums of all ranks, over a backend that the process group has."""
    gpu = like.device if isinstance(like, Tensor) else torch.device("cuda")
    has_cpu = "cpu" in str(dist.get_backend_config()) or dist.get_backend() == "gloo"
    sums = torch.tensor([total, weight], dtype=torch.float64, device="cpu" if has_cpu else gpu)
    dist.all_reduce(sums)
    total, weight = sums.tolist()
    return total, weight
