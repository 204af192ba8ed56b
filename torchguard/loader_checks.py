"""What can be wrong with a training loader, by itself and for its module."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, SequentialSampler

from torchguard.findings import Finding
from torchguard.memory import free_shared_memory, in_bytes
from torchguard.rng import rng_state, set_rng_state
from torchguard.tensors import tensors_in
from torchguard.words import count, some


def _too_little_shared_memory(loader: DataLoader[Any]) -> Iterator[Finding]:
    free = free_shared_memory()
    if not loader.num_workers or loader.batch_size is None or free is None:
        return
    sample = _first_sample(loader.dataset)
    batch = loader.batch_size * sum(tensor.nbytes for _, tensor in tensors_in(sample, ""))
    waiting = loader.num_workers * (loader.prefetch_factor or 2) * batch
    if waiting > free:
        fitting = max(0, int(free // ((loader.prefetch_factor or 2) * max(1, batch))))
        yield Finding(
            "shared-memory-workers",
            f"{count(loader.num_workers, 'worker')} x {loader.prefetch_factor or 2} batches of {in_bytes(batch)} wait "
            f"in /dev/shm, {in_bytes(waiting)}, and {in_bytes(free)} of it are free",
            f"num_workers={fitting}, or start the container with --shm-size={in_bytes(2 * waiting).replace(' ', '')}",
        )


def _first_sample(dataset: Dataset[Any]) -> object:
    """One sample, without moving any generator; ``None`` where that could have a lasting effect or fails."""
    if isinstance(dataset, IterableDataset):
        return None
    before = rng_state()
    try:
        return _as_tensors(dataset[0])
    except Exception:  # pylint: disable=broad-exception-caught  # the data set's own code; the run will say it better
        return None
    finally:
        set_rng_state(before)


def _as_tensors(sample: object) -> object:
    """Arrays become tensors when a batch is made of them."""
    if isinstance(sample, np.ndarray) and sample.dtype != object:
        return torch.from_numpy(sample) if sample.dtype.kind in "fiub" else None
    if isinstance(sample, dict):
        return {key: _as_tensors(value) for key, value in sample.items()}
    if isinstance(sample, (list, tuple)):
        return [_as_tensors(value) for value in sample]
    return sample


def _generator_copied_to_workers(loader: DataLoader[Any]) -> Iterator[Finding]:
    if not loader.num_workers or loader.worker_init_fn is not None:
        return
    # pylint: disable-next=no-member  # RandomState is there, in C, where Pylint does not see it
    kinds = (random.Random, np.random.Generator, np.random.RandomState, torch.Generator)
    for name, value in vars(loader.dataset).items():
        if isinstance(value, kinds):
            yield Finding(
                "shared-worker-generator",
                f"the data set keeps a {type(value).__name__} in {name}, of which each of "
                f"{count(loader.num_workers, 'worker')} gets the same copy, so all draw the same numbers",
                "worker_init_fn=..., which seeds it from torch.initial_seed(); or draw from torch's own generator",
            )


def _every_rank_sees_all(loader: DataLoader[Any]) -> Iterator[Finding]:
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return
    if isinstance(loader.dataset, IterableDataset) or type(loader.sampler) not in {RandomSampler, SequentialSampler}:
        return
    yield Finding(
        "missing-distributed-sampler",
        f"each of {dist.get_world_size()} ranks draws from all of the data, since the loader has a "
        f"{type(loader.sampler).__name__}",
        "sampler=DistributedSampler(dataset), and sampler.set_epoch(epoch) before each epoch",
    )


def _in_order(loader: DataLoader[Any]) -> Iterator[Finding]:
    if isinstance(loader.sampler, SequentialSampler) and not isinstance(loader.dataset, IterableDataset):
        yield Finding(
            "unshuffled-training",
            "the loader goes through the data in their order, every epoch the same",
            "shuffle=True",
        )


def last_batch_of_one(model: nn.Module, loader: DataLoader[Any]) -> Iterator[Finding]:
    norms = [name for name, module in model.named_modules() if isinstance(module, _BatchNorm) and module.training]
    if not norms or loader.drop_last or loader.batch_size is None or isinstance(loader.dataset, IterableDataset):
        return
    samples = len(loader.sampler)  # type: ignore[arg-type]  # what a map-style data set is sampled by has a length
    if samples % loader.batch_size == 1 or loader.batch_size == 1:
        yield Finding(
            "batchnorm-single-sample",
            f"{samples} samples in batches of {loader.batch_size} leave one for the last, and {some(norms, 'norm')} "
            "cannot take statistics of it",
            "drop_last=True",
        )


CHECKS: tuple[Callable[[DataLoader[Any]], Iterator[Finding]], ...] = (
    _too_little_shared_memory,
    _generator_copied_to_workers,
    _every_rank_sees_all,
    _in_order,
)
