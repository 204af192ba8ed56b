"""Checks that run on every rank under torchrun; what each one gave goes into a file a rank.

    torchrun --nproc-per-node 2 parallel_checks.py FOLDER

Each check has a process group of its own, so that one that fails spoils no other.
"""

import contextlib
import io
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR

import torchguard as tg
from torchguard import news
from torchguard.model_ranks import ModelRanks

CHECKS: dict[str, Callable[[], None]] = {}
TIMEOUT_S = 60.0
RANK = int(os.environ.get("RANK", "0"))


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS[function.__name__] = function
    return function


@contextlib.contextmanager
def raises(error: type[Exception], words: str) -> Iterator[None]:
    raised = None
    try:
        yield
    except error as caught:
        raised = str(caught)
    assert raised is not None, f"{error.__name__} was not raised"
    assert words in raised, raised


def linear(**options) -> nn.Module:
    with tg.seed_everything(3):
        return nn.Linear(6, 2, dtype=torch.float64, **options)


def two_layers() -> nn.Module:
    with tg.seed_everything(3):
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)).double()


def loss_of(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return module(x).square().mean()


def uneven_batches(world_size: int) -> list[list[torch.Tensor]]:
    """For each rank another number of batches, of other sizes: 4, 5, 6, ... batches of 1 to 5 samples."""
    generator = torch.Generator().manual_seed(7)
    sizes = [[1 + (3 * rank + 2 * index) % 5 for index in range(4 + rank)] for rank in range(world_size)]
    return [[torch.randn(size, 6, generator=generator, dtype=torch.float64) for size in own] for own in sizes]


def true_gradients(module: nn.Module, batches: list[list[torch.Tensor]], accumulate: int) -> list[list[torch.Tensor]]:
    """Of the mean over all samples that all ranks have in each window, in one process."""
    longest = max(map(len, batches))
    windows = [[own[start : start + accumulate] for own in batches] for start in range(0, longest, accumulate)]
    wholes = [torch.cat([x for own in window for x in own]) for window in windows]
    return [list(torch.autograd.grad(loss_of(module, whole), list(module.parameters()))) for whole in wholes]


def seen_gradients(model: nn.Module, accumulate: int) -> list[list[torch.Tensor]]:
    """What the optimizer is given at each step, with this rank's uneven batches. A rate of 0: the weights stay."""
    optimizer, seen = torch.optim.SGD(model.parameters(), lr=0.0), []
    optimizer.register_step_pre_hook(lambda *_: seen.append([whole(p.grad) for p in model.parameters()]))
    step = tg.TrainStep(model, optimizer, accumulate=accumulate)
    for x in step.join(uneven_batches(dist.get_world_size())[dist.get_rank()]):
        with step.autocast():
            loss = loss_of(model, x)
        step.backward(loss, weight=len(x))
    step.flush()
    return seen


def whole(tensor: torch.Tensor) -> torch.Tensor:
    return (tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor).clone()


def assert_true_means(model: nn.Module, plain: nn.Module, accumulate: int) -> None:
    expected = true_gradients(plain, uneven_batches(dist.get_world_size()), accumulate)
    seen = seen_gradients(model, accumulate)
    assert len(seen) == len(expected), (len(seen), len(expected))
    assert (
        max((a - b).abs().max() for one, two in zip(seen, expected, strict=True) for a, b in zip(one, two, strict=True))
        < 1e-12
    )


@check
def ddp_windows_are_true_means():
    with tg.distributed(timeout_s=TIMEOUT_S):
        for accumulate in (1, 2, 3):
            assert_true_means(tg.ddp(two_layers()), two_layers(), accumulate)


@check
def fsdp_windows_are_true_means():
    with tg.distributed(timeout_s=TIMEOUT_S):
        for accumulate in (1, 3):
            assert_true_means(tg.fsdp(two_layers(), blocks=(nn.Linear,)), two_layers(), accumulate)


@check
def flush_finds_parameters_that_only_some_ranks_used():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        module = nn.ModuleList([linear(), linear(), linear()])
        model = tg.ddp(module, find_unused_parameters=True)
        seen, optimizer = [], torch.optim.SGD(model.parameters(), lr=0.0)
        optimizer.register_step_pre_hook(lambda *_: seen.extend(p.grad for p in model.parameters()))
        step = tg.TrainStep(model, optimizer, accumulate=2)
        used = module[0 if env.is_main else 1]
        with step.autocast():
            loss = used(torch.ones(1, 6, dtype=torch.float64)).sum()
        step.backward(loss)
        step.flush()
        filled = [None if grad is None else grad.unique().tolist() for grad in seen]
        others = (env.world_size - 1) / env.world_size
        assert [filled[0], filled[2], filled[4]] == [[1 / env.world_size], [others], None], filled


@check
def ranks_train_as_one_process():
    """Ten steps with momentum, clipping and a scheduler, compared with the same in one process."""
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        x = torch.randn(40, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        alone, ours = two_layers(), tg.ddp(two_layers())
        for model, own in ((alone, x), (ours, x[env.rank :: env.world_size])):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
            step = tg.TrainStep(ours, optimizer, clip_norm=0.5) if model is ours else None
            scheduler = ExponentialLR(optimizer, 0.9)
            for _ in range(10):
                if step:
                    step.backward(loss_of(model, own), weight=len(own))
                else:
                    optimizer.zero_grad()
                    loss_of(model, own).backward()
                    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
                    optimizer.step()
                scheduler.step()
        pairs = zip(alone.parameters(), ours.parameters(), strict=True)
        assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs)


@check
def gradients_stay_on_the_rank_inside_a_window():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        model = tg.ddp(linear())
        step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1), accumulate=2)
        with step.autocast():
            loss = model(torch.full((1, 6), float(env.rank), dtype=torch.float64)).sum()
        step.backward(loss)
        assert model.module.weight.grad.unique().tolist() == [float(env.rank)]


