"""deterministic: what torch needs is set, put back, and what it lacks is said with what to write instead."""

import os

import pytest
import torch

import torchguard as tg


@pytest.fixture(autouse=True)
def settings_of_the_test_alone(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    yield
    torch.use_deterministic_algorithms(False)


def settings():
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


def without_deterministic_kernel():
    torch.zeros(4).put_(torch.tensor([1, 1]), torch.tensor([1.0, 2.0]))


def test_all_settings_are_made():
    with tg.deterministic():
        assert settings() == (True, True, False, ":4096:8")


def test_all_settings_are_put_back(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    before = settings()
    with tg.deterministic():
        pass

    assert settings() == before


def test_operation_without_a_kernel_raises_with_what_to_write():
    words = r"put_ has no deterministic kernel.*write x\.index_put_"
    with pytest.raises(tg.NoDeterministicKernelError, match=words), tg.deterministic():
        without_deterministic_kernel()


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), tg.deterministic():
        _ = 1 / 0


def test_warn_only_goes_on():
    with pytest.warns(UserWarning, match="put_ does not have a deterministic"), tg.deterministic(warn_only=True):
        without_deterministic_kernel()


def test_workspace_of_ones_own_is_kept(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    with tg.deterministic():
        assert settings()[3] == ":16:8"

    assert settings()[3] == ":16:8"


def test_workspace_that_is_not_deterministic_is_refused(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":0:0")
    with pytest.raises(tg.MisuseError, match='CUBLAS_WORKSPACE_CONFIG=":4096:8"'):
        tg.deterministic()


def test_too_late_for_cuda_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(tg.MisuseError, match="before the first tensor goes to a GPU"):
        tg.deterministic()


def test_what_remains_is_printed():
    with tg.deterministic() as found:
        assert "threads: 1 now" in str(found)
