"""ResumableLoader: one stream of samples, whoever fetches it, taken up at any position."""

import random
from collections.abc import Iterable
from itertools import chain

import numpy as np
import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

import torchguard as tg


class Augmented(Dataset):
    """Each sample is its index and a number from every generator that an augmentation may draw from."""

    def __init__(self, samples: int = 22) -> None:
        self.samples = samples
        self.transforms = {"own": [np.random.default_rng(0), random.Random(0)], "torch": torch.Generator()}

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> torch.Tensor:
        if not 0 <= index < self.samples:
            raise IndexError(index)
        numpy, python = self.transforms["own"]
        drawn = [random.random(), np.random.rand(), torch.rand(()).item(), numpy.random(), python.random()]
        drawn.append(torch.rand((), generator=self.transforms["torch"]).item())
        return torch.tensor([index, *drawn], dtype=torch.float64)


class AugmentedInBatches(Augmented):
    def __getitems__(self, indices: list[int]) -> list[torch.Tensor]:
        return [self[index] for index in indices]


def loader(dataset=None, **options) -> tg.ResumableLoader:
    chosen = {"batch_size": 4, "seed": 3, "shuffle": True} | options
    return tg.ResumableLoader(dataset or Augmented(), **chosen)


def stream(from_loader: tg.ResumableLoader, epochs: int = 2) -> list[torch.Tensor]:
    return [batch for _ in from_loader.epochs(epochs) for batch in from_loader]


def same_batches(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) > 0 and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def state_after(batches: int, **options) -> dict:
    one = loader(**options)
    passing = iter(one)
    for _ in range(batches):
        next(passing)
    return one.state_dict()


def indices(batches: list[torch.Tensor]) -> list[list[int]]:
    return [batch[:, 0].int().tolist() for batch in batches]


def joined(lists: Iterable[list[int]]) -> list[int]:
    return list(chain.from_iterable(lists))


WORKERS = [{"num_workers": 2}, {"num_workers": 3, "persistent_workers": True}]


# one stream


@pytest.mark.parametrize("options", WORKERS)
def test_stream_is_the_same_with_any_workers(options):
    assert same_batches(stream(loader()), stream(loader(**options)))


def test_each_sample_draws_other_numbers_and_each_epoch_again_others():
    drawn = torch.cat(stream(loader()))[:, 1:]

    assert all(len(column.unique()) == 2 * 22 for column in drawn.T)


def test_samples_that_come_twice_in_an_epoch_draw_other_numbers():
    sampler = RandomSampler(range(3), replacement=True, num_samples=12)
    drawn = torch.cat(stream(loader(Augmented(3), shuffle=False, sampler=sampler), epochs=1))

    assert len(drawn[:, 1].unique()) == 12


def test_another_seed_is_another_stream():
    assert indices(stream(loader(seed=3))) != indices(stream(loader(seed=4)))


def test_every_sample_comes_once_an_epoch():
    assert sorted(joined(indices(stream(loader(), epochs=1)))) == list(range(22))


def test_shuffled_order_is_another_in_each_epoch():
    batches = indices(stream(loader()))

    assert joined(batches[:6]) != joined(batches[6:])


def test_generators_of_the_main_process_are_undisturbed():
    dataset = Augmented()
    before, own = tg.rng_state(), dataset.transforms["own"][0].bit_generator.state
    stream(loader(dataset))
    after = tg.rng_state()

    assert torch.equal(before["torch"], after["torch"])
    assert torch.equal(before["python"]["words"], after["python"]["words"])
    assert torch.equal(before["numpy"]["words"], after["numpy"]["words"])
    assert dataset.transforms["own"][0].bit_generator.state == own


def test_random_collate_is_part_of_the_stream():
    def mixed(samples):
        return torch.stack(samples) * torch.rand(()) + random.random()

    assert same_batches(stream(loader(collate_fn=mixed)), stream(loader(collate_fn=mixed, num_workers=2)))


@pytest.mark.parametrize("options", [{}, *WORKERS])
def test_dataset_that_reads_whole_batches_is_exact(options):
    straight = stream(loader(AugmentedInBatches()))
    resumed = loader(AugmentedInBatches(), **options)
    resumed.load_state_dict(state_after(3))

    assert same_batches(straight[3:], stream(resumed))


# taking it up


@pytest.mark.parametrize("batches", [0, 1, 5, 6, 8])  # 6 batches an epoch
@pytest.mark.parametrize("options", [{}, *WORKERS])
def test_resumed_stream_is_the_rest(batches, options):
    straight = stream(loader())
    resumed = loader(**options)
    one = loader(num_workers=2)
    passing = (batch for _ in one.epochs(2) for batch in one)
    for _ in range(batches):
        next(passing)
    resumed.load_state_dict(one.state_dict())

    assert same_batches(straight[batches:], stream(resumed))