def train_a_window(model: nn.Module, interrupted: bool) -> torch.Tensor:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    step = tg.TrainStep(model, optimizer, accumulate=4)
    for index, x in enumerate(uneven_batches(dist.get_world_size())[dist.get_rank()][:4]):
        if interrupted and index == 2:
            file = io.BytesIO()
            torch.save(step.state_dict(), file)
            file.seek(0)
            step = tg.TrainStep(model, optimizer, accumulate=4)
            step.load_state_dict(torch.load(file, weights_only=True))
        with step.autocast():
            loss = loss_of(model, x)
        step.backward(loss, weight=len(x))
    assert step.steps == 1
    return whole(next(model.parameters()).detach())


@check
def window_resumes_on_each_rank():
    with tg.distributed(timeout_s=TIMEOUT_S):
        for wrap in (tg.ddp, tg.fsdp):
            straight, resumed = (train_a_window(wrap(two_layers()), interrupted) for interrupted in (False, True))
            assert torch.equal(straight, resumed), wrap


@check
def infinite_gradient_on_one_rank_skips_on_all():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        for fused in (False, True):
            for amp in ("off", "fp16"):
                model = tg.ddp(linear().float())
                optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=fused)
                scheduler = ExponentialLR(optimizer, 0.5)
                step = tg.TrainStep(model, optimizer, scheduler, amp=amp)
                for index in range(4):
                    with step.autocast():
                        loss = model(torch.ones(2, 6)).square().mean()
                    if index == 1 and env.rank == 1:
                        weight = model.module.weight
                        loss = loss + weight.sub(weight.detach()).abs().sqrt().sum()  # 0, with an infinite gradient
                    step.backward(loss)
                taken = int(optimizer.state[model.module.weight]["step"])
                assert taken == step.steps == scheduler.last_epoch == 4 - step.skipped, (fused, amp, taken, step.steps)
                assert step.skipped >= 1


@check
def fsdp_trains_in_fp16_and_clips():
    with tg.distributed(timeout_s=TIMEOUT_S):
        model = tg.fsdp(two_layers().float(), blocks=(nn.Linear,))
        step = tg.TrainStep(model, torch.optim.AdamW(model.parameters(), lr=0.01), amp="fp16", clip_norm=0.1)
        losses = []
        for _ in range(20):
            with step.autocast():
                loss = loss_of(model, torch.ones(2, 6))
            result = step.backward(loss)
            losses.append(loss.item())
        assert result.stepped
        assert losses[-1] < losses[0] / 2, losses


