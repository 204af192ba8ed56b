"""Small looks at tensors: which ones a nested batch holds, and what in them is not finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass

import torch
from torch import Tensor

from torchguard.words import count


@dataclass(frozen=True)
class NonFinite:
    """How many elements of a tensor are nan, and how many inf; prints as ``3 nan and 1 inf of 128``."""

    nan: int
    positive: int
    negative: int
    size: int

    @classmethod
    def of(cls, tensor: Tensor) -> NonFinite | None:
        """What is not finite in it; ``None`` if all is, or if its dtype has no nan."""
        values = plain_values(tensor)
        if values is None or bool(torch.isfinite(values).all()):
            return None
        if values.is_complex():
            values = torch.view_as_real(values)
        nan, positive, negative = (int(test(values).sum()) for test in (torch.isnan, torch.isposinf, torch.isneginf))
        return cls(nan, positive, negative, values.numel())

    def __str__(self) -> str:
        kinds = ((self.nan, "nan"), (self.positive, "inf"), (self.negative, "-inf"))
        return f"{' and '.join(f'{n} {word}' for n, word in kinds if n)} of {count(self.size, 'value')}"


def plain_values(tensor: Tensor) -> Tensor | None:
    """A tensor's floating point or complex values, detached; ``None`` where there are none to look at."""
    if tensor.is_meta or tensor.is_nested or tensor.is_quantized or tensor.numel() == 0:
        return None
    if not (tensor.is_floating_point() or tensor.is_complex()):
        return None
    values = tensor.detach()
    return values if values.layout is torch.strided else values.coalesce().values() if values.is_sparse else None


def tensors_in(found: object, path: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors in nested containers, each with the expression that leads to it: ``args[0]["x"]``."""
    if isinstance(found, Tensor):
        yield path, found
    elif isinstance(found, Mapping):
        for key, value in found.items():
            yield from tensors_in(value, f"{path}[{key!r}]")
    elif isinstance(found, (list, tuple)):
        for index, value in enumerate(found):
            yield from tensors_in(value, f"{path}[{index}]")
    elif is_dataclass(found) and not isinstance(found, type):
        for field in fields(found):
            yield from tensors_in(getattr(found, field.name), f"{path}.{field.name}")


def first_sample(tensor: Tensor) -> int | None:
    """The index along dimension 0 of the first value that is not finite."""
    values = plain_values(tensor)
    if values is None or values.ndim == 0 or values.shape != tensor.shape:
        return None
    bad = ~torch.isfinite(values).flatten(1).all(dim=1) if values.ndim > 1 else ~torch.isfinite(values)
    return int(bad.nonzero()[0]) if bool(bad.any()) else None


def largest(tensor: Tensor) -> float:
    """The largest finite magnitude in it; 0 where there is none."""
    values = plain_values(tensor)
    if values is None:
        return 0.0
    magnitudes = values.abs()
    return float(torch.where(torch.isfinite(magnitudes), magnitudes, 0).max())


def describe(value: object) -> str:
    """A number, or a tensor of one, as messages show it."""
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    return f"{value:g}" if isinstance(value, float) else str(value)


def stored_bytes(found: object) -> int:
    """How many bytes the tensors in a nested value take, where those that share memory take it once."""
    sizes: dict[int, int] = {}
    for _, tensor in tensors_in(found, ""):
        with suppress(RuntimeError):  # tensors of other kinds have no storage
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
    return sum(sizes.values())
