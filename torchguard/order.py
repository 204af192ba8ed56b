"""The samples of an epoch and their order: a pure function of seed and epoch."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Protocol

import torch
from torch import Tensor

from torchguard.errors import MisuseError
from torchguard.streams import GLOBAL, generators_in, mixed_seed, seed_streams, undisturbed


class Order(Protocol):
    """The samples of one epoch, in the order in which the run takes them."""

    samples: int

    def of(self, epoch: int) -> Sequence[Any]:
        """Indices of the dataset, or lists of them where a batch sampler makes the batches."""


class InOrder:
    """The samples as they stand."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def of(self, epoch: int) -> Sequence[Any]:  # pylint: disable=unused-argument  # each one is the same
        return range(self.samples)


class Shuffled:
    """Another permutation in each epoch."""

    def __init__(self, samples: int, seed: int) -> None:
        self.samples, self._seed = samples, seed

    def of(self, epoch: int) -> Sequence[Any]:
        generator = torch.Generator().manual_seed(mixed_seed(self._seed, epoch))
        return _Permutation(torch.randperm(self.samples, generator=generator))


class Sampled:
    """What a sampler, or a batch sampler, gives when every random stream that it may draw from starts anew.

    Raises:
        MisuseError: it gives other samples the second time, so it draws from a stream that cannot be found.
    """

    def __init__(self, sampler: Iterable[Any], seed: int) -> None:
        self._sampler, self._seed = sampler, seed
        self.samples = _size(sampler)
        self._own = generators_in(sampler)
        first = self.of(0)
        if list(first) != list(self.of(0)):
            raise MisuseError(
                f"{type(sampler).__name__} gives other samples each time, though python's, numpy's and torch's "
                "generators and those in its attributes start from the same seed, so a resume could not be exact; "
                "let it draw from a torch.Generator that it keeps as self.generator"
            )

    def of(self, epoch: int) -> Sequence[Any]:
        if callable(set_epoch := getattr(self._sampler, "set_epoch", None)):
            set_epoch(epoch)
        streams = [*GLOBAL, *self._own]
        with undisturbed(streams):
            seed_streams(streams, mixed_seed(self._seed, epoch))
            return list(islice(self._sampler, self.samples))


class _Permutation(Sequence[int]):
    """A tensor of indices as python's numbers, without a list of all of them."""

    def __init__(self, indices: Tensor) -> None:
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, key: Any) -> Any:
        return self._indices[key].tolist()

    def crc32(self) -> int:
        return zlib.crc32(self._indices.numpy().tobytes())


def fingerprint(order: Sequence[Any]) -> int:
    """Equal for equal orders of one kind."""
    return order.crc32() if isinstance(order, _Permutation) else zlib.crc32(repr(order).encode())


def _size(sampler: Iterable[Any]) -> int:
    try:
        return len(sampler)  # type: ignore[arg-type]  # asked, not assumed
    except TypeError:
        raise MisuseError(
            f"{type(sampler).__name__} has no length, so it cannot be said where an epoch ends; give it __len__()"
        ) from None