@check
def search_takes_the_same_steps_as_one_process():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        x = torch.randn(21, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        own = x.tensor_split([5], dim=0)[min(env.rank, 1)]
        count = 5 if env.is_main else 16
        alone, model = two_layers(), tg.ddp(two_layers())
        plain = torch.optim.LBFGS(alone.parameters(), line_search_fn="strong_wolfe")
        step = tg.TrainStep(model, torch.optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe"))

        def closure():
            plain.zero_grad()
            parts = x.tensor_split([5], dim=0)
            weights = [5.0, 16.0 * (env.world_size - 1)]  # ranks beyond the second one hold the same part
            loss = sum(w * loss_of(alone, part) for w, part in zip(weights, parts, strict=True)) / sum(weights)
            loss.backward()
            return loss

        for _ in range(2):
            plain.step(closure)
            step.minimize(lambda: loss_of(model, own), weight=count)
        pairs = zip(alone.parameters(), model.parameters(), strict=True)
        assert all(torch.allclose(a, b, rtol=1e-6, atol=1e-8) for a, b in pairs)


@check
def joined_rank_leaves_its_buffers_alone():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        norm = nn.BatchNorm1d(6)
        model = tg.ddp(nn.Sequential(norm, nn.Linear(6, 1)), forward_sync_buffers=False)
        step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1))
        for x in step.join(torch.ones(2 + env.rank, 4, 6)):
            step.backward(model(x).sum())
        assert norm.num_batches_tracked == 2 + env.rank


@check
def joined_ranks_with_broadcast_buffers_do_not_hang():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        model = tg.ddp(nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 1)))
        step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1))
        for x in step.join(torch.ones(2 + env.rank, 4, 6)):
            step.backward(model(x).sum())
        assert step.steps == 1 + env.world_size


@check
def seeds_differ_by_rank_and_are_given_back():
    torch.manual_seed(11)
    before = torch.get_rng_state()
    with tg.distributed(seed=5, timeout_s=TIMEOUT_S) as env:
        drawn = ModelRanks.of(dist.group.WORLD).tell(torch.rand(()).item())
        with tg.seed_everything(5):
            assert drawn[0][0] == torch.rand(()).item()
        assert len({value for (value,) in drawn}) == env.world_size
    assert torch.equal(before, torch.get_rng_state())


@check
def every_rank_starts_from_the_first_ones_parameters():
    with tg.distributed(timeout_s=TIMEOUT_S):
        with tg.seed_everything(5):
            first = nn.Linear(4, 4)
        for wrap in (tg.ddp, tg.fsdp):
            with tg.seed_everything(5 + dist.get_rank()):
                model = wrap(nn.Linear(4, 4))
            pairs = zip(first.parameters(), model.parameters(), strict=True)
            assert all(torch.equal(expected, whole(own.detach())) for expected, own in pairs), wrap


@check
def mean_is_that_over_all_ranks():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        mean = tg.Mean()
        for index in range(env.rank):  # rank 0 has nothing
            mean.add(torch.tensor(float(env.rank + index)), weight=env.rank)
        counted = [(rank + index, rank) for rank in range(env.world_size) for index in range(rank)]
        expected = sum(value * weight for value, weight in counted) / sum(weight for _, weight in counted)
        assert abs(mean.value() - expected) < 1e-12


@check
def only_the_first_rank_prints():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            tg.print_once("loss", 1.5, sep="=")
        assert out.getvalue() == ("loss=1.5\n" if env.rank == 0 else "")
        assert tg.is_main() == env.is_main == (env.rank == 0)
    assert tg.is_main() == (env.rank == 0)


# refused on every rank, before anything hangs


@check
def plain_model_is_refused():
    with tg.distributed(timeout_s=TIMEOUT_S), raises(tg.MisuseError, "write model = torchguard.ddp(model)"):
        model = linear()
        tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1))


@check
def missing_process_group_is_refused():
    model = linear()
    with raises(tg.MisuseError, "with torchguard.distributed() as env:"):
        tg.ddp(model)
    with raises(tg.MisuseError, "with torchguard.distributed() as env:"):
        tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1))


@check
def optimizer_made_before_sharding_is_refused():
    with tg.distributed(timeout_s=TIMEOUT_S), raises(tg.MisuseError, "after the model was moved or wrapped"):
        model = linear()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        tg.TrainStep(tg.fsdp(model), optimizer)


@check
def differing_settings_are_refused():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        model = tg.ddp(linear())
        accumulate = 3 if env.rank == 1 else 2
        with raises(tg.RanksDisagreeError, "accumulate is 2 on rank 0 and 3 on rank 1"):
            tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1), accumulate=accumulate)


@check
def shared_gpu_is_refused():
    with tg.distributed(timeout_s=TIMEOUT_S), raises(tg.MisuseError, "ranks 0 and 1 both hold their model on cuda:0"):
        ModelRanks.of(dist.group.WORLD).refuse_shared_devices(torch.device("cuda:0"))


@check
def unequal_windows_are_refused():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        model = tg.ddp(linear())
        step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1), accumulate=2)
        with raises(tg.RanksDisagreeError, "write for batch in step.join(loader):"):
            for x in torch.ones(1 if env.rank == 1 else 2, 3, 6, dtype=torch.float64):
                with step.autocast():
                    loss = loss_of(model, x)
                step.backward(loss)
            step.flush()


