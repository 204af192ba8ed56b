"""TrainStep against the loop that it replaces."""

import copy

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR, ReduceLROnPlateau

import torchguard as tg

BATCHES = [torch.randn(4, 6, generator=torch.Generator().manual_seed(seed)) for seed in range(12)]


def sgd(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)


def loss_of(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return module(x).square().mean()


def train(step: tg.TrainStep, module: nn.Module, batches=BATCHES) -> list[tg.StepResult]:
    results = []
    for x in batches:
        with step.autocast():
            loss = loss_of(module, x)
        results.append(step.backward(loss))
    return results


def inf_gradient(module: nn.Module) -> torch.Tensor:
    """A finite loss whose gradient is not."""
    return module[4].weight.sub(module[4].weight.detach()).abs().sqrt().sum()


# the plain loop


@pytest.mark.parametrize("clip_norm", [None, 0.1])
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW])
def test_equals_the_plain_loop(build_net, same, kind, clip_norm):
    plain, guarded = build_net(), build_net()
    optimizer = kind(plain.parameters(), lr=0.1)
    with tg.seed_everything(5):  # dropout draws the same for both
        for x in BATCHES:
            optimizer.zero_grad()
            loss_of(plain, x).backward()
            if clip_norm is not None:
                nn.utils.clip_grad_norm_(plain.parameters(), clip_norm)
            optimizer.step()
    with tg.seed_everything(5):
        train(tg.TrainStep(guarded, kind(guarded.parameters(), lr=0.1), clip_norm=clip_norm), guarded)

    assert same(plain, guarded)


def test_equals_the_plain_loop_with_accumulation(build_net, same):
    plain, guarded = build_net(), build_net()
    optimizer = sgd(plain)
    with tg.seed_everything(5):
        for index, x in enumerate(BATCHES):
            (loss_of(plain, x) / 4).backward()
            if index % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    with tg.seed_everything(5):
        train(tg.TrainStep(guarded, sgd(guarded), accumulate=4), guarded)

    assert same(plain, guarded)


def test_equals_the_plain_scaler_loop(build_net, same):
    plain, guarded = build_net(), build_net()
    optimizer, scaler = sgd(plain), torch.amp.GradScaler("cpu")
    with tg.seed_everything(5):
        for x in BATCHES:
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                loss = loss_of(plain, x)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(plain.parameters(), 0.1)
            scaler.step(optimizer)
            scaler.update()
    with tg.seed_everything(5):
        train(tg.TrainStep(guarded, sgd(guarded), amp="fp16", clip_norm=0.1), guarded)

    assert same(plain, guarded)


def test_bf16_computes_in_bf16(net):
    with tg.TrainStep(net, sgd(net), amp="bf16").autocast():
        assert net(BATCHES[0]).dtype == torch.bfloat16


def test_grad_norm_is_that_of_the_unscaled_gradient_before_clipping(build_net):
    plain, guarded = build_net().eval(), build_net().eval()
    loss_of(plain, BATCHES[0]).backward()
    expected = nn.utils.get_total_norm([parameter.grad for parameter in plain.parameters()]).item()
    result = tg.TrainStep(guarded, sgd(guarded), clip_norm=1e-3).backward(loss_of(guarded, BATCHES[0]))

    assert result.grad_norm == expected


@pytest.mark.parametrize("clip_norm", [None, 0.5])
def test_sparse_gradients_train_like_dense_ones(clip_norm):
    weights = []
    for sparse in (False, True):
        module = nn.Embedding(5, 2, sparse=sparse, _weight=torch.ones(5, 2))
        step = tg.TrainStep(module, torch.optim.SGD(module.parameters(), lr=0.5), accumulate=2, clip_norm=clip_norm)
        for rows in ([1, 1, 2], [2, 3]):
            step.backward(module(torch.tensor(rows)).square().sum(), weight=len(rows))
        weights.append(module.weight)

    assert torch.allclose(*weights, atol=1e-6)


# windows


@pytest.mark.parametrize("split", [[12], [6, 6], [1, 11], [5, 4, 3], [2, 3, 2, 4, 1]])
@pytest.mark.parametrize("accumulate", [5, 8])  # full, and partial ended by flush
def test_any_split_gives_the_gradient_of_the_whole(split, accumulate):
    module = nn.Linear(6, 1).double()
    samples, seen = torch.randn(12, 6, dtype=torch.float64), []
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    (whole,) = torch.autograd.grad(loss_of(module, samples), module.weight)
    optimizer.register_step_pre_hook(lambda *_: seen.append(module.weight.grad.clone()))
    step = tg.TrainStep(module, optimizer, accumulate=accumulate)
    for part in samples.split(split):
        step.backward(loss_of(module, part), weight=len(part))
    step.flush()

    assert len(seen) == 1
    assert (seen[0] - whole).abs().max() < 1e-12


