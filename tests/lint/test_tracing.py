"""``torchcheck --trace FILE`` shows what the reader saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylint_torchcheck.command import main

PROJECT = Path(__file__).parents[1] / "projects" / "split_training"
SOURCE = """\
import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for batch in torch.randn(8, 16, 4):
    model(batch).square().mean().backward()
    optimizer.step()
"""


def lines_of_trace(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["--trace", str(path)]) == 0
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def traced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    path = tmp_path / "train.py"
    path.write_text(SOURCE)
    return lines_of_trace(path, capsys)


def test_events_stand_under_their_line(traced: list[str]) -> None:
    line = traced.index("8 | optimizer.step()")

    assert traced[line + 1] == "| OptimizerStep optimizer torch.optim.SGD from line 5"


def test_values_of_names_are_shown(traced: list[str]) -> None:
    assert "| model is module torch.nn.Linear from line 4" in traced


def test_findings_are_shown(traced: list[str]) -> None:
    assert any(line.startswith("| missing-zero-grad: optimizer.step() runs again") for line in traced)


def test_event_of_another_file_stands_at_the_call_and_says_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    traced = lines_of_trace(PROJECT / "main.py", capsys)
    line = traced.index("18 | print(engine.evaluate(model, val_loader)) # [missing-eval]")

    assert traced[line + 1] == "| EvaluationForward module Net from net.py:16, at engine.py:27"


@pytest.mark.parametrize(("text", "words"), [("def f(:\n", "invalid syntax"), ("x = 1\0\n", "null bytes")])
def test_unreadable_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text)

    assert main(["--trace", str(path)]) == 32
    assert f"{path}: " in (error := capsys.readouterr().err)
    assert words in error
