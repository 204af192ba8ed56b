"""A name for one start of all ranks, under which the store holds nothing of an earlier one.

After an elastic restart torchrun's store still holds the addresses of the ranks that are gone, and a rank that reads
them waits for nobody. The count of restarts cannot tell the starts apart: a host that has replaced another one begins
at 0 again. So rank 0 draws a name, and gives it to each rank that proves to be alive.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import timedelta

# pylint: disable-next=import-error  # torch.distributed has it too, and does not say so to type checkers
from torch._C._distributed_c10d import PrefixStore, Store

from torchguard.errors import RankFailedError

_POLL_S = 0.01


def fresh_store(store: Store, rank: int, world_size: int, timeout: timedelta) -> Store:
    """The store for this start of the ranks alone; each rank has to call it.

    Raises:
        RankFailedError: not all ranks did in time.
    """
    own = PrefixStore("torchguard", store)
    end = time.monotonic() + timeout.total_seconds()
    name = _give_name(own, world_size, end) if rank == 0 else _take_name(own, rank, end)
    return PrefixStore(name, own)


def _give_name(store: Store, world_size: int, end: float) -> str:
    """Answer each rank's call until it has said that it heard; a call may be one from before a restart."""
    name, silent = secrets.token_hex(8), set(range(1, world_size))

    def all_heard() -> bool:
        for rank in tuple(silent):
            if store.check([f"heard/{name}/{rank}"]):
                silent.remove(rank)
            elif store.check([f"call/{rank}"]):
                store.set(f"answer/{store.get(f'call/{rank}').decode()}", name)
        return not silent

    _wait_until(all_heard, end, lambda: f"rank {min(silent)} and {len(silent) - 1} others did not start")
    return name


def _take_name(store: Store, rank: int, end: float) -> str:
    call = secrets.token_hex(8)
    store.set(f"call/{rank}", call)
    _wait_until(lambda: store.check([f"answer/{call}"]), end, lambda: "rank 0 did not start")
    name = store.get(f"answer/{call}").decode()
    store.set(f"heard/{name}/{rank}", "")
    return name


def _wait_until(is_so: Callable[[], bool], end: float, complaint: Callable[[], str]) -> None:
    while not is_so():
        if time.monotonic() > end:
            raise RankFailedError(
                f"{complaint()} within the timeout, so the ranks cannot begin; look at what torchrun says of it, or "
                "write distributed(timeout_s=...) if hosts start at very different times"
            )
        time.sleep(_POLL_S)