def test_flush_steps_with_the_last_partial_window(net):
    step = tg.TrainStep(net, sgd(net), accumulate=8)
    train(step, net)
    result = step.flush()

    assert (result.stepped, result.window, step.steps) == (True, 4, 2)


def test_flush_of_an_empty_window_does_nothing(net, build_net, same):
    result = tg.TrainStep(net, sgd(net)).flush()

    assert not result.stepped
    assert same(net, build_net())


def test_window_counts_micro_batches(net):
    results = train(tg.TrainStep(net, sgd(net), accumulate=3), net, BATCHES[:4])

    assert [(result.window, result.stepped) for result in results] == [(1, False), (2, False), (3, True), (1, False)]


def test_another_loss_before_the_window_does_not_count(build_net, same):
    clean, polluted = build_net(), build_net()
    step = tg.TrainStep(polluted, sgd(polluted))
    polluted[4].weight.grad = torch.ones_like(polluted[4].weight)
    for module, guard in ((clean, tg.TrainStep(clean, sgd(clean))), (polluted, step)):
        with tg.seed_everything(5):
            train(guard, module)

    assert same(clean, polluted)


def test_backward_that_fails_leaves_no_half_gradient(net):
    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            raise RuntimeError("out of memory")

    step = tg.TrainStep(net, sgd(net), accumulate=3)
    step.backward(loss_of(net, BATCHES[0]))
    loss = net[4].weight.sum() + Fails.apply(net[0].weight).sum()
    with pytest.raises(RuntimeError, match="out of memory"):
        step.backward(loss)

    assert all(parameter.grad is None for parameter in net.parameters())
    assert step.backward(loss_of(net, BATCHES[0])).window == 1


# skipped steps


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("amp", ["off", "bf16", "fp16"])
def test_skipped_step_moves_nothing(net, build_net, same, amp, fused):
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1, fused=fused)
    scheduler = ExponentialLR(optimizer, 0.5)
    step = tg.TrainStep(net, optimizer, scheduler, amp=amp)
    result = step.backward(inf_gradient(net))

    assert (result.stepped, result.skipped, step.steps, step.skipped) == (False, True, 0, 1)
    assert scheduler.last_epoch == 0
    assert same(net, build_net())
    assert not optimizer.state


@pytest.mark.parametrize("fused", [False, True])
def test_scheduler_and_count_equal_real_steps(net, fused):
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1, fused=fused)
    scheduler = ExponentialLR(optimizer, 0.5)
    step = tg.TrainStep(net, optimizer, scheduler, amp="fp16")
    train(step, net, BATCHES[:3])
    step.backward(inf_gradient(net))
    train(step, net, BATCHES[3:6])
    taken = int(optimizer.state[net[0].weight]["step"])

    assert taken == step.steps == scheduler.last_epoch == 7 - step.skipped
    assert step.skipped >= 1


def test_skip_lowers_the_scale_once(net):
    step = tg.TrainStep(net, sgd(net), amp="fp16")
    step.backward(inf_gradient(net))

    assert step.state_dict()["scaler"]["scale"] == 2.0**15


def test_skipped_gradient_is_gone(net):
    step = tg.TrainStep(net, sgd(net))
    step.backward(inf_gradient(net))

    assert all(parameter.grad is None for parameter in net.parameters())


def test_nonfinite_gradient_raises_if_asked(net, build_net, same):
    step = tg.TrainStep(net, sgd(net), on_nonfinite="raise")
    with pytest.raises(tg.NonFiniteGradientError, match="1 of 1 gradients hold nan or inf"):
        step.backward(inf_gradient(net))

    assert same(net, build_net())


# several optimizers


def split_optimizers(module: nn.Module) -> list[torch.optim.Optimizer]:
    return [torch.optim.SGD(module[0].parameters(), lr=0.1), torch.optim.AdamW(module[4].parameters(), lr=0.1)]


def test_several_optimizers_equal_the_plain_scaler_loop(build_net, same):
    plain, guarded = build_net(), build_net()
    optimizers, scaler = split_optimizers(plain), torch.amp.GradScaler("cpu")
    with tg.seed_everything(5):
        for x in BATCHES:
            plain.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                loss = loss_of(plain, x)
            scaler.scale(loss).backward()
            for optimizer in optimizers:
                scaler.step(optimizer)
            scaler.update()
    with tg.seed_everything(5):
        train(tg.TrainStep(guarded, split_optimizers(guarded), amp="fp16"), guarded)

    assert same(plain, guarded)


