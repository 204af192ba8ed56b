"""SIGKILL at any moment: of a save, and of a whole training run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL and fork are not to be had on Windows")


def start(*command: object, **options) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, *map(str, command)]
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True, **options)


def test_killed_save_leaves_a_verified_checkpoint(tmp_path):
    with start(HERE / "save_and_kill.py", tmp_path, 20, 0, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=300)  # of a hang; a busy machine takes long

    assert process.returncode == 0, err
    assert "20 kills, 0 in the middle" not in out


def test_killed_runs_resume_bit_identically_however_samples_are_fetched(tmp_path):
    with start(HERE / "kill_and_resume.py", tmp_path, 16, 0, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=300)  # of a hang; a busy machine takes long

    assert process.returncode == 0, err
    assert "16 of 144 resumed runs are bit for bit" in out


def digits(folder: Path, amp: str) -> subprocess.Popen:
    options = ["--dir", folder / "run", "--out", folder / "weights.pt", "--amp", amp, "--epochs", 2, "--every", 7]
    return start(ROOT / "examples" / "digits.py", *options)


def run_to_the_end(folder: Path, amp: str) -> dict[str, torch.Tensor]:
    with digits(folder, amp) as process:
        process.communicate(timeout=300)  # of a hang; a busy machine takes long
    assert process.returncode == 0
    return torch.load(folder / "weights.pt", weights_only=True)


def kill_at(step: int, folder: Path, amp: str) -> str:
    """Kill the run as soon as it reports this step; returns its first line."""
    with digits(folder, amp) as process:
        first = process.stdout.readline()
        assert any(line.startswith(f"step {step} ") for line in process.stdout)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    return first


@pytest.mark.parametrize("amp", ["off", "fp16"])
def test_killed_run_resumes_bit_identically(tmp_path, amp):
    straight = run_to_the_end(tmp_path / "straight", amp)
    killed = tmp_path / "killed"
    # 45 micro-batches an epoch, two in a window, a checkpoint every 7: at 7 and 49 inside a window, at 49 in epoch two
    beginnings = [kill_at(step, killed, amp).split(" from ")[0] for step in (10, 44, 53)]
    resumed = run_to_the_end(killed, amp)

    assert [line.startswith("resumed at step") for line in beginnings] == [False, True, True]
    assert straight.keys() == resumed.keys()
    assert all(torch.equal(value, resumed[key]) for key, value in straight.items())
