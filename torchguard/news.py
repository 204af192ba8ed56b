"""How a rank's failure reaches the others, which may be waiting for it in a collective."""

from __future__ import annotations

import time
from contextlib import suppress
from types import TracebackType

import torch.distributed as dist

# pylint: disable-next=import-error  # torch.distributed has it too, and does not say so to type checkers
from torch._C._distributed_c10d import Store
from torch.distributed.distributed_c10d import _abort_process_group  # no public way breaks every group off at once
from torch.distributed.elastic.multiprocessing.errors import get_error_handler

from torchguard.errors import RankFailedError
from torchguard.preemption import Preempted

PATIENCE_S = 5.0  # to hear why a collective broke off
_SIGNS_OF_LOSS = ("gloo", "nccl", "processgroup", "connection closed by peer", "connection reset by peer")


class Terminated(SystemExit):
    """SIGTERM, as an exception."""


class News:
    """Around all that the ranks do together. Leaves the process group at the end, and says how.

    A rank that fails writes its reason into the store before its process ends. That closes its connections, upon which
    the collectives of the others fail with some network error; and torchrun sends SIGTERM to all that are left. Either
    way they look into the store for the reason.
    """

    def __init__(self, store: Store, rank: int, world_size: int) -> None:
        self._store, self._rank, self._world_size = store, rank, world_size

    def __enter__(self) -> News:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is None or _is_orderly(error):
            self._leave()
        elif isinstance(error, Terminated) and (reason := self._failure()):
            self._break_off()
            raise RankFailedError(f"rank {self._rank} was ended by SIGTERM: {reason}") from error
        elif _is_loss_of_others(error):
            reason = self._reason()
            self._break_off()
            raise RankFailedError(
                f"rank {self._rank} waited for the others in vain ({_in_short(error)}): {reason}"
            ) from error
        else:
            self._fail(error)

    def _leave(self) -> None:
        with suppress(RuntimeError):  # the store itself may be gone, with the rank that held it
            self._store.set(f"left/{self._rank}", "")
        if dist.is_initialized():  # not if the block has done it
            dist.destroy_process_group()

    def _fail(self, error: BaseException) -> None:
        with suppress(RuntimeError):
            if self._store.add("failures", 1) == 1:
                self._store.set("failed", f"rank {self._rank} failed first, with {_in_short(error)}")
        self._break_off()
        get_error_handler().record_exception(error)  # for torchrun's summary

    def _break_off(self) -> None:
        """Wait for nothing. Gloo's connections close when the last object that holds them is gone."""
        if dist.is_initialized():
            _abort_process_group()

    def _failure(self) -> str:
        """The reason of the rank that failed first; empty if none has."""
        with suppress(RuntimeError):
            if self._store.check(["failed"]):
                return f"{self._store.get('failed').decode()}; look at that rank's log"
        return ""

    def _reason(self) -> str:
        """Why the others do not answer, as far as the store tells; after some time, if it does not at once."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if failure := self._failure():
                return failure
            if left := self._ranks_that_left():
                return (
                    f"rank {left[0]} has left the block of distributed() already, as it would with fewer batches; "
                    "write for batch in step.join(loader):"
                )
            time.sleep(0.02)
        return (
            "no rank has said why, so one was killed, or hangs, or takes another way through the script; look at what "
            "torchrun says of each, and call collectives on every rank"
        )

    def _ranks_that_left(self) -> list[int]:
        with suppress(RuntimeError):
            return [rank for rank in range(self._world_size) if self._store.check([f"left/{rank}"])]
        return []


def _is_orderly(error: BaseException) -> bool:
    """All ranks are preempted at the same step, with nothing left to do."""
    return isinstance(error, Preempted) or (isinstance(error, SystemExit) and not error.code)


def _is_loss_of_others(error: BaseException) -> bool:
    """Gloo raises nothing better than a RuntimeError."""
    if not isinstance(error, RuntimeError):
        return False
    return isinstance(error, dist.DistError) or any(sign in str(error).lower() for sign in _SIGNS_OF_LOSS)


def _in_short(error: BaseException) -> str:
    first_line = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first_line[:300]}"
