"""What was found is remembered, and looked for again as soon as anything that it rests on is another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

MAIN = """
import torch
from torch import nn
from steps import clear

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for batch in torch.ones(9, 2, 4):
    clear(optimizer)
    model(batch).mean().backward()
    optimizer.step()
torch.save(model, "model.pt")
"""
STEPS = "from deeper import clear\n"
CLEARING = "def clear(optimizer):\n    optimizer.zero_grad()\n"
IDLE = "def clear(optimizer):\n    del optimizer\n"
WHOLE, CLEARS_NOTHING = "whole-module-save", "missing-zero-grad"


class Project:
    """Three files, of which the first leads to the others, and a folder to remember in."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root / "project", root / "home"
        self.root.mkdir()
        self.write("main.py", MAIN)
        self.write("steps.py", STEPS)
        self.write("deeper.py", CLEARING)

    def write(self, name: str, text: str) -> None:
        """Write a file of long ago."""
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        long_ago = time.time() - 3600
        os.utime(path, (long_ago, long_ago))

    def lint(self, *options: str, source: str | None = None) -> list[str]:
        """Run Pylint as a user does; return the symbols found in ``main.py``, in order."""
        command = [sys.executable, "-m", "pylint", f"--rcfile={os.devnull}", "--load-plugins=pylint_torchcheck"]
        command += ["--disable=all", "--enable=torchcheck", "--output-format=json2", "--persistent=n", *options]
        environment = {**os.environ, "PYLINTHOME": str(self.home)}
        environment.pop("TORCHCHECK_STRICT", None)
        done = subprocess.run(
            [*command, str(self.root / "main.py")],
            capture_output=True, text=True, check=False, env=environment, input=source,
        )  # fmt: skip
        assert done.stderr == ""
        return [message["symbol"] for message in json.loads(done.stdout)["messages"]]

    @property
    def pages(self) -> list[Path]:
        """The files in which something is remembered."""
        return sorted((self.home / "torchcheck").glob("*.json"))

    def falsify(self) -> None:
        """Let the memory say that nothing was found."""
        for page in self.pages:
            page.write_text(json.dumps({**json.loads(page.read_text()), "findings": []}))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_second_run_says_the_same(project: Project) -> None:
    assert project.lint() == project.lint() == [WHOLE]


def test_second_run_does_not_read_again(project: Project) -> None:
    project.lint()
    project.falsify()

    assert project.lint() == []


def test_nothing_is_kept_if_that_is_switched_off(project: Project) -> None:
    project.lint("--torch-cache=n")

    assert not project.pages


def test_nothing_is_recalled_if_that_is_switched_off(project: Project) -> None:
    project.lint()
    project.falsify()

    assert project.lint("--torch-cache=n") == [WHOLE]


def test_jobs_remember_and_recall(project: Project) -> None:
    second = str(project.root / "steps.py")
    project.lint("-j2", second)
    assert len(project.pages) == 1  # steps.py does not mention torch
    project.falsify()

    assert project.lint("-j2", second) == []


@pytest.mark.parametrize("name", ["main.py", "steps.py", "deeper.py"])
def test_changed_file_is_read_again(project: Project, name: str) -> None:
    """The file itself, one that it imports, and one that this imports."""
    project.lint()
    text = (project.root / name).read_text()
    changes = {"main.py": MAIN.replace("    clear(optimizer)\n", ""), "steps.py": IDLE, "deeper.py": IDLE}
    assert text != changes[name]

    project.write(name, changes[name])

    assert project.lint() == [CLEARS_NOTHING, WHOLE]


def test_change_back_is_read_again(project: Project) -> None:
    project.lint()
    project.write("deeper.py", IDLE)
    project.lint()
    project.write("deeper.py", CLEARING)

    assert project.lint() == [WHOLE]


