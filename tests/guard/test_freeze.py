"""Freezing that lasts, and releasing that gives everything back."""

import copy
import pickle

import pytest
import torch
from torch import nn

import torchguard as tg


def snapshot(module: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in module.state_dict().items()}


def unchanged(module: nn.Module, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_batch_norm_buffers_stand_still_through_a_hundred_trains(net):
    tg.freeze(net)
    before = snapshot(net)
    for _ in range(100):
        net.train()
        net(torch.randn(4, 6))

    assert unchanged(net, before)


def test_output_is_that_of_running_statistics(net):
    net.eval()
    x = torch.randn(4, 6)
    expected = net(x)
    tg.freeze(net, dropout="eval")
    net.train()

    assert torch.equal(net(x), expected)


def test_batch_norm_follows_the_model_if_asked(net):
    tg.freeze(net, batch_norm="train")
    before = snapshot(net)
    net.train()
    net(torch.randn(4, 6))

    assert not unchanged(net, before)


def test_dropout_follows_the_model_unless_asked(net):
    tg.freeze(net)

    assert net.train()[3].training


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_freeze_survives_copying(net, twin_of):
    tg.freeze(net)
    twin = twin_of(net)
    before = snapshot(twin)
    twin.train()
    twin(torch.randn(4, 6))

    assert unchanged(twin, before)


def test_releasing_the_original_leaves_the_copy_frozen(net):
    frozen = tg.freeze(net)
    twin = copy.deepcopy(net)
    frozen.release()

    assert (net.train()[1].training, twin.train()[1].training) == (True, False)


@pytest.mark.parametrize("wrap", [nn.DataParallel, lambda module: torch.compile(module, backend="eager")])
def test_freeze_survives_wrapping(net, wrap):
    tg.freeze(net)
    before = snapshot(net)
    wrapped = wrap(net)
    for _ in range(2):
        wrapped.train()
        wrapped(torch.randn(4, 6))

    assert unchanged(net, before)


def test_what_the_copy_is_asked_leaves_the_original(net):
    frozen = tg.freeze(net)
    copy.deepcopy(net).eval()
    pickle.loads(pickle.dumps(net)).eval()
    frozen.release()

    assert net[1].training


def test_copy_made_with_its_handle_can_be_released(net):
    twin, handle = copy.deepcopy((net, tg.freeze(net)))
    handle.release()

    assert (net[1].training, twin[1].training) == (False, True)
    assert all(parameter.requires_grad for parameter in twin.parameters())


def test_no_optimizer_moves_it_by_momentum_or_decay(net):
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.5)
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.randn(4, 6)).sum().backward()
        optimizer.step()
    tg.freeze(net)
    before = snapshot(net)
    optimizer.step()

    assert unchanged(net, before)


def test_release_gives_back_gradients_and_requires_grad(net):
    net[0].bias.requires_grad_(False)
    net(torch.randn(4, 6)).sum().backward()
    before = [(parameter.requires_grad, parameter.grad) for parameter in net.parameters()]
    with tg.freeze(net):
        assert not any(parameter.requires_grad for parameter in net.parameters())

    assert [(parameter.requires_grad, parameter.grad) for parameter in net.parameters()] == before


def test_gradients_of_another_loss_stay_out(build_net):
    generator, discriminator = build_net(), nn.Linear(3, 1)
    with tg.freeze(discriminator):
        discriminator(generator(torch.randn(4, 6))).sum().backward()

    assert discriminator.weight.grad is None
    assert generator[0].weight.grad is not None


@pytest.mark.parametrize("last_asked", [True, False])
def test_release_gives_the_mode_last_asked_for(net, last_asked):
    frozen = tg.freeze(net)
    net.train(last_asked)
    frozen.release()

    assert net[1].training is last_asked


def test_release_gives_the_mode_before_if_none_was_asked_for(net):
    net[1].eval()
    tg.freeze(net).release()

    assert not net[1].training


def test_released_module_trains_again(net):
    tg.freeze(net).release()
    before = snapshot(net)
    net.train()
    net(torch.randn(4, 6))

    assert not unchanged(net, before)


def test_second_release_does_nothing(net):
    frozen = tg.freeze(net)
    frozen.release()
    net.requires_grad_(False)
    frozen.release()

    assert not any(parameter.requires_grad for parameter in net.parameters())


def test_inner_release_leaves_the_outer_freeze(net):
    tg.freeze(net[1])
    tg.freeze(net).release()
    net.train()

    assert not net[1].training
    assert not net[1].weight.requires_grad


def test_eval_mode_leaves_the_freeze(net):
    tg.freeze(net)
    with tg.eval_mode(net):
        pass

    assert (net.training, net[1].training) == (True, False)


def test_freeze_survives_conversion_to_sync_batch_norm(net):
    frozen = tg.freeze(net)
    before = snapshot(net)
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    converted.train()

    assert isinstance(converted[1], nn.SyncBatchNorm)
    assert not converted[1].training
    converted(torch.randn(4, 6))
    assert unchanged(converted, before)
    frozen.release()
    assert converted[1].training
    assert converted.eval()[1].training is False


@pytest.fixture
def one_rank():
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.usefixtures("one_rank")
def test_freeze_survives_ddp(net):
    tg.freeze(net[:2])
    wrapped = nn.parallel.DistributedDataParallel(net)
    before = snapshot(net[:2])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(2):
        wrapped.train()
        wrapped(torch.randn(4, 6)).sum().backward()
        optimizer.step()

    assert unchanged(net[:2], before)


@pytest.mark.usefixtures("one_rank")
def test_sharded_module_stays_frozen_and_is_released(net):
    from torch.distributed.fsdp import fully_shard

    net(torch.randn(4, 6)).sum().backward()
    frozen = tg.freeze(net)
    fully_shard(net, mesh=torch.distributed.init_device_mesh("cpu", (1,)))
    assert not any(parameter.requires_grad for parameter in net.parameters())
    frozen.release()

    assert all(parameter.requires_grad and parameter.grad is None for parameter in net.parameters())
    assert net.train()[1].training


def test_weights_load_into_a_frozen_module(net, build_net):
    tg.freeze(net)
    other = build_net()
    with torch.no_grad():
        other[1].running_mean.add_(1)
    tg.load_weights(net, other.state_dict())

    assert torch.equal(net[1].running_mean, other[1].running_mean)


@pytest.mark.parametrize("norm", [nn.GroupNorm(2, 4), nn.InstanceNorm1d(4, affine=True, track_running_stats=True)])
def test_other_norms_stand_still_too(norm):
    net = nn.Sequential(norm, nn.Dropout(0.5))
    tg.freeze(net, dropout="eval")
    before = snapshot(net)
    net.train()
    one, other = (net(torch.ones(2, 4, 3)) for _ in range(2))

    assert unchanged(net, before)
    assert torch.equal(one, other)


@pytest.mark.parametrize("training", [True, False])
def test_eval_mode_leaves_the_mode_that_release_gives(net, training):
    net[1].train(training)
    frozen = tg.freeze(net)
    with tg.eval_mode(net):
        pass
    frozen.release()

    assert net[1].training is training


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        (nn.ReLU(), {}, "nothing to freeze"),
        (nn.Linear(1, 1), {"batch_norm": "off"}, 'write batch_norm="eval" or "train"'),
        (nn.Linear(1, 1), {"dropout": None}, 'write dropout="eval" or "train"'),
    ],
)
def test_what_cannot_be_right_is_refused(module, options, words):
    with pytest.raises(tg.MisuseError, match=words):
        tg.freeze(module, **options)
