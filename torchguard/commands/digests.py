"""Checksums of whatever a run has: two runs are the same where these are."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from torchguard.sharded import is_sharded

Digest = dict[str, int]  # the path of a tensor or value to its checksum


def digest(state: object) -> Digest:
    """Of each leaf of nested containers."""
    return dict(_leaves(state, ""))


def _leaves(state: object, path: str) -> Iterator[tuple[str, int]]:
    match state:
        case Mapping():
            for key, value in state.items():
                yield from _leaves(value, f"{path}.{key}" if path else str(key))
        case list() | tuple():
            for index, value in enumerate(state):
                yield from _leaves(value, f"{path}[{index}]")
        case Tensor():
            yield path, _crc32_of_tensor(state)
        case _:
            yield path, zlib.crc32(repr(state).encode())


def crc32_of(state: object) -> int:
    """One checksum of all of it."""
    return zlib.crc32(repr(sorted(digest(state).items())).encode())


def _crc32_of_tensor(tensor: Tensor) -> int:
    local: Any = tensor.to_local() if is_sharded(tensor) else tensor  # type: ignore[attr-defined]
    if local.layout != torch.strided:
        return zlib.crc32(repr(local).encode())
    content = local.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return zlib.crc32(content.numpy().tobytes(), zlib.crc32(f"{tensor.dtype}{tuple(tensor.shape)}".encode()))
