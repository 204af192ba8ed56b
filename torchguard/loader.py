"""A data loader whose stream of samples is a pure function of seed, epoch and place, and can be taken up anywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch import distributed
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    get_worker_info,
)

from torchguard.errors import MisuseError, StateMismatchError
from torchguard.order import InOrder, Order, Sampled, Shuffled, fingerprint
from torchguard.streams import GLOBAL, generators_in, mixed_seed, refuse_seed, seed_streams, undisturbed
from torchguard.words import some

# Of torch's DataLoader, handed through; the others are decided here.
_OPTIONS = (
    *("num_workers", "collate_fn", "pin_memory", "timeout", "worker_init_fn", "multiprocessing_context"),
    *("prefetch_factor", "persistent_workers"),
)


class ResumableLoader:
    """Batches that can be taken up again in the middle of an epoch, bit for bit.

    The order of an epoch depends on seed and epoch alone. Before each sample is read, python's, numpy's and torch's
    generators, and those that the dataset keeps in its attributes, are seeded from seed, epoch and the sample's place
    in the epoch; so augmentation is the same in whichever worker it runs, and with no workers at all. The generators of
    the main process go on undisturbed. Nothing is left for ``sampler.set_epoch``.

    The position counts the samples that were handed out, on all ranks together, and not those that workers have
    fetched ahead. A pass (``for batch in loader``) hands out the rest of the epoch; where it ends, the next epoch
    begins. A look at a first batch, ``next(iter(loader))``, counts as handed out.

    With several ranks each takes its share of every global batch, of ``batch_size * world_size`` samples, so that two
    ranks with batches of 2 see what one rank with batches of 4 sees. The last, shorter one is split as evenly as it
    can be.

    Args:
        dataset: has ``__getitem__`` and ``__len__``; a sample may depend on its index and on random numbers, and not
            on what was read before.
        batch_size: samples in a batch, on each rank; ``None`` only with a ``batch_sampler``.
        seed: 0 to 2**32 - 1; what the whole stream follows from.
        shuffle: another order in each epoch.
        sampler: gives the indices of an epoch; draws from the global generators, or from its own ``generator``.
        batch_sampler: gives the lists of indices of an epoch, likewise; on one rank only.
        drop_last: leave out the last, shorter global batch.
        rank: this process; ``None``: as torch.distributed says, 0 without it.
        world_size: number of processes; ``None`` likewise.
        options: of torch's DataLoader: ``num_workers``, ``collate_fn``, ``pin_memory``, ``timeout``,
            ``worker_init_fn``, ``multiprocessing_context``, ``prefetch_factor``, ``persistent_workers``.

    Raises:
        MisuseError: what cannot be taken up exactly, with the reason.

    Source: PyTorch notes, "Reproducibility", section "DataLoader". Of all recipes measured, only seeding for each
        sample stayed exact with persistent workers and with another number of workers.
    Prevents: missing-set-epoch, incomplete-resume, unseeded-worker, shared-worker-seed.
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        *,
        batch_size: int | None,
        seed: int,
        shuffle: bool = False,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Sequence[Any]] | None = None,
        drop_last: bool = False,
        rank: int | None = None,
        world_size: int | None = None,
        **options: Any,
    ) -> None:
        refuse_seed(seed)
        _refuse_dataset(dataset)
        _refuse_options(options)
        _refuse_order(batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.seed, self.epoch, self.position = seed, 0, 0
        self._rank, self._ranks = _rank_of(rank, world_size)
        _refuse_split_sampler(sampler, batch_sampler, self._ranks)
        self._order = _order_of(dataset, seed, shuffle, sampler, batch_sampler)
        self._known: tuple[int, Sequence[Any]] = (-1, ())  # the epoch whose order is kept, and the order
        self._batch = batch_size * self._ranks if batch_size else None  # samples of a global batch
        self._end = self._order.samples
        if self._batch and drop_last:
            self._end -= self._end % self._batch
        self._refuse_empty_share(0, MisuseError)
        self._handed_in: deque[int] = deque()  # the position after each batch that was asked for
        self._passes = 0
        self._base = torch.Generator()
        self._streams = [*GLOBAL, *generators_in(dataset)]
        self._loader = DataLoader(
            cast(Dataset[Any], _seeded(dataset, seed)),
            batch_sampler=_Asked(self._ask),
            generator=self._base,
            **options,
        )

    @classmethod
    def wrap(cls, loader: DataLoader[Any], *, seed: int) -> ResumableLoader:
        """Take over the dataset, sampler and options of a DataLoader; its order becomes that of ``seed``.

        A DistributedSampler gives its rank and world size. Its padding is not taken over: the last global batch is
        split evenly.

        Raises:
            MisuseError: what cannot be taken up exactly, with the reason.
        """
        if not getattr(loader, "in_order", True):
            raise MisuseError("in_order=False hands out batches as they come, never twice the same; leave it out")
        _refuse_dataset(loader.dataset)
        options = {name: getattr(loader, name) for name in _OPTIONS}
        if not loader.num_workers:
            del options["multiprocessing_context"], options["prefetch_factor"]
        return cls(loader.dataset, seed=seed, **_batches_of(loader), **options)

    @property
    def dataset(self) -> Any:
        """The dataset that was given."""
        return cast(Any, self._loader.dataset).dataset

    def epochs(self, total: int) -> Iterator[int]:
        """The epochs that are left of so many; one that was left by ``break`` does not go on."""
        while self.epoch < total:
            epoch = self.epoch
            yield epoch
            if self.epoch == epoch:
                self._begin_epoch(epoch + 1)

    def __len__(self) -> int:
        """Batches of a whole epoch, wherever the position is."""
        return len(self._order_of_epoch()) if self._batch is None else -(-self._end // self._batch)

    def __iter__(self) -> Iterator[Any]:
        """The rest of the epoch."""
        self._passes += 1
        current = self._passes
        self._base.manual_seed(mixed_seed(self.seed, self.epoch) >> 1)  # of the workers, before their first sample
        self._handed_in.clear()
        batches = iter(self._loader)
        while (batch := self._next(batches)) is not None:
            if current != self._passes:
                raise MisuseError(
                    "another pass over this ResumableLoader began before this one ended, so the position would be "
                    "that of neither; make a second ResumableLoader for it"
                )
            self.position = self._handed_in.popleft()
            yield batch[0]
        self._begin_epoch(self.epoch + 1)

    def state_dict(self) -> dict[str, int | None]:
        """Where the stream is, and what it follows from."""
        return {
            "seed": self.seed,
            "epoch": self.epoch,
            "position": self.position,
            "samples": self._order.samples,
            "global_batch": self._batch,
            "order": fingerprint(self._order_of_epoch()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken; with any number of workers, and of ranks.

        Raises:
            StateMismatchError: the stream was another one; nothing was changed.
        """
        before = self.epoch, self.position
        self._passes += 1
        self.epoch, self.position = state["epoch"], state["position"]
        try:
            self._refuse_state(state)
        except StateMismatchError:
            self.epoch, self.position = before
            raise

    def differences(self, state: Mapping[str, Any]) -> list[str]:
        """Why batches after `load_state_dict` would not be those of the run that was saved, sample for sample."""
        if state["global_batch"] == self._batch:
            return []
        return [
            f"the loader was saved with {state['global_batch']} samples in a global batch and has {self._batch} now: "
            "no sample is lost or repeated, but the batches are others"
        ]

    def _next(self, batches: Iterator[Any]) -> tuple[Any] | None:
        """The next batch in a tuple, so that a batch may be anything."""
        if self._loader.num_workers:  # nothing of the user's runs in this process
            return next(((batch,) for batch in batches), None)
        with undisturbed(self._streams):
            return next(((batch,) for batch in batches), None)

    def _begin_epoch(self, epoch: int) -> None:
        self.epoch, self.position = epoch, 0

    def _order_of_epoch(self) -> Sequence[Any]:
        if self._known[0] != self.epoch:
            self._known = self.epoch, self._order.of(self.epoch)
        return self._known[1]

    def _ask(self) -> Iterator[list[Any]]:
        """The batches from here to the end of the epoch, for this rank, each index with its epoch and place."""
        return self._asked(self.epoch, self.position, self._order_of_epoch())

    def _asked(self, epoch: int, start: int, order: Sequence[Any]) -> Iterator[list[Any]]:
        while start < self._end:
            stop = min(start + (self._batch or 1), self._end)
            self._handed_in.append(stop)
            yield [(epoch, place, index) for place, index in self._own(order, start, stop)]
            start = stop

    def _own(self, order: Sequence[Any], start: int, stop: int) -> Iterator[tuple[Any, Any]]:
        """This rank's indices of a global batch, each with its place in the epoch."""
        if self._batch is None:
            return (((start, place), index) for place, index in enumerate(order[start]))
        first, last = self._share(start, stop, self._rank), self._share(start, stop, self._rank + 1)
        return enumerate(order[first:last], first)

    def _share(self, start: int, stop: int, rank: int) -> int:
        return start + (stop - start) * rank // self._ranks

    def _refuse_empty_share(self, start: int, error: type[Exception]) -> None:
        left = (self._end - start) % self._batch if self._batch else 0
        if 0 < left < self._ranks:
            raise error(
                f"the last global batch would have {left} samples for {self._ranks} ranks, so some rank would have "
                "none and the others would wait for it; write drop_last=True, or another batch_size"
            )

    def _refuse_state(self, state: Mapping[str, Any]) -> None:
        if state["seed"] != self.seed:
            raise StateMismatchError(
                f"the loader was saved with seed={state['seed']} and this one has seed={self.seed}, so the samples "
                f"would come in another order; write seed={state['seed']}"
            )
        if state["samples"] != self._order.samples:
            raise StateMismatchError(
                f"the loader was saved over {state['samples']} samples and this one has {self._order.samples}, so the "
                "rest of the epoch would be another one; give it the dataset that it had"
            )
        if (state["global_batch"] is None) != (self._batch is None):
            raise StateMismatchError(
                "the loader was saved with a batch_sampler and this one has none, or the other way round, so the "
                "position means something else; build it as it was"
            )
        if state["order"] != fingerprint(self._order_of_epoch()):
            raise StateMismatchError(
                f"the order of the samples in epoch {self.epoch} is not the one that the loader was saved in the "
                "middle of; write shuffle= and sampler= as they were, with the torch that it was saved with"
            )
        self._refuse_empty_share(state["position"], StateMismatchError)


class _Asked:
    """The batch sampler of the DataLoader: asks where the pass begins whenever one begins."""

    def __init__(self, ask: Callable[[], Iterator[list[Any]]]) -> None:
        self._ask = ask

    def __iter__(self) -> Iterator[list[Any]]:
        return self._ask()


class _Seeded:
    """A dataset that reads each sample with all generators seeded from what the sample is."""

    def __init__(self, dataset: Dataset[Any], seed: int) -> None:
        self.dataset, self._seed = dataset, seed
        self._streams: list[Any] | None = None  # found where the samples are read: a worker has a dataset of its own

    def __getitem__(self, item: tuple[int, Any, Any]) -> Any:
        epoch, place, index = item
        self._begin(epoch, place)
        return self.dataset[index]

    def _begin(self, epoch: int, place: Any) -> None:
        if self._streams is None:
            self._streams = [*GLOBAL, *generators_in(self.dataset)]
        seed_streams(self._streams, mixed_seed(self._seed, epoch, place))


class _SeededInBatches(_Seeded):
    """For a dataset that reads whole batches by ``__getitems__``: seeded once for each batch."""

    def __getitems__(self, items: list[tuple[int, Any, Any]]) -> Any:
        if items:
            self._begin(*items[0][:2])
        return cast(Any, self.dataset).__getitems__([index for _, _, index in items])


def seed_worker(worker_id: int) -> None:  # pylint: disable=unused-argument  # what a DataLoader hands to worker_init_fn
    """For a plain DataLoader, ``worker_init_fn=tg.seed_worker``: every generator of a worker follows its own seed.

    torch seeds python's and numpy's global generators by itself; generator objects that the dataset keeps in its
    attributes are copied into the workers with their state, so that all workers draw the same numbers. This seeds
    them as well. `ResumableLoader` needs no such function.

    Source: PyTorch notes, "Reproducibility", section "DataLoader".
    Prevents: shared-worker-seed.
    """
    worker = get_worker_info()
    if worker is None:
        raise MisuseError(
            "seed_worker() was called outside a worker; write DataLoader(..., worker_init_fn=seed_worker)"
        )
    seed_streams([*GLOBAL, *generators_in(worker.dataset)], torch.initial_seed())


def _seeded(dataset: Dataset[Any], seed: int) -> _Seeded:
    return (_SeededInBatches if hasattr(dataset, "__getitems__") else _Seeded)(dataset, seed)


def _rank_of(rank: int | None, world_size: int | None) -> tuple[int, int]:
    if (rank is None) != (world_size is None):
        raise MisuseError("rank and world_size say nothing one without the other; write both, or neither")
    if rank is not None and world_size is not None:
        if not 0 <= rank < world_size:
            raise MisuseError(f"rank={rank} is none of the {world_size} ranks; write 0 to {world_size - 1}")
        return rank, world_size
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def _order_of(
    dataset: Any,
    seed: int,
    shuffle: bool,
    sampler: Iterable[Any] | None,
    batch_sampler: Iterable[Sequence[Any]] | None,
) -> Order:
    given = sampler if sampler is not None else batch_sampler
    if given is not None:
        return Sampled(given, seed)
    return Shuffled(len(dataset), seed) if shuffle else InOrder(len(dataset))


def _batches_of(loader: DataLoader[Any]) -> dict[str, Any]:
    """How a DataLoader makes its batches, in the words of the constructor."""
    if loader.batch_sampler is None:
        raise MisuseError(
            "the DataLoader has batch_size=None and hands out single samples; write batch_size=1, or a batch_sampler"
        )
    if type(loader.batch_sampler) is not BatchSampler:  # pylint: disable=unidiomatic-typecheck  # not its children
        return {"batch_size": None, "batch_sampler": loader.batch_sampler}
    plain = {"batch_size": loader.batch_sampler.batch_size, "drop_last": loader.batch_sampler.drop_last}
    match sampler := loader.batch_sampler.sampler:
        case SequentialSampler():
            return plain
        case RandomSampler(replacement=False, num_samples=number) if number == len(cast(Any, loader.dataset)):
            return plain | {"shuffle": True}
        case DistributedSampler():
            return plain | {"shuffle": sampler.shuffle, "rank": sampler.rank, "world_size": sampler.num_replicas}
    return plain | {"sampler": sampler}


def _refuse_dataset(dataset: object) -> None:
    if isinstance(dataset, IterableDataset):
        raise MisuseError(
            f"{type(dataset).__name__} is an IterableDataset, which has no place to go back to; write a dataset with "
            "__getitem__ and __len__, or hand torchdata's StatefulDataLoader to the Checkpointer"
        )
    if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
        raise MisuseError(f"{type(dataset).__name__} lacks __getitem__ or __len__; pass a dataset that has both")


def _refuse_options(options: Mapping[str, Any]) -> None:
    if "generator" in options:
        raise MisuseError("generator= has no say here, since the order follows from the seed; write seed=... alone")
    if unknown := options.keys() - set(_OPTIONS):
        raise MisuseError(f"ResumableLoader knows no {some(unknown)}; of DataLoader's options it takes {_listed()}")


def _listed() -> str:
    return ", ".join(_OPTIONS)


def _refuse_order(
    batch_size: int | None, shuffle: bool, sampler: object | None, batch_sampler: object | None, drop_last: bool
) -> None:
    if (batch_size is None) == (batch_sampler is None):
        raise MisuseError("batches come from batch_size=... or from batch_sampler=...; write one of them")
    if batch_size is not None and batch_size < 1:
        raise MisuseError(f"batch_size={batch_size} makes no batch; write batch_size=1 or more")
    if shuffle and (sampler is not None or batch_sampler is not None):
        raise MisuseError("shuffle=True and a sampler both decide the order; leave one of them out")
    if batch_sampler is not None and (sampler is not None or drop_last):
        raise MisuseError("the batch_sampler decides about sampler and drop_last; leave these out")


def _refuse_split_sampler(sampler: object | None, batch_sampler: object | None, ranks: int) -> None:
    if ranks > 1 and batch_sampler is not None:
        raise MisuseError(
            f"a batch_sampler decides by itself which of {ranks} ranks gets what, and perhaps otherwise for another "
            "number of ranks; write batch_size=... and sampler=..., whose order is split here"
        )
    if getattr(sampler, "num_replicas", 1) != 1:
        raise MisuseError(
            f"{type(sampler).__name__} gives one rank's share, which would be split a second time; pass a sampler of "
            "all samples, with num_replicas=1"
        )
