"""A job under torchrun that is told to stop, as a cluster does it, and started again: the same as if left alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from launching import ROOT, launch

SCRIPT = Path(__file__).parent / "preempted.py"
STEPS, TOLD_AT = 80, 15

pytestmark = pytest.mark.skipif(os.name == "nt", reason="torchrun and SIGTERM are not to be had on Windows")


def run_to_the_end(folder: Path) -> list[dict]:
    """What each rank had at the end."""
    folder.mkdir(exist_ok=True)
    launched = launch(folder, 2, SCRIPT, folder)

    assert launched.returncode == 0, launched
    return [torch.load(folder / f"end-{rank}.pt", weights_only=True) for rank in (0, 1)]


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> list[dict]:
    return run_to_the_end(tmp_path_factory.mktemp("straight") / "job")


def stopped(folder: Path, whom: str) -> float:
    """Tell torchrun or one of its ranks to stop in the middle of the run; returns after how many seconds all ended."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d"]
    command += ["--rdzv-endpoint=localhost:0", str(SCRIPT), str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as torchrun:
        assert any(line == f"step {TOLD_AT}\n" for line in torchrun.stdout)
        victim = torchrun.pid if whom == "torchrun" else int((folder / f"pid-{whom}").read_text())
        os.kill(victim, signal.SIGTERM)
        began = time.monotonic()
        torchrun.communicate(timeout=60)
    return time.monotonic() - began


def is_same(one: object, other: object) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    return one == other


@pytest.mark.parametrize("whom", ["torchrun", "1"])
def test_job_that_was_told_to_stop_goes_on_bit_identically(straight, tmp_path, whom):
    seconds = stopped(tmp_path, whom)
    (checkpoint,) = (tmp_path / "run").glob("step-*")
    step = int(checkpoint.name.removeprefix("step-"))
    resumed = run_to_the_end(tmp_path)

    assert TOLD_AT <= step < STEPS
    assert seconds < 10
    for one, other in zip(straight, resumed, strict=True):
        assert is_same(one["model"], other["model"])
        assert is_same(one["optimizer"], other["optimizer"])
        assert one["seen"][step:] == other["seen"]