@check
def rank_without_batches_is_refused():
    with tg.distributed(timeout_s=TIMEOUT_S) as env:
        model = tg.ddp(linear())
        step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1))
        with raises(tg.MisuseError, "rank 1 has no batch at all"):
            for _ in step.join([] if env.rank == 1 else [1, 2]):
                raise AssertionError("a batch was given")


@check
def torchs_own_join_is_refused():
    with tg.distributed(timeout_s=TIMEOUT_S):
        model = tg.ddp(linear())
        step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1))
        model._join_config = model._join_config._replace(enable=True)
        with raises(tg.MisuseError, "step.join(loader)"), step.autocast():
            pass


# one rank fails while the others wait for it


def fails_on_rank_1(spoil: Callable[[torch.Tensor], torch.Tensor], error: type[Exception], words: str) -> None:
    """Rank 1 raises its own error, and all others that rank 1 failed, and why; soon."""
    began, raised = time.monotonic(), None
    try:
        _train_four_micro_batches(spoil)
    except Exception as caught:
        raised = caught.with_traceback(None)
        raised.__cause__ = raised.__context__ = None  # their frames hold the model, and the model the connections
    own = RANK == 1
    assert type(raised) is (error if own else tg.RankFailedError), repr(raised)
    assert words in str(raised), raised
    assert own or "rank 1 failed first, with " in str(raised), raised
    assert time.monotonic() - began < 20


def _train_four_micro_batches(spoil: Callable[[torch.Tensor], torch.Tensor]) -> None:
    with tg.distributed(timeout_s=TIMEOUT_S):
        model = tg.ddp(linear())
        step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1), accumulate=2)
        for index in range(4):
            with step.autocast():
                loss = loss_of(model, torch.ones(3, 6, dtype=torch.float64))
            step.backward(spoil(loss) if RANK == 1 and index == 3 else loss)


@check
def loss_that_is_no_scalar_ends_every_rank():
    fails_on_rank_1(lambda loss: loss.expand(2), tg.LossError, "the loss has shape (2,)")


@check
def loss_without_graph_ends_every_rank():
    fails_on_rank_1(lambda loss: loss.detach(), tg.LossError, "not on the autograd graph")


@check
def exception_inside_a_window_ends_every_rank():
    def spoil(loss):
        raise ZeroDivisionError("in the middle of a window")

    fails_on_rank_1(spoil, ZeroDivisionError, "in the middle of a window")


def leaves_early(leave: Callable[[], None]) -> str | None:
    """What is said on this rank if rank 1 leaves after the first of three steps."""
    try:
        with tg.distributed(timeout_s=TIMEOUT_S):
            model = tg.ddp(linear())
            step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1))
            for x in torch.ones(3, 3, 6, dtype=torch.float64):
                step.backward(loss_of(model, x))
                if RANK == 1:
                    del model, step
                    leave()
                    break
    except (tg.RankFailedError, tg.Preempted) as error:
        return str(error)
    return None


@check
def rank_that_left_early_ends_the_others():
    said = leaves_early(lambda: None)
    assert said is None if RANK == 1 else "has left the block of distributed() already" in said, said


@check
def preempted_rank_has_left_and_not_failed():
    def preempt():
        raise tg.Preempted(1, Path("runs"), signal.SIGTERM)

    said = leaves_early(preempt)
    assert RANK == 1 or "has left the block of distributed() already" in said, said


@check
def rank_that_hangs_ends_the_others_after_the_timeout():
    raised = None
    began = time.monotonic()
    news.PATIENCE_S = 1.0
    try:
        with tg.distributed(timeout_s=2.0) as env:
            ranks = ModelRanks.of(dist.group.WORLD)
            if env.rank == 1:
                time.sleep(5)  # longer than the others wait for the message, and then for the reason
            else:
                ranks.tell(1.0)
    except tg.RankFailedError as error:
        raised = str(error)
    assert time.monotonic() - began < 20
    if env.rank != 1:
        assert "no rank has said why" in raised, raised


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    results = {}
    for name, function in CHECKS.items():
        began = time.monotonic()
        try:
            function()
            results[name] = "ok"
        except BaseException:
            results[name] = traceback.format_exc()
        print(f"{name} {time.monotonic() - began:.2f} s", flush=True)
    (folder / f"rank-{RANK}.json").write_text(json.dumps(results), encoding="utf-8")
    print("finished", RANK, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
