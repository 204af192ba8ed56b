"""Whole batches moved to a device, however they are nested."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from torchguard.errors import MisuseError

T = TypeVar("T")


@runtime_checkable
class _Movable(Protocol):
    """A packed sequence, a tokenizer's batch, or a class of your own."""

    def to(self, device: torch.device, /) -> Any: ...


def to_device(batch: T, device: torch.device | str | int) -> T:
    """The batch with every tensor in it on the device; the batch itself stays as it was.

    Lists, tuples, named tuples, dicts and other mappings, dataclasses, and anything with a method ``to`` are gone
    through; numbers, strings and all else are taken over. Copies from pinned memory to a GPU do not wait; copies to the
    CPU do, since reading them too early would give half a copy without an error::

        x, y = tg.to_device((x, y), env.device)  # x.to(device) alone moves nothing

    Raises:
        MisuseError: the batch is or holds a module, which ``.to`` moves in place.

    Source: PyTorch tutorial, "A guide on good usage of non_blocking and pin_memory() in PyTorch".
    Prevents: unassigned-tensor-result.
    """
    moved: T = _moved(batch, torch.device(device))
    return moved


def _moved(value: Any, device: torch.device) -> Any:
    match value:
        case Tensor():
            return value.to(device, non_blocking=device.type == "cuda")
        case nn.Module():
            raise MisuseError(
                f"the batch holds a {type(value).__name__}, and a module is moved in place; write module.to(device)"
            )
        case str() | bytes() | int() | float() | None:
            return value
        case _Movable() if not isinstance(value, type):
            return value.to(device)
        case Mapping():
            return _moved_mapping(value, device)
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*(_moved(item, device) for item in value))
        case list() | tuple():
            return type(value)(_moved(item, device) for item in value)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return _moved_fields(value, device)
    return value


def _moved_mapping(value: Mapping[Any, Any], device: torch.device) -> Any:
    """Of the same class, with what it holds beside its entries (``default_factory``)."""
    moved: Any = copy.copy(value)
    for key, item in value.items():
        moved[key] = _moved(item, device)
    return moved


def _moved_fields(value: Any, device: torch.device) -> Any:
    moved = copy.copy(value)
    for field in dataclasses.fields(value):
        object.__setattr__(moved, field.name, _moved(getattr(value, field.name), device))  # also if it is frozen
    return moved
