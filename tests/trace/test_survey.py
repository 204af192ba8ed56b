"""What is left out of the reading: nothing that holds a pitfall, and nearly everything else."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import astroid
import pytest

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.trace.program import Program

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("docs/pitfalls/*/*.py"), *ROOT.glob("tests/fixtures/*/*.py"), *ROOT.glob("tests/projects/*/*.py")]
SOURCES = [path for path in SOURCES if path.name != "broken.py"]


def lines_found(program: Program) -> list[tuple[str, int]]:
    findings = ((pitfall.symbol, finding) for pitfall in PITFALLS for finding in pitfall.check(program))
    return sorted((symbol, finding.place.node.lineno) for symbol, finding in findings)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_is_lost(path: Path) -> None:
    tree = astroid.MANAGER.ast_from_file(str(path), path.stem, source=True)

    assert lines_found(Program(tree, PITFALLS)) == lines_found(Program(tree))


def is_read(source: str) -> bool:
    program = Program(astroid.parse("import torch\nfrom torch import nn\n" + dedent(source)), PITFALLS)
    return bool(program.traces)


NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x).to(x.device)
"""


class TestReading:
    def test_modules_alone_are_not_read(self) -> None:
        assert not is_read(NET)

    def test_comments_and_strings_do_not_matter(self) -> None:
        words = '# optimizer.step(); loss.backward(); x.to(device)\nHELP = "x.cuda(); torch.load"\n'

        assert not is_read(NET + words)

    def test_arguments_of_that_name_do_not_matter(self) -> None:
        assert not is_read("def train(options):\n    return dict(backward=1, step=2, load=options)\n")

    @pytest.mark.parametrize(
        "source",
        [
            "def restore(path):\n    return torch.load(path)\n",
            "from torch import load as read\ndef restore(path):\n    return read(path)\n",
            "restore = torch.load\ndef again(path):\n    return restore(path)\n",
            "def move(x):\n    if x is not None:\n        x.cuda()\n",
            "class Keeper:\n    def __init__(self, path):\n        self.weights = torch.load(path)\n",
        ],
    )
    def test_what_may_hold_a_pitfall_is_read(self, source: str) -> None:
        assert is_read(source)
