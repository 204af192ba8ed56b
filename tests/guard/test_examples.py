"""The example of nine ways: one of them from training to evaluation, and what it says of DataParallel without GPUs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent.parent


def run(script: str, *arguments: object) -> str:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, ROOT / "examples" / script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about a machine without GPUs")
def test_what_was_trained_is_evaluated_alike_and_data_parallel_says_what_it_does(tmp_path):
    said = run("amp_parallel.py", "--out", tmp_path, "--way", "dp", "--amp", "bf16", "--epochs", 2)
    result = json.loads((tmp_path / "dp-bf16.json").read_text(encoding="utf-8"))
    evaluated = run("amp_parallel_evaluate.py", tmp_path / "dp-bf16.pt", "--device", "cpu")

    assert "DataParallel has 0 GPUs here" in said
    assert result["way"] == "DataParallel on 0 GPUs: the module alone"
    assert result["accuracy"] > 0.5
    assert re.search(r"accuracy ([\d.]+) on cpu", evaluated)[1] == f"{result['accuracy']:.3f}"
