"""What the ranks of one model tell one another besides gradients: a few numbers, over gloo, which no GPU waits for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist

from torchguard.errors import MisuseError, RanksDisagreeError

T = TypeVar("T")
_END = object()
_WAYS = ("backward()", "flush()", "minimize()")  # to end a window


def world_size() -> int:
    """The ranks of the process group; 1 without one.

    Raises:
        MisuseError: the process is one of several and has no process group, so that each would train on its own.
    """
    if dist.is_available() and dist.is_initialized():
        return dist.get_world_size()
    if (started := os.environ.get("WORLD_SIZE", "1")) != "1":
        raise MisuseError(
            f"WORLD_SIZE={started} and torch.distributed is not initialized, so each process would train a model of "
            "its own; write with torchguard.distributed() as env: around it"
        )
    return 1


@dataclass(frozen=True)
class ModelRanks:
    """The ranks that train one model together, with a gloo group of their own.

    Of their own, so that no message is ever taken for a gradient: if one rank sends gradients while another sends a
    message, both wait until the timeout of the model's group, instead of reading what was meant for something else.
    """

    group: dist.ProcessGroup

    @classmethod
    def of(cls, group: dist.ProcessGroup) -> ModelRanks:
        """The ranks of a model's process group; every one of them has to call this."""
        members = dist.get_process_group_ranks(group)
        # A group of local synchronization is named by its members, so a second one finds the first one's addresses.
        only_some = len(members) < dist.get_world_size()
        own = dist.new_group(members, timeout=_timeout_of(group), backend="gloo", use_local_synchronization=only_some)
        return cls(own)

    @property
    def size(self) -> int:
        return self.group.size()

    def tell(self, *numbers: float) -> list[list[float]]:
        """What each rank said, in the order of ranks."""
        own = torch.tensor(numbers, dtype=torch.float64)
        rows = [torch.empty_like(own) for _ in range(self.size)]
        dist.all_gather(rows, own, group=self.group)
        return [row.tolist() for row in rows]

    def show(self, facts: Any) -> list[Any]:
        """What each rank shows, in the order of ranks: any object that can be pickled."""
        shown: list[Any] = [None] * self.size
        dist.all_gather_object(shown, facts, group=self.group)
        return shown

    def weight_of_window(self, how: str, micro_batches: int, weight: float) -> float:
        """The mean over the ranks of the weight of a window, which each of them is about to end.

        Raises:
            RanksDisagreeError: on every rank, if they do not end it in the same way after as many micro-batches.
        """
        rows = self.tell(_WAYS.index(how), micro_batches, weight)
        for rank, row in enumerate(rows):
            if row[:2] != rows[0][:2]:
                raise RanksDisagreeError(
                    f"rank 0 ends a window of {rows[0][1]:.0f} micro-batches by {_WAYS[int(rows[0][0])]} and rank "
                    f"{rank} one of {row[1]:.0f} by {_WAYS[int(row[0])]}, as happens with batches in unequal number; "
                    "write for batch in step.join(loader): on every rank"
                )
        return sum(row[2] for row in rows) / self.size

    def join(self, batches: Iterable[T]) -> Iterator[tuple[T, bool]]:
        """This rank's batches, then the last one again while other ranks have more; and whether it is one's own.

        Raises:
            MisuseError: on every rank, if one has no batch at all.
        """
        remaining, batch, beginning = iter(batches), None, True
        while True:
            following = next(remaining, _END)
            rows = self.tell(following is not _END)
            if not any(has_more for (has_more,) in rows):
                return
            if beginning and [0.0] in rows:
                raise MisuseError(
                    f"rank {rows.index([0.0])} has no batch at all, and so nothing to stand in with while others "
                    "train; give each rank at least one"
                )
            batch = batch if following is _END else following
            beginning = False
            yield cast(T, batch), following is not _END

    def refuse_shared_devices(self, device: torch.device) -> None:
        """Two ranks on one GPU hang or fail in NCCL, with a message that does not say why."""
        places = self.show((socket.gethostname(), str(_with_index(device))))
        for rank, place in enumerate(places):
            first = places.index(place)
            if device.type != "cpu" and first != rank:
                raise MisuseError(
                    f"ranks {first} and {rank} both hold their model on {place[1]} of one host, so collectives would "
                    "hang; write model.to(env.device) with the device of torchguard.distributed(), or "
                    'torch.cuda.set_device(local_rank) before model.to("cuda")'
                )

    def refuse_differing(self, settings: Sequence[tuple[str, object]]) -> None:
        """Every rank has to have the same settings."""
        shown = self.show(list(settings))
        for rank, theirs in enumerate(shown):
            for (name, here), (_, there) in zip(shown[0], theirs, strict=True):
                if here != there:
                    raise RanksDisagreeError(
                        f"{name} is {here} on rank 0 and {there} on rank {rank}, so their steps would differ; build "
                        "the same on every rank"
                    )

    def close(self) -> None:
        """Give the group back; every rank has to call this."""
        dist.destroy_process_group(self.group)


def _with_index(device: torch.device) -> torch.device:
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return device


def _timeout_of(group: dist.ProcessGroup) -> timedelta | None:
    """How long the model's own collectives wait; torch has no public way to ask."""
    backend = group._get_backend(group._device_types[0])  # pylint: disable=protected-access
    timeout: timedelta | None = backend.options._timeout  # pylint: disable=protected-access
    return timeout