def test_several_optimizers_skip_together(net, build_net, same):
    optimizers = split_optimizers(net)
    schedulers = [ExponentialLR(optimizer, 0.5) for optimizer in optimizers]
    step = tg.TrainStep(net, optimizers, schedulers)
    step.backward(inf_gradient(net))
    skipped = [scheduler.last_epoch for scheduler in schedulers]
    train(step, net, BATCHES[:2])

    assert (skipped, [scheduler.last_epoch for scheduler in schedulers], step.steps) == ([0, 0], [2, 2], 2)


# optimizers that search


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_minimize_equals_the_plain_closure(build_net, same, line_search):
    plain, guarded = build_net().eval(), build_net().eval()
    optimizer = torch.optim.LBFGS(plain.parameters(), line_search_fn=line_search, max_iter=5)

    def closure():
        optimizer.zero_grad()
        loss = loss_of(plain, BATCHES[0])
        loss.backward()
        return loss

    step = tg.TrainStep(guarded, torch.optim.LBFGS(guarded.parameters(), line_search_fn=line_search, max_iter=5))
    for _ in range(3):
        optimizer.step(closure)
        step.minimize(lambda: loss_of(guarded, BATCHES[0]), weight=4)

    assert same(plain, guarded)
    assert step.steps == 3


def search_into_infinity(step: tg.TrainStep, module: nn.Module) -> tg.StepResult:
    """Finite where the search begins, and nan wherever it goes."""
    start = module[4].weight.detach().clone()

    def loss() -> torch.Tensor:
        moved = not torch.equal(module[4].weight, start)
        return loss_of(module, BATCHES[0]) * (float("nan") if moved else 1.0)

    return step.minimize(loss)


def test_search_that_leads_into_nan_is_skipped_and_taken_back(net, build_net, same):
    net.eval()
    optimizer = torch.optim.LBFGS(net.parameters())
    scheduler = ExponentialLR(optimizer, 0.5)
    step = tg.TrainStep(net, optimizer, scheduler)
    result = search_into_infinity(step, net)

    assert (result.skipped, step.steps, step.skipped, scheduler.last_epoch) == (True, 0, 1, 0)
    assert same(net, build_net())
    assert not optimizer.state


def test_search_that_leads_into_nan_raises_if_asked(net, build_net, same):
    net.eval()
    step = tg.TrainStep(net, torch.optim.LBFGS(net.parameters()), on_nonfinite="raise")
    with pytest.raises(tg.NonFiniteLossError):
        search_into_infinity(step, net)

    assert same(net, build_net())


# one process among none


def test_join_gives_the_batches_themselves_in_a_single_process(net):
    assert list(tg.TrainStep(net, sgd(net)).join(BATCHES)) == BATCHES


# saved state


@pytest.mark.parametrize("amp", ["off", "fp16"])
def test_resume_inside_a_window_is_exact(build_net, same, tmp_path, amp):
    straight = build_net().eval()
    train(tg.TrainStep(straight, sgd(straight), amp=amp, accumulate=4), straight)

    first = build_net().eval()
    step, optimizer = tg.TrainStep(first, one := sgd(first), amp=amp, accumulate=4), one
    train(step, first, BATCHES[:6])
    torch.save([first.state_dict(), optimizer.state_dict(), step.state_dict()], tmp_path / "saved.pt")
    saved = torch.load(tmp_path / "saved.pt", weights_only=True)

    second = build_net().eval()
    optimizer = sgd(second)
    step = tg.TrainStep(second, optimizer, amp=amp, accumulate=4)
    for subject, state in zip((second, optimizer, step), saved, strict=True):
        subject.load_state_dict(state)
    train(step, second, BATCHES[6:])

    assert same(straight, second)


def test_state_is_a_copy(net):
    step = tg.TrainStep(net, sgd(net), accumulate=4)
    train(step, net, BATCHES[:1])
    state = step.state_dict()
    before = copy.deepcopy(state["grads"])
    train(step, net, BATCHES[1:2])

    assert all(torch.equal(one, other) for one, other in zip(state["grads"], before, strict=True))


@pytest.mark.parametrize(
    ("options", "words"), [({"amp": "bf16", "accumulate": 4}, 'write amp="off"'), ({"accumulate": 2}, "accumulate=4")]
)
def test_state_of_another_setup_is_refused(net, options, words):
    saved = tg.TrainStep(net, sgd(net), accumulate=4)
    train(saved, net, BATCHES[:1])

    with pytest.raises(tg.StateMismatchError, match=words):
        tg.TrainStep(net, sgd(net), **options).load_state_dict(saved.state_dict())


