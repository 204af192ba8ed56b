"""A project is read across its files, and the findings are the same in whatever way it is linted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECTS = Path(__file__).parents[1] / "projects"
SPLIT, SCRIPTS = PROJECTS / "split_training", PROJECTS / "scripts"

Findings = set[tuple[str, int, str]]  # file, line, symbol


def files_of(project: Path) -> list[Path]:
    return sorted(path for path in project.rglob("*.py") if path.name != "broken.py")


def marked(project: Path) -> Findings:
    """Return what the marks of a project's files say."""
    return {
        (path.relative_to(project).as_posix(), number, symbol)
        for path in files_of(project)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for symbol in re.findall(r"# \[([a-z-]+)\]", line)
    }


def linted(project: Path, files: list[Path], *options: str) -> Findings:
    """Run the plugin as a user does, and return what it finds."""
    command = [sys.executable, "-m", "pylint", "--rcfile=/dev/null", "--load-plugins=pylint_torchcheck"]
    command += [
        "--disable=all",
        "--enable=torchcheck,astroid-error",
        "--output-format=json2",
        "--persistent=n",
        "--torch-cache=n",
    ]
    done = subprocess.run([*command, *options, *map(str, files)], capture_output=True, text=True, check=False)
    messages = json.loads(done.stdout)["messages"]
    return {
        (Path(message["absolutePath"]).relative_to(project).as_posix(), message["line"], message["symbol"])
        for message in messages
    }


MARKED = ("inherited_methods", "loss_module", "older_torch", "policies", "put_on_the_path", "saved_elsewhere")


@pytest.mark.parametrize(
    "project",
    [SPLIT, SCRIPTS, *(PROJECTS / name for name in MARKED)],
    ids=lambda project: project.name,
)
def test_project_shows_what_its_marks_say(project: Path) -> None:
    assert linted(project, files_of(project)) == marked(project) != set()


def test_findings_are_the_same_with_two_jobs_in_reversed_order() -> None:
    assert linted(SPLIT, files_of(SPLIT)[::-1], "-j2") == marked(SPLIT)


@pytest.mark.parametrize("path", files_of(SPLIT), ids=lambda path: path.relative_to(SPLIT).as_posix())
def test_file_alone_shows_what_it_shows_in_its_project(path: Path) -> None:
    name = path.relative_to(SPLIT).as_posix()

    assert linted(SPLIT, [path]) == {finding for finding in marked(SPLIT) if finding[0] == name}


CLEARING = """
def note(text):
    return text


def clear(weights):
    for weight in weights:
        if weight.grad is not None:
            weight.grad.zero_()
"""
TRAINING = """
import torch
from helpers import clear, note
from torch import nn

model = nn.Linear(4, 1)
weights = list(model.parameters())
optimizer = torch.optim.AdamW(weights, lr=0.1)
for batch in torch.ones(9, 2, 4):
    {notes}
    {clear}
    model(batch).mean().backward()
    optimizer.step()
"""


@pytest.mark.parametrize(("clear", "symbols"), [("clear(weights)", set()), ("note(weights)", {"missing-zero-grad"})])
def test_gradients_are_cleared_however_much_was_called_before(tmp_path: Path, clear: str, symbols: set[str]) -> None:
    notes = "\n    ".join(f"note({number})" for number in range(200))
    (tmp_path / "helpers.py").write_text(CLEARING)
    (tmp_path / "train.py").write_text(TRAINING.format(notes=notes, clear=clear))

    assert {symbol for _, _, symbol in linted(tmp_path, [tmp_path / "train.py"])} == symbols