def test_batches_fetched_ahead_are_not_counted():
    state = state_after(1, num_workers=2, prefetch_factor=4)

    assert (state["epoch"], state["position"]) == (0, 4)


def test_end_of_the_epoch_is_told_from_the_next_one():
    one = loader()
    seen = []
    for _ in one:
        seen.append((one.epoch, one.position))

    assert seen[-1] == (0, 22)
    assert (one.epoch, one.position) == (1, 0)


def test_resumed_at_the_last_batch_comes_to_the_end_of_that_epoch():
    resumed = loader()
    resumed.load_state_dict(state_after(6))

    assert next(resumed.epochs(2)) == 0
    assert list(resumed) == []
    assert resumed.epoch == 1


def test_epoch_left_by_break_does_not_go_on():
    one = loader()
    seen = [next(iter(one))[:, 0].int().tolist() for _ in one.epochs(2)]

    assert seen == [indices(stream(loader()))[0], indices(stream(loader()))[6]]


def test_length_is_that_of_a_whole_epoch():
    one = loader()
    one.load_state_dict(state_after(3))

    assert len(one) == 6
    assert len(loader(drop_last=True)) == 5


def test_second_pass_at_once_is_refused():
    one = loader()
    with pytest.raises(tg.MisuseError, match="make a second ResumableLoader"):
        list(zip(one, one, strict=False))


# ranks


def by_ranks(ranks: int, batch_size: int, state: dict | None = None) -> list[list[int]]:
    """The global batches, each put together from what the ranks got."""
    shares = []
    for rank in range(ranks):
        one = loader(batch_size=batch_size, rank=rank, world_size=ranks)
        if state:
            one.load_state_dict(state)
        shares.append(indices(stream(one)))
    return [joined(share) for share in zip(*shares, strict=True)]


