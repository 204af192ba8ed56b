"""A state dict that stays what it was."""

from __future__ import annotations

from collections import OrderedDict
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from torchguard.errors import MisuseError


def snapshot(module: nn.Module, *, device: torch.device | str | None = None) -> OrderedDict[str, Any]:
    """A copy of a module's state dict, for ``module.load_state_dict`` later on.

    ``module.state_dict()`` itself shares its memory with the module: kept as the best weights so far, it follows every
    further step, and at the end it holds the last weights. ::

        best = tg.snapshot(model)
        ...
        model.load_state_dict(best)

    Args:
        module: is not changed; its keys are kept, wrapped or not.
        device: where the copies go, such as ``"cpu"`` to spare a GPU's memory; ``None``: where the tensors are.

    Raises:
        MisuseError: something else than a module was given.

    Prevents: aliased-state-dict.
    """
    if not isinstance(module, nn.Module):
        raise MisuseError(
            f"snapshot() was given a {type(module).__name__}, and a module is needed; for another object's state "
            "write copy.deepcopy(optimizer.state_dict())"
        )
    state = module.state_dict()
    copies = OrderedDict((key, _copy(value, device)) for key, value in state.items())
    if hasattr(state, "_metadata"):  # the versions of the modules, by which load_state_dict knows what to convert
        copies._metadata = deepcopy(state._metadata)  # type: ignore[attr-defined]  # pylint: disable=protected-access
    return copies


def _copy(value: object, device: torch.device | str | None) -> object:
    if not isinstance(value, Tensor):
        return deepcopy(value)
    return value.detach().clone() if device is None else value.detach().to(device, copy=True)
