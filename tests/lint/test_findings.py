"""Pylint, run once over every pair and fixture with all pitfalls on, finds what the marks say and nothing besides.

A line that ends in ``# [symbol]`` is one that must be reported; every other line must not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from astroid import nodes
from pylint.lint import Run
from pylint.reporters import CollectingReporter

from pylint_torchcheck import checker
from pylint_torchcheck.checker import TorchChecker
from pylint_torchcheck.pitfalls import PITFALLS

ROOT = Path(__file__).parents[2]
PAIRS = ROOT / "docs" / "pitfalls"
FIXTURES = ROOT / "tests" / "fixtures"
FILES = tuple(sorted([*PAIRS.rglob("*.py"), *FIXTURES.rglob("*.py")]))
SYMBOLS = frozenset(pitfall.symbol for pitfall in PITFALLS)
OPTIONAL = frozenset(pitfall.symbol for pitfall in PITFALLS if not pitfall.default_enabled)
# All of Pylint that can say that a file was not read; an error of our own reader shows as astroid-error.
UNREADABLE = ("fatal", "syntax-error", "astroid-error", "parse-error")

Found = list[tuple[int, str]]  # line and symbol


def marked(path: Path) -> Found:
    """Return what the marks of a file say."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(number, symbol) for number, line in enumerate(lines, 1) for symbol in re.findall(r"# \[([a-z-]+)\]", line)]


def symbols_marked(path: Path) -> set[str]:
    return {symbol for _, symbol in marked(path)}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass
class Linted:
    """What one run of Pylint did: the files that our checker got to see, and what was found in each."""

    files: set[Path] = field(default_factory=set)
    findings: dict[Path, Found] = field(default_factory=lambda: defaultdict(list))


@pytest.fixture(scope="module")
def linted(tmp_path_factory: pytest.TempPathFactory) -> Linted:
    """Run Pylint."""
    result, reporter = Linted(), CollectingReporter()
    configuration = tmp_path_factory.mktemp("pylint") / "empty.toml"
    configuration.touch()
    leave_module = TorchChecker.leave_module

    def record(self: TorchChecker, node: nodes.Module) -> None:
        result.files.add(Path(node.file))
        leave_module(self, node)

    enabled = ",".join([*SYMBOLS, *UNREADABLE])
    options = ["--load-plugins=pylint_torchcheck", "--disable=all", f"--enable={enabled}", "--persistent=n"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checker, "_STRICT", True)  # an error of the reader must not pass for a file without findings
        patch.setattr(TorchChecker, "leave_module", record)
        Run([f"--rcfile={configuration}", *options, *map(str, FILES)], reporter=reporter, exit=False)
    for message in reporter.messages:
        path = Path(message.abspath)
        if message.symbol not in OPTIONAL or message.symbol == path.parent.name:  # asked of its own files alone
            result.findings[path].append((message.line, message.symbol))
    return result


@pytest.mark.parametrize("path", FILES, ids=named)
def test_findings_are_the_marks(path: Path, linted: Linted) -> None:
    assert path in linted.files
    assert sorted(linted.findings[path]) == sorted(marked(path))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_marks_name_pitfalls(path: Path) -> None:
    assert symbols_marked(path) <= SYMBOLS


@pytest.mark.parametrize("symbol", sorted(SYMBOLS))
def test_bad_example_shows_its_pitfall_and_no_other(symbol: str) -> None:
    assert symbols_marked(PAIRS / symbol / "bad.py") == {symbol}


@pytest.mark.parametrize("symbol", sorted(SYMBOLS))
def test_good_example_has_no_mark(symbol: str) -> None:
    assert not marked(PAIRS / symbol / "good.py")


@pytest.mark.parametrize("symbol", sorted(SYMBOLS))
def test_fixtures_show_what_to_report_and_what_only_looks_like_it(symbol: str) -> None:
    marks = [symbol in symbols_marked(path) for path in (FIXTURES / symbol).glob("*.py")]

    assert True in marks
    assert False in marks