def test_package_that_comes_before_a_module_counts(project: Project) -> None:
    project.lint()
    (project.root / "deeper").mkdir()
    project.write("deeper/__init__.py", IDLE)

    assert project.lint() == [CLEARS_NOTHING, WHOLE]


def test_deleted_import_counts(project: Project) -> None:
    project.write("deeper.py", IDLE)
    assert project.lint() == [CLEARS_NOTHING, WHOLE]

    (project.root / "deeper.py").unlink()

    assert project.lint() == [WHOLE]  # nobody knows what `clear` does now


def test_declared_release_of_torch_counts(project: Project) -> None:
    project.write("main.py", "import torch\nprint(torch.load('weights.pt', map_location='cpu'))\n")
    assert project.lint() == []

    project.write("requirements.txt", "torch==2.0\n")

    assert project.lint() == ["unsafe-load"]


def test_other_pitfalls_are_asked(project: Project) -> None:
    project.write("main.py", "import torch\nx = torch.ones(2, requires_grad=True).exp()\ny = x.data\ny /= 2\n")
    assert project.lint("--disable=tensor-data-attribute") == []

    assert project.lint() == ["tensor-data-attribute"]


def test_text_from_standard_input_is_not_taken_for_the_file(project: Project) -> None:
    project.lint()

    assert project.lint("--from-stdin", source=MAIN.replace("    clear(optimizer)\n", "")) == [CLEARS_NOTHING, WHOLE]


def test_file_that_is_changed_during_the_run_is_not_remembered(project: Project) -> None:
    in_an_hour = time.time() + 3600
    os.utime(project.root / "deeper.py", (in_an_hour, in_an_hour))

    assert project.lint() == [WHOLE]
    assert not project.pages


MEDDLING = """
from pylint.checkers import BaseChecker

class Meddler(BaseChecker):
    name = "meddler"
    msgs = {"W9999": ("never", "never-said", "never")}

    def visit_module(self, node):
        if node.name == "other":
            with open("deeper.py", "w") as file:
                file.write("def clear(optimizer): ...")

def register(linter):
    linter.register_checker(Meddler(linter))
"""


def test_file_that_is_changed_between_two_others_is_not_remembered_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first file has been read with it as it was, and the second with it as it is."""
    project.write("other.py", MAIN)
    project.write("meddler.py", MEDDLING)
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(project.root), str(Path(__file__).parents[2])]))
    other = str(project.root / "other.py")
    options = ["--load-plugins=pylint_torchcheck,meddler", "--enable=torchcheck,never-said"]
    assert CLEARS_NOTHING in project.lint(*options, str(project.root / "main.py"), other)

    project.write("deeper.py", CLEARING)

    assert project.lint(other) == [WHOLE, WHOLE]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"basis": 1}', "\N{SNOWMAN}"])
def test_damaged_page_is_written_again(project: Project, damage: str) -> None:
    project.lint()
    (page,) = project.pages
    whole = page.read_text()
    page.write_text(damage)

    assert project.lint() == [WHOLE]
    assert page.read_text() == whole


def test_nothing_is_wrong_where_nothing_can_be_written(project: Project) -> None:
    project.home.mkdir()
    (project.home / "torchcheck").write_text("in the way")

    assert project.lint() == project.lint() == [WHOLE]


def test_old_pages_go(project: Project) -> None:
    project.lint()
    (page,) = project.pages
    two_months_ago = time.time() - 60 * 24 * 3600
    os.utime(page, (two_months_ago, two_months_ago))
    other = page.with_name("other.json")
    other.write_text("{}")
    os.utime(other, (two_months_ago, two_months_ago))

    project.lint()

    assert project.pages == [page]  # found again
    assert time.time() - page.stat().st_mtime < 3600


def test_old_pages_are_looked_for_once_a_day(project: Project) -> None:
    project.lint()
    project.lint()
    other = project.home / "torchcheck" / "other.json"
    other.write_text("{}")
    os.utime(other, (0, 0))

    project.lint()

    assert other.exists()
