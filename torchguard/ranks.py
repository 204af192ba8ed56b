"""What the processes of one run have to agree on to save and to resume together; with one process, nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import torch
from torch import distributed

from torchguard.errors import CheckpointError, TorchguardError

T = TypeVar("T")


class Ranks(Protocol):
    """The processes that save and resume together."""

    rank: int
    size: int
    group: Any  # of torch.distributed; None with one process

    def share(self, value: Any) -> list[Any]:
        """Everybody's value, in the order of the ranks."""

    def largest(self, values: list[int]) -> list[int]:
        """The largest over the ranks of each number."""


class Alone:
    """One process."""

    rank, size, group = 0, 1, None

    def share(self, value: Any) -> list[Any]:
        return [value]

    def largest(self, values: list[int]) -> list[int]:
        return values


class Together:
    """All ranks of torch.distributed, over a gloo group of their own, so that nothing of the training's mixes in.

    Every call waits for all ranks, at most ``timeout`` seconds. Making one is such a call too.
    """

    def __init__(self, timeout: float) -> None:
        self.rank, self.size = distributed.get_rank(), distributed.get_world_size()
        self._timeout = timeout
        self.group = distributed.new_group(backend="gloo", timeout=timedelta(seconds=timeout))

    def share(self, value: Any) -> list[Any]:
        values: list[Any] = [None] * self.size
        self._explained(lambda: distributed.all_gather_object(values, value, group=self.group))
        return values

    def largest(self, values: list[int]) -> list[int]:
        numbers = torch.tensor(values)
        self._explained(lambda: distributed.all_reduce(numbers, distributed.ReduceOp.MAX, group=self.group))
        result: list[int] = numbers.tolist()
        return result

    def _explained(self, call: Callable[[], object]) -> None:
        try:
            call()
        except RuntimeError as error:  # gloo has no other kind
            raise CheckpointError(
                f"rank {self.rank} of {self.size} lost another rank, or waited for it longer than {self._timeout:g} s "
                f"({str(error).splitlines()[0]}), so nothing was saved; look why that rank died or does not call "
                "tick() and save() as often, and start again: resume() finds the newest whole checkpoint"
            ) from error


def ranks_of_this_run(timeout: float) -> Ranks:
    """All ranks where torch.distributed runs with more than one, else this process."""
    if distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1:
        return Together(timeout)
    return Alone()


def on_each(ranks: Ranks, work: Callable[[], T]) -> list[T]:
    """Do it on every rank and give everybody all results; what fails on one rank fails on all, so that none waits.

    Raises:
        TorchguardError: of the kind that the first failing rank met; its own error on that rank itself.
    """
    own: Exception | None = None
    result: Any = None
    try:
        result = work()
    except Exception as error:  # pylint: disable=broad-exception-caught  # raised again below, after all have heard of it
        own = error
    outcomes = ranks.share((result, _described(own)))
    if own is not None:
        raise own
    failures = [(rank, *failure) for rank, (_, failure) in enumerate(outcomes) if failure]
    if failures:
        rank, kind, message = failures[0]
        raise kind(f"rank {rank}: {message}")
    return [value for value, _ in outcomes]


def on_first(ranks: Ranks, work: Callable[[], T]) -> T:
    """Do it on rank 0 and give everybody its result; raises like `on_each`."""
    result: T = on_each(ranks, lambda: work() if ranks.rank == 0 else None)[0]  # type: ignore[assignment]
    return result


def _described(error: Exception | None) -> tuple[type[TorchguardError], str] | None:
    if error is None:
        return None
    if isinstance(error, TorchguardError):
        return type(error), str(error)
    return CheckpointError, f"{type(error).__name__}: {error}"
