"""preflight: each pitfall is named by its symbol, and what is right gives an empty table."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import torchguard as tg


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.body(x))


@pytest.fixture
def model():
    return Net()


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


def loader_of(samples=32, **options):
    options = {"batch_size": 8, "shuffle": True} | options
    return DataLoader(TensorDataset(torch.randn(samples, 4)), **options)


def symbols(*arguments):
    return [finding.symbol for finding in tg.preflight(*arguments)]


def test_what_is_right_gives_nothing(model):
    assert symbols(model, torch.optim.AdamW(tg.param_groups(model, weight_decay=0.1)), loader_of()) == []


def test_table_has_a_row_for_each_finding(model):
    model.eval()
    lines = str(tg.preflight(model, sgd(model.head), loader_of(shuffle=False))).splitlines()

    assert lines[0] == "preflight: Net, 74 parameters: 3 findings"
    assert lines[1].split()[0] == "missing-train-after-eval"
    assert all("; write " in line for line in lines[1:])


def test_what_is_frozen_by_the_guard_is_right(model):
    tg.freeze(model.body)

    assert symbols(model, sgd(model.head)) == []


# the model


def test_norm_that_moves_while_frozen(model):
    model.body.requires_grad_(False)

    assert symbols(model, sgd(model.head)) == ["frozen-batchnorm-updates"]


def test_model_left_in_eval_mode(model):
    assert symbols(model.eval(), sgd(model)) == ["missing-train-after-eval"]


def test_model_without_dropout_and_norms_may_be_in_eval_mode():
    model = nn.Linear(2, 2).eval()

    assert symbols(model, sgd(model)) == []


def test_requires_grad_set_on_a_module(model):
    model.head.requires_grad = False

    assert symbols(model, sgd(model)) == ["requires-grad-on-module"]


@pytest.mark.parametrize("kind", [list, tuple, lambda layers: dict(enumerate(layers))])
def test_modules_in_a_plain_container(model, kind):
    model.layers = kind([nn.Linear(2, 2), nn.Linear(2, 2)])

    assert symbols(model, sgd(model)) == ["unregistered-submodules"]


@pytest.mark.parametrize("layers", [[nn.Linear(2, 2)], [nn.ReLU(), nn.ReLU()], "its own"])
def test_containers_that_are_right(model, layers):
    model.layers = list(model.body) if layers == "its own" else layers

    assert symbols(model, sgd(model)) == []


def test_plain_tensor_left_on_another_device(model):
    model.to("meta").mask = torch.ones(3)

    assert symbols(model, sgd(model)) == ["unregistered-buffer"]


def test_model_on_two_kinds_of_devices(model):
    model.head.to("meta")

    assert symbols(model, sgd(model)) == ["hard-coded-device"]


# its optimizers


def test_frozen_parameters_that_are_held(model):
    model.head.requires_grad_(False)

    assert symbols(model, sgd(model)) == ["frozen-params-in-optimizer"]


def test_trainable_parameters_that_are_not_held(model):
    found = tg.preflight(model, sgd(model.head))

    assert [finding.symbol for finding in found] == ["params-missing-from-optimizer"]
    assert "4 parameters" in found[0].what


def test_optimizer_of_parameters_that_were_replaced(model):
    optimizer = sgd(model)
    model.head = nn.Linear(8, 2)

    assert symbols(model, optimizer) == ["params-missing-from-optimizer", "stale-optimizer"]


def test_optimizer_may_hold_what_belongs_to_the_loss(model):
    temperature = nn.Parameter(torch.ones(()))

    assert symbols(model, torch.optim.SGD([*model.parameters(), temperature], lr=0.1)) == []


def test_parameters_of_two_optimizers(model):
    assert symbols(model, [sgd(model), sgd(model.head)]) == ["params-held-twice"]


def test_two_optimizers_for_two_parts(model):
    assert symbols(model, [sgd(model.body), sgd(model.head)]) == []


def test_no_optimizer_holds_nothing(model):
    assert symbols(model, []) == ["params-missing-from-optimizer"]


def test_wrapped_model_is_looked_into(model):
    assert symbols(nn.DataParallel(model), sgd(model)) == []


# its loader


class Drawing(Dataset):
    def __init__(self, generator):
        self.rng = generator

    def __len__(self):
        return 16

    def __getitem__(self, index):
        return torch.rand(4) + random.random()


@pytest.mark.parametrize("generator", [np.random.default_rng(0), random.Random(0), torch.Generator()])
def test_generator_that_is_copied_to_workers(model, generator):
    loader = DataLoader(Drawing(generator), batch_size=4, shuffle=True, num_workers=2)

    assert symbols(model, sgd(model), loader) == ["shared-worker-generator"]


@pytest.mark.parametrize("options", [{"num_workers": 0}, {"num_workers": 2, "worker_init_fn": print}])
def test_generator_that_is_not_copied_or_seeded_again(model, options):
    loader = DataLoader(Drawing(random.Random(0)), batch_size=4, shuffle=True, **options)

    assert symbols(model, sgd(model), loader) == []


def test_looking_at_a_sample_moves_no_generator(model, monkeypatch):
    monkeypatch.setattr("torchguard.loader_checks.free_shared_memory", lambda: 10**9)
    before = torch.get_rng_state(), random.getstate()
    tg.preflight(model, sgd(model), DataLoader(Drawing(None), batch_size=4, shuffle=True, num_workers=2))

    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


@pytest.mark.parametrize(("free", "found"), [(1023, ["shared-memory-workers"]), (1024, [])])
def test_shared_memory_for_what_workers_prefetch(model, monkeypatch, free, found):
    monkeypatch.setattr("torchguard.loader_checks.free_shared_memory", lambda: free)
    loader = loader_of(num_workers=4, prefetch_factor=2)  # 4 x 2 batches of 8 samples of 16 bytes: 1024

    assert symbols(model, sgd(model), loader) == found


@pytest.mark.parametrize(
    ("samples", "options", "found"),
    [
        (33, {}, ["batchnorm-single-sample"]),
        (32, {}, []),
        (33, {"drop_last": True}, []),
        (8, {"batch_size": 1}, ["batchnorm-single-sample"]),
    ],
)
def test_last_batch_of_one(model, samples, options, found):
    assert symbols(model, sgd(model), loader_of(samples, **options)) == found


def test_last_batch_of_one_without_batch_norm():
    model = nn.Linear(4, 2)

    assert symbols(model, sgd(model), loader_of(33)) == []


@pytest.mark.parametrize(("samples", "found"), [(33, ["batchnorm-single-sample"]), (32, [])])
def test_resumable_loader_is_looked_at(model, samples, found):
    data = TensorDataset(torch.randn(samples, 4))

    assert symbols(model, sgd(model), tg.ResumableLoader(data, batch_size=8, seed=0)) == found


def test_workers_of_a_resumable_loader_are_counted(model, monkeypatch):
    monkeypatch.setattr("torchguard.loader_checks.free_shared_memory", lambda: 1023)
    loader = tg.ResumableLoader(TensorDataset(torch.randn(32, 4)), batch_size=8, seed=0, num_workers=4)

    assert symbols(model, sgd(model), loader) == ["shared-memory-workers"]


def test_data_in_order(model):
    assert symbols(model, sgd(model), loader_of(shuffle=False)) == ["unshuffled-training"]


@pytest.fixture
def two_ranks(monkeypatch):
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)


@pytest.mark.usefixtures("two_ranks")
def test_every_rank_draws_from_all_data(model):
    assert symbols(model, sgd(model), loader_of()) == ["missing-distributed-sampler"]


@pytest.mark.usefixtures("two_ranks")
def test_distributed_sampler_is_right(model):
    data = TensorDataset(torch.randn(32, 4))
    sampler = torch.utils.data.DistributedSampler(data, num_replicas=2, rank=0)

    assert symbols(model, sgd(model), DataLoader(data, batch_size=8, sampler=sampler)) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((lambda x: x, sgd(nn.Linear(1, 1))), "the model is a function and no Module"),
        ((nn.Linear(1, 1), [nn.Linear(1, 1)]), "the optimizer is a Linear and no Optimizer"),
        ((nn.Linear(1, 1), [], [torch.ones(1)]), "the loader is a list and no DataLoader"),
    ],
)
def test_arguments_of_another_kind_are_refused(arguments, words):
    with pytest.raises(tg.MisuseError, match=words):
        tg.preflight(*arguments)
