"""What can be wrong with a training loader, by itself and for its module."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, SequentialSampler

from torchguard.findings import Finding
from torchguard.loader import ResumableLoader
from torchguard.memory import free_shared_memory, in_bytes
from torchguard.rng import rng_state, set_rng_state
from torchguard.tensors import tensors_in
from torchguard.words import count, some


@dataclass(frozen=True)
class Loading:
    """What of a loader matters for memory and for the size of batches."""

    dataset: Dataset[Any]
    batch_size: int | None
    last_batch_size: int | None
    workers: int
    prefetched: int  # batches, by each worker

    @classmethod
    def of(cls, loader: DataLoader[Any] | ResumableLoader) -> Loading:
        if isinstance(loader, ResumableLoader):
            return cls(loader.dataset, loader.batch_size, loader.last_batch_size, *loader.fetched_ahead)
        last = _last_batch_size(loader)
        return cls(loader.dataset, loader.batch_size, last, loader.num_workers, loader.prefetch_factor or 2)


def _last_batch_size(loader: DataLoader[Any]) -> int | None:
    if loader.batch_size is None or isinstance(loader.dataset, IterableDataset):
        return None
    samples = len(loader.sampler)  # type: ignore[arg-type]  # what a map-style data set is sampled by has a length
    return loader.batch_size if loader.drop_last else samples % loader.batch_size or loader.batch_size


def too_little_shared_memory(loading: Loading) -> Iterator[Finding]:
    free = free_shared_memory()
    if not loading.workers or loading.batch_size is None or free is None:
        return
    sample = _first_sample(loading.dataset)
    batch = loading.batch_size * sum(tensor.nbytes for _, tensor in tensors_in(sample, ""))
    waiting = loading.workers * loading.prefetched * batch
    if waiting > free:
        fitting = int(free // (loading.prefetched * max(1, batch)))
        yield Finding(
            "shared-memory-workers",
            f"{count(loading.workers, 'worker')} x {loading.prefetched} batches of {in_bytes(batch)} wait in /dev/shm, "
            f"{in_bytes(waiting)}, and {in_bytes(free)} of it are free",
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


def last_batch_of_one(model: nn.Module, loading: Loading) -> Iterator[Finding]:
    norms = [name for name, module in model.named_modules() if isinstance(module, _BatchNorm) and module.training]
    if norms and loading.last_batch_size == 1:
        yield Finding(
            "batchnorm-single-sample",
            f"batches of {loading.batch_size} leave one sample for the last, and {some(norms, 'norm')} cannot take "
            "statistics of it",
            "drop_last=True",
        )


CHECKS: tuple[Callable[[DataLoader[Any]], Iterator[Finding]], ...] = (
    _generator_copied_to_workers,
    _every_rank_sees_all,
    _in_order,
)
