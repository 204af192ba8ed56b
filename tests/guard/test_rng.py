"""Seeding and restoring the generators of python, numpy and torch."""

import random

import numpy as np
import pytest
import torch

import torchguard as tg


def draw() -> list[float]:
    """Two of each kind, the second normal one from the generators' caches."""
    python = [random.random(), random.gauss(0, 1)]
    return [*python, *np.random.randn(3).tolist(), *torch.rand(2).tolist(), *torch.randn(3).tolist()]


def test_seeding_makes_all_generators_repeat():
    tg.seed_everything(3)
    first = draw()
    tg.seed_everything(3)

    assert draw() == first


def test_seeding_in_a_block_leaves_no_trace():
    tg.seed_everything(3)
    expected = [draw(), draw()]
    tg.seed_everything(3)
    before = draw()
    with tg.seed_everything(99):
        draw()

    assert [before, draw()] == expected


def test_seeding_returns_what_it_replaced():
    state = tg.rng_state()
    seeded = tg.seed_everything(99)
    draw()
    seeded.restore()

    assert torch.equal(tg.rng_state()["torch"], state["torch"])


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range_is_refused(seed):
    with pytest.raises(tg.MisuseError, match="outside 0 to"):
        tg.seed_everything(seed)


def test_state_goes_on_mid_stream():
    draw()
    state = tg.rng_state()
    expected = draw()
    tg.seed_everything(99)
    tg.set_rng_state(state)

    assert draw() == expected


def test_state_survives_a_file_read_with_weights_only(tmp_path):
    draw()
    torch.save(tg.rng_state(), tmp_path / "rng.pt")
    expected = draw()
    tg.set_rng_state(torch.load(tmp_path / "rng.pt", weights_only=True))

    assert draw() == expected


@pytest.mark.parametrize("part", ["python", "numpy", "torch", "cuda"])
def test_incomplete_state_is_refused_and_nothing_touched(part):
    state = tg.rng_state()
    draw()
    now = tg.rng_state()
    with pytest.raises(tg.StateMismatchError, match=r"rng_state\(\)"):
        tg.set_rng_state({name: value for name, value in state.items() if name != part})

    assert torch.equal(tg.rng_state()["python"]["words"], now["python"]["words"])


def test_state_of_another_number_of_devices_is_refused():
    state = tg.rng_state()
    state["cuda"] = [torch.zeros(16, dtype=torch.uint8)] * 99

    with pytest.raises(tg.StateMismatchError, match="99 CUDA devices"):
        tg.set_rng_state(state)
