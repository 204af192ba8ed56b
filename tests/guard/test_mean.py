"""Mean against the sum that it replaces; parallel_checks.py has the ranks."""

import pytest
import torch

import torchguard as tg


def test_mean_is_weighted():
    mean = tg.Mean()
    mean.add(torch.tensor(1.0), weight=3)
    mean.add(5.0, weight=1)

    assert mean.value() == mean.local() == 2.0


def test_mean_keeps_no_graph():
    mean, weight = tg.Mean(), torch.ones(3, requires_grad=True)
    mean.add(weight.sum(), weight=weight.sum())

    assert not any(isinstance(kept, torch.Tensor) and kept.requires_grad for kept in vars(mean).values())


def test_mean_is_exact_where_float32_is_not():
    mean = tg.Mean()
    for value in (2.0**25, 1.0, 1.0, 1.0, 1.0):
        mean.add(torch.tensor(value))

    assert mean.value() == (2.0**25 + 4) / 5


def test_mean_of_a_tensor_that_changes_later():
    mean, loss = tg.Mean(), torch.tensor(1.0, dtype=torch.float64)
    mean.add(loss)
    loss += 10

    assert mean.value() == 1.0


def test_adding_waits_for_no_device():
    """A meta tensor has no value to wait for, so whatever reads it fails."""
    mean = tg.Mean()
    for _ in range(2):
        mean.add(torch.ones((), device="meta"), weight=2)

    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        mean.local()


def test_reset_begins_anew():
    mean = tg.Mean()
    mean.add(1.0)
    mean.reset()
    mean.add(3.0)

    assert mean.value() == 3.0


def test_state_goes_through_weights_only(tmp_path):
    mean, other = tg.Mean(), tg.Mean()
    mean.add(torch.tensor(2.0), weight=3)
    torch.save(mean.state_dict(), tmp_path / "mean.pt")
    other.load_state_dict(torch.load(tmp_path / "mean.pt", weights_only=True))
    other.add(6.0)

    assert other.value() == 3.0


def test_several_numbers_at_once_are_refused():
    with pytest.raises(tg.MisuseError, match=r"write value\.mean\(\)"):
        tg.Mean().add(torch.ones(2))


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
def test_weight_that_is_no_share_is_refused(weight):
    with pytest.raises(tg.MisuseError, match="no share of a mean"):
        tg.Mean().add(1.0, weight=weight)


@pytest.mark.parametrize("read", [tg.Mean.value, tg.Mean.local])
def test_mean_of_nothing_is_refused(read):
    with pytest.raises(tg.MisuseError, match=r"mean\.add\("):
        read(tg.Mean())