def test_window_of_other_parameters_is_refused(net):
    saved = tg.TrainStep(net, sgd(net), accumulate=4)
    train(saved, net, BATCHES[:1])
    other = nn.Linear(2, 2)

    with pytest.raises(tg.StateMismatchError, match="other shapes"):
        tg.TrainStep(other, sgd(other), accumulate=4).load_state_dict(saved.state_dict())


# what is refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"amp": "fp8"}, '"off", "bf16" or "fp16"'),
        ({"accumulate": 0}, "accumulate=1"),
        ({"clip_norm": 0.0}, "clip_norm=None"),
        ({"on_nonfinite": "ignore"}, '"skip" or "raise"'),
        ({"amp": "fp16", "on_nonfinite": "raise"}, 'on_nonfinite="skip"'),
    ],
)
def test_wrong_option_is_refused(net, options, words):
    with pytest.raises(tg.MisuseError, match=words):
        tg.TrainStep(net, sgd(net), **options)


def test_optimizer_of_another_module_is_refused(net, build_net):
    with pytest.raises(tg.MisuseError, match="none of the 5 trainable ones"):
        tg.TrainStep(net, sgd(build_net()))


def test_frozen_module_is_refused(net):
    tg.freeze(net)
    with pytest.raises(tg.MisuseError, match="none of the 0 trainable ones"):
        tg.TrainStep(net, sgd(net))


def test_scheduler_of_another_optimizer_is_refused(net):
    with pytest.raises(tg.MisuseError, match=r"ExponentialLR\(optimizer, \.\.\.\)"):
        tg.TrainStep(net, sgd(net), ExponentialLR(sgd(net), 0.5))


def test_scheduler_that_needs_a_metric_is_refused(net):
    optimizer = sgd(net)
    with pytest.raises(tg.MisuseError, match=r"scheduler\.step\(validation_loss\)"):
        tg.TrainStep(net, optimizer, ReduceLROnPlateau(optimizer))


def test_backward_with_an_optimizer_that_searches_is_refused(net):
    step = tg.TrainStep(net, torch.optim.LBFGS(net.parameters()))
    with pytest.raises(tg.MisuseError, match=r"step\.minimize\(lambda: "):
        step.backward(loss_of(net, BATCHES[0]))


@pytest.mark.parametrize("options", [{"amp": "fp16"}, {"accumulate": 2}, {"clip_norm": 1.0}])
def test_search_with_what_would_falsify_it_is_refused(net, options):
    with pytest.raises(tg.MisuseError, match="compares the losses and gradients"):
        tg.TrainStep(net, torch.optim.LBFGS(net.parameters()), **options)


def test_minimize_inside_windows_is_refused(net):
    step = tg.TrainStep(net, sgd(net), accumulate=2)
    with pytest.raises(tg.MisuseError, match="accumulate=2"):
        step.minimize(lambda: loss_of(net, BATCHES[0]))


def test_parameter_in_two_optimizers_is_refused(net):
    with pytest.raises(tg.MisuseError, match="held by two optimizers"):
        tg.TrainStep(net, [sgd(net), sgd(net)])


def test_no_optimizer_is_refused(net):
    with pytest.raises(tg.MisuseError, match="there is no optimizer"):
        tg.TrainStep(net, [])


def test_half_parameters_with_fp16_are_refused(net):
    net.half()
    with pytest.raises(tg.MisuseError, match=r"leave out model\.half\(\)"):
        tg.TrainStep(net, sgd(net), amp="fp16")


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda loss: loss.item(), tg.LossError, "is a float"),
        (lambda loss: loss.expand(2), tg.LossError, r"shape \(2,\)"),
        (lambda loss: loss.detach(), tg.LossError, "not on the autograd graph"),
        (lambda loss: loss * float("nan"), tg.NonFiniteLossError, "the loss is nan"),
        (lambda loss: loss * float("inf"), tg.NonFiniteLossError, "the loss is inf"),
    ],
)
def test_unusable_loss_is_refused_and_leaves_the_window(net, spoil, error, words):
    step = tg.TrainStep(net, sgd(net), accumulate=3)
    step.backward(loss_of(net, BATCHES[0]))
    with pytest.raises(error, match=words):
        step.backward(spoil(loss_of(net, BATCHES[0])))

    assert step.backward(loss_of(net, BATCHES[0])).window == 2


def test_loss_of_another_module_is_refused(net, build_net):
    with pytest.raises(tg.LossError, match="no parameter of the optimizer has a gradient"):
        tg.TrainStep(net, sgd(net)).backward(loss_of(build_net(), BATCHES[0]))


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_weight_that_is_no_share_is_refused(net, weight):
    with pytest.raises(tg.MisuseError, match="no share of a window"):
        tg.TrainStep(net, sgd(net)).backward(loss_of(net, BATCHES[0]), weight=weight)
