"""What the parallel guards do in a single process, and what they say of an environment that cannot be right."""

import threading
import warnings

import pytest
import torch
from torch import nn

import torchguard as tg
from torchguard.parallel import carry_autocast


@pytest.fixture(autouse=True)
def no_torchrun(monkeypatch):
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_single_process_is_rank_0_of_1():
    with tg.distributed(device="cpu") as env:
        assert (env.rank, env.world_size, env.is_main, env.device) == (0, 1, True, torch.device("cpu"))


def test_seed_is_that_of_the_first_rank_and_is_given_back():
    before = torch.get_rng_state()
    with tg.distributed(seed=7, device="cpu"):
        drawn = torch.rand(())

    assert drawn == torch.rand((), generator=torch.Generator().manual_seed(7))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("wrap", [tg.ddp, tg.fsdp])
def test_single_process_leaves_the_model_as_it_is(net, wrap):
    assert wrap(net) is net


def test_incomplete_environment_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(tg.MisuseError, match='lacks 4 keys, first "LOCAL_RANK"'), tg.distributed():
        pass


def test_environment_that_is_no_number_is_refused(monkeypatch):
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "two")
    with pytest.raises(tg.MisuseError, match="RANK='two' is no number"), tg.distributed():
        pass


def test_unknown_device_is_refused():
    with pytest.raises(tg.MisuseError, match='device="gpu" is not known'), tg.distributed(device="gpu"):
        pass


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_rank_without_a_gpu_is_refused():
    with pytest.raises(tg.MisuseError, match="local rank 0 has no GPU"), tg.distributed(device="cuda"):
        pass


@pytest.mark.parametrize("wrap", [tg.ddp, tg.dp])
def test_wrapped_twice_is_refused(net, wrap):
    with pytest.raises(tg.MisuseError, match=r"write \w+\(model\.module\)"):
        wrap(nn.DataParallel(net))


def test_fsdp_without_such_blocks_is_refused(net):
    with pytest.raises(tg.MisuseError, match="no submodule is a Conv2d"):
        tg.fsdp(net, blocks=(nn.Conv2d,))


@pytest.mark.skipif(torch.cuda.device_count() > 1, reason="there is something to spread over")
def test_dp_says_where_it_does_nothing(net):
    with pytest.warns(UserWarning, match="so the model runs as it is"):
        assert tg.dp(net) is net


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_replicas_compute_in_the_dtype_that_was_asked_for(net, dtype):
    """The thread of a replica begins as torch's own do: autocast on, in the default dtype."""
    model = carry_autocast(nn.DataParallel(net))
    seen = []

    def replica() -> None:
        with torch.autocast("cpu"):
            seen.append(model.module(torch.ones(2, 6)).dtype)

    with torch.autocast("cpu", dtype=dtype):
        model(torch.ones(2, 6))
        thread = threading.Thread(target=replica)
        thread.start()
        thread.join()

    assert seen == [dtype]


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_replicas_on_gpus_compute_in_bfloat16(net):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = tg.TrainStep(model := tg.dp(net), torch.optim.SGD(net.parameters(), lr=0.1), amp="bf16")
    with step.autocast():
        assert model(torch.ones(4, 6, device="cuda:0")).dtype == torch.bfloat16


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("amp", ["off", "bf16", "fp16"])
def test_trains_on_a_gpu(net, amp):
    net.cuda()
    step = tg.TrainStep(net, torch.optim.AdamW(net.parameters(), lr=0.01, fused=True), amp=amp, clip_norm=1.0)
    for _ in range(10):
        with step.autocast():
            loss = net(torch.ones(4, 6, device="cuda")).square().mean()
        step.backward(loss)

    assert step.steps + step.skipped == 10
    assert step.steps >= 5


def test_print_once_prints_in_a_single_process(capsys):
    tg.print_once("loss", 0.5, end="!\n")

    assert capsys.readouterr().out == "loss 0.5!\n"


@pytest.mark.parametrize(("rank", "main"), [("0", True), ("1", False)])
def test_is_main_before_the_ranks_have_joined(monkeypatch, rank, main):
    monkeypatch.setenv("RANK", rank)

    assert tg.is_main() is main
