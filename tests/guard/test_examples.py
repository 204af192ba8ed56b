"""The example of nine ways: one of them from training to evaluation, and what it says of DataParallel without GPUs."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs an example in this process, as a fresh one would take seconds to import torch; returns what it printed."""
    monkeypatch.syspath_prepend(EXAMPLES)

    def run_example(name: str, *arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        importlib.import_module(name).main()
        return capsys.readouterr().out

    return run_example


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about a machine without GPUs")
def test_what_was_trained_is_evaluated_alike_and_data_parallel_says_what_it_does(run, tmp_path):
    said = run("amp_parallel", "--out", tmp_path, "--way", "dp", "--epochs", 2)
    result = json.loads((tmp_path / "dp-off.json").read_text(encoding="utf-8"))
    evaluated = run("amp_parallel_evaluate", tmp_path / "dp-off.pt", "--device", "cpu")

    assert "DataParallel has 0 GPUs here" in said
    assert result["way"] == "DataParallel on 0 GPUs: the module alone"
    assert result["accuracy"] > 0.5
    assert re.search(r"accuracy ([\d.]+) on cpu", evaluated)[1] == f"{result['accuracy']:.3f}"