def test_global_batches_are_the_same_on_any_number_of_ranks():
    assert by_ranks(1, 4) == by_ranks(2, 2)


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_stream_goes_on_with_another_number_of_ranks(before, after):
    state = state_after(3, batch_size=4 // before, rank=0, world_size=before)

    assert by_ranks(after, 4 // after, state) == by_ranks(1, 4)[3:]


def test_augmentation_is_the_same_on_any_number_of_ranks():
    whole = stream(loader(), epochs=1)
    halves = zip(*(stream(loader(batch_size=2, rank=rank, world_size=2), epochs=1) for rank in (0, 1)), strict=True)

    assert same_batches(whole, [torch.cat(pair) for pair in halves])


def test_last_global_batch_is_split_evenly():
    sizes = [
        [len(batch) for batch in stream(loader(Augmented(11), batch_size=4, rank=rank, world_size=2), 1)]
        for rank in (0, 1)
    ]

    assert sizes == [[4, 1], [4, 2]]


def test_rank_that_would_have_none_is_refused():
    with pytest.raises(tg.MisuseError, match=r"1 samples for 2 ranks, .* drop_last=True"):
        loader(Augmented(9), batch_size=4, rank=0, world_size=2)


def test_another_global_batch_loses_nothing_and_is_not_called_exact():
    resumed = loader(batch_size=5)
    state = state_after(2)
    resumed.load_state_dict(state)

    assert "the batches are others" in resumed.differences(state)[0]
    assert joined(indices(stream(resumed, 1))) == joined(indices(stream(loader(), 1)))[8:]


# what it takes over


WEIGHTS = [1.0 + index % 3 for index in range(22)]


@pytest.mark.parametrize(
    "sampler",
    [
        lambda: WeightedRandomSampler(WEIGHTS, 22),
        lambda: WeightedRandomSampler(WEIGHTS, 22, generator=torch.Generator()),
        lambda: SubsetRandomSampler(range(0, 22, 2)),
        lambda: RandomSampler(range(22), replacement=True),
        lambda: RandomSampler(range(22), num_samples=50),
    ],
)
def test_random_sampler_becomes_a_function_of_seed_and_epoch(sampler):
    def wrapped(**options):
        return tg.ResumableLoader.wrap(DataLoader(Augmented(), batch_size=4, sampler=sampler(), **options), seed=3)

    straight = stream(wrapped())
    first = wrapped()
    for _ in range(2):
        next(iter(first))
    resumed = wrapped(num_workers=2)
    resumed.load_state_dict(first.state_dict())

    assert same_batches(straight[2:], stream(resumed))
    assert indices(straight)[: len(first)] != indices(straight)[len(first) :]


def test_batch_sampler_is_taken_over():
    def wrapped():
        batches = BatchSampler(RandomSampler(range(22)), 5, drop_last=False)

        class Buckets(BatchSampler):
            def __iter__(self):
                yield from batches

        loader = DataLoader(Augmented(), batch_sampler=Buckets(batches.sampler, 5, False))
        return tg.ResumableLoader.wrap(loader, seed=3)

    straight, first, resumed = stream(wrapped()), wrapped(), wrapped()
    next(iter(first))
    resumed.load_state_dict(first.state_dict())

    assert [len(batch) for batch in straight[:5]] == [5, 5, 5, 5, 2]
    assert same_batches(straight[1:], stream(resumed))


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
def test_plain_loader_is_taken_over(shuffle, drop_last):
    plain = DataLoader(Augmented(), 4, shuffle=shuffle, drop_last=drop_last)

    assert same_batches(
        stream(tg.ResumableLoader.wrap(plain, seed=3)), stream(loader(shuffle=shuffle, drop_last=drop_last))
    )


def test_distributed_sampler_gives_rank_and_world_size():
    sampler = DistributedSampler(Augmented(), num_replicas=2, rank=1, shuffle=True)
    wrapped = tg.ResumableLoader.wrap(DataLoader(Augmented(), 2, sampler=sampler), seed=3)

    assert same_batches(stream(wrapped), stream(loader(batch_size=2, rank=1, world_size=2)))


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(3))


class Endless(SequentialSampler):
    def __len__(self):
        raise TypeError("endless")


class Unseeded(SequentialSampler):
    def __iter__(self):
        return iter(random.SystemRandom().sample(range(22), 22))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dataset": Stream()}, "StatefulDataLoader"),
        ({"dataset": object()}, "lacks __getitem__"),
        ({"batch_size": 0}, "batch_size=1 or more"),
        ({"batch_size": None}, "write one of them"),
        ({"seed": -1}, "outside 0 to"),
        ({"generator": torch.Generator()}, "write seed"),
        ({"num_worker": 2}, 'knows no "num_worker"'),
        ({"sampler": [1]}, "shuffle=True and a sampler"),
        ({"rank": 0}, "write both"),
        ({"rank": 2, "world_size": 2}, "none of the 2 ranks"),
        ({"shuffle": False, "sampler": Endless(range(3))}, "has no length"),
        ({"shuffle": False, "sampler": Unseeded(range(22))}, "other samples each time"),
        ({"shuffle": False, "sampler": DistributedSampler(range(22), 2, 0)}, "split a second time"),
        (
            {"batch_size": None, "shuffle": False, "batch_sampler": [[1]], "rank": 0, "world_size": 2},
            "write batch_size=",
        ),
    ],
)
def test_what_cannot_be_exact_is_refused(options, words):
    with pytest.raises(tg.MisuseError, match=words):
        loader(options.pop("dataset", None), **options)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        (DataLoader(Augmented(), batch_size=None), "hands out single samples"),
        (DataLoader(Augmented(), 4, num_workers=2, in_order=False), "in_order=False"),
        (DataLoader(Stream(), 4), "IterableDataset"),
    ],
)
def test_loader_that_cannot_be_exact_is_refused(plain, words):
    with pytest.raises(tg.MisuseError, match=words):
        tg.ResumableLoader.wrap(plain, seed=3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": 4}, "write seed=3"),
        ({"dataset": Augmented(30)}, "over 22 samples and this one has 30"),
        ({"shuffle": False}, "the order of the samples in epoch 0"),
        ({"shuffle": False, "batch_size": None, "batch_sampler": [[1]] * 22}, "with a batch_sampler"),
    ],
)
def test_state_of_another_stream_is_refused_and_nothing_changed(options, words):
    other = loader(options.pop("dataset", None), **options)
    with pytest.raises(tg.StateMismatchError, match=words):
        other.load_state_dict(state_after(3))

    assert (other.epoch, other.position) == (0, 0)


def test_state_can_be_read_with_weights_only(tmp_path):
    torch.save(state_after(3), tmp_path / "loader.pt")

    assert torch.load(tmp_path / "loader.pt", weights_only=True) == state_after(3)


# plain loaders


def test_seed_worker_gives_each_worker_numbers_of_its_own():
    def drawn(**options):
        plain = DataLoader(Augmented(), 11, num_workers=2, generator=torch.Generator().manual_seed(0), **options)
        return [{column.item() for column in batch[:, 4]} for batch in plain]

    first, second = drawn(worker_init_fn=tg.seed_worker)

    assert not first & second
    assert set.intersection(*drawn())  # without it both draw the same
    assert drawn(worker_init_fn=tg.seed_worker) == [first, second]


def test_seed_worker_outside_a_worker_is_refused():
    with pytest.raises(tg.MisuseError, match="worker_init_fn=seed_worker"):
        tg.seed_worker(0)
