"""The ranks of a run: joined in a process group, each with a device and seeds of its own, and told when one fails."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import numpy as np
import torch
import torch.distributed as dist

# pylint: disable-next=import-error  # torch.distributed has it too, and does not say so to type checkers
from torch._C._distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from torchguard.errors import MisuseError
from torchguard.news import News, Terminated
from torchguard.rng import seed_everything
from torchguard.roll_call import fresh_store
from torchguard.words import some

_VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}


@dataclass(frozen=True, slots=True)
class Environment:
    """This process among the others of the run.

    Attributes:
        rank: 0 to ``world_size - 1``, over all hosts.
        local_rank: among the processes of this host.
        world_size: the number of processes; 1 without torchrun.
        device: where this process computes.
        restarts: how often torchrun has started all processes anew.
    """

    rank: int
    local_rank: int
    world_size: int
    device: torch.device
    restarts: int

    @property
    def is_main(self) -> bool:
        """Is this rank 0, the one that prints and writes?"""
        return self.rank == 0


@contextmanager
def distributed(
    *, seed: int | None = None, device: str | None = None, timeout_s: float = 600.0
) -> Iterator[Environment]:
    """Join the process group that torchrun describes, or be a single process; leave it again at the end.

    The same script runs both ways::

        with tg.distributed(seed=0) as env:
            model = tg.ddp(build_model().to(env.device))

    ``python train.py`` gives one process, ``torchrun --nproc-per-node=4 train.py`` four, one a GPU where there are
    GPUs: NCCL joins these, gloo what lies on the CPU.

    No rank waits without end. If an exception leaves the block on one rank and ends its process, the others, which may
    be waiting for it, raise `RankFailedError` with its reason (on the CPU; with NCCL torchrun ends them, and its
    summary has the reason). What is waited for in vain otherwise ends after ``timeout_s``. With ``--max-restarts``
    torchrun then starts all processes anew.

    Args:
        seed: of rank 0; the other ranks have seeds of their own, drawn from it, so that dropout and augmentation
            differ. `ddp` and `fsdp` start from rank 0's parameters. At the end the generators are put back. ``None``:
            seeds nothing.
        device: ``"cpu"`` or ``"cuda"``; ``None``: a GPU where there is one.
        timeout_s: how long a rank waits for the others in one collective.

    Raises:
        MisuseError: the environment variables are incomplete, or there is no GPU for this rank.
        RankFailedError: from the end of the block: another rank failed, and this one waited for it.

    Source: PyTorch documentation, "torchrun (Elastic Launch)", section "Environment Variables".
    Prevents: unset-device, unseeded-ranks.
    """
    env = _environment(device)
    if env.device.type == "cuda":
        torch.cuda.set_device(env.device)
    with nullcontext() if seed is None else seed_everything(_seed_of(env.rank, seed)):
        if env.world_size == 1:
            yield env
        else:
            with _process_group(env, timedelta(seconds=timeout_s)):
                yield env


def is_main() -> bool:
    """Is this rank 0, or a single process? Inside and outside of `distributed`."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank() == 0
    return os.environ.get("RANK", "0") == "0"


def print_once(*values: object, sep: str = " ", end: str = "\n") -> None:
    """``print`` on rank 0 only, at once and not when a buffer is full.

    The values are computed on every rank, as they have to be where ranks work together for them::

        tg.print_once(f"loss {mean.value():.3f}")  # right; "if tg.is_main(): print(mean.value())" would wait forever
    """
    if is_main():
        print(*values, sep=sep, end=end, flush=True)


@contextmanager
def _process_group(env: Environment, timeout: timedelta) -> Iterator[None]:
    if dist.is_initialized():
        raise MisuseError(
            "torch.distributed is initialized already; leave out init_process_group(), or the outer distributed()"
        )
    own = fresh_store(_torchruns_store(env, timeout), env.rank, env.world_size, timeout)
    dist.init_process_group(
        _BACKENDS[env.device.type],
        store=own,
        rank=env.rank,
        world_size=env.world_size,
        timeout=timeout,
        device_id=env.device if env.device.type == "cuda" else None,
    )
    with News(own, env.rank, env.world_size), _terminable(env.device):
        yield


def _torchruns_store(env: Environment, timeout: timedelta) -> Store:
    store: Store
    store, _, _ = next(rendezvous("env://", env.rank, env.world_size, timeout=timeout))
    return store


@contextmanager
def _terminable(device: torch.device) -> Iterator[None]:
    """Make SIGTERM an exception inside the block, so that a rank can still say why it ends.

    Not where another handler is set already; and not with NCCL, whose waiting calls no Python code would interrupt.
    """
    is_free = threading.current_thread() is threading.main_thread() and device.type == "cpu"
    if not is_free or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is _terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(128 + number)  # the exit status of a process that this signal ended


def _environment(device: str | None) -> Environment:
    values = _variables()
    local_rank = values["LOCAL_RANK"]
    return Environment(
        rank=values["RANK"],
        local_rank=local_rank,
        world_size=values["WORLD_SIZE"],
        device=_device(device, local_rank),
        restarts=int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")),
    )


def _variables() -> dict[str, int]:
    """The numbers among torchrun's variables; those of a single process if there are none."""
    if "RANK" not in os.environ and os.environ.get("WORLD_SIZE", "1") == "1":
        return {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1}
    if missing := [name for name in _VARIABLES if name not in os.environ]:
        raise MisuseError(
            f"the process is one of several and the environment lacks {some(missing)}, so it cannot find the others; "
            "start it by torchrun --nproc-per-node=N train.py, which sets them all"
        )
    numbers = {name: os.environ[name] for name in _VARIABLES[:3]}
    for name, value in numbers.items():
        if not value.isdigit():
            raise MisuseError(f"{name}={value!r} is no number; start the script by torchrun, which sets it")
    return {name: int(value) for name, value in numbers.items()}


def _device(wanted: str | None, local_rank: int) -> torch.device:
    if wanted not in (None, *_BACKENDS):
        raise MisuseError(f'device="{wanted}" is not known; write device="cpu" or "cuda": the rank chooses its own GPU')
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "cpu" or (wanted is None and not gpus):
        return torch.device("cpu")
    if local_rank >= gpus:
        raise MisuseError(
            f"local rank {local_rank} has no GPU of its own, since this host has {gpus}; start it by torchrun "
            f'--nproc-per-node={max(gpus, 1)}, or write distributed(device="cpu")'
        )
    return torch.device("cuda", local_rank)


def _seed_of(rank: int, seed: int) -> int:
    """Rank 0 has the seed itself, so that a single process and rank 0 start alike."""
    return seed if rank == 0 else int(np.random.SeedSequence([seed, rank]).generate_state(1)[0])
