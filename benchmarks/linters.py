"""The tools that are compared: how each is run, and how its findings are counted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from environment import Environment
from measure import Cost, run

_PYLINT_LINE = re.compile(r"^.+?:\d+:\d+: [A-Z]\d{4}: ", re.MULTILINE)
_TORCHFIX_LINE = re.compile(r"^.+?:\d+:\d+: TOR\d+ ", re.MULTILINE)


@dataclass(frozen=True)
class Tool:
    """A linter, as a command to which paths are added."""

    name: str
    command: tuple[str, ...]
    environment: Environment
    findings: Callable[[str], int]  # from what it prints
    remembers: bool = False  # what it found in an earlier run?

    def check(self, paths: Sequence[str]) -> Cost:
        """Lint the paths."""
        return run([*self.command, *paths], self.environment.folder, self.environment.variables)

    def warm_up(self, scratch: Path, paths: Sequence[str]) -> None:
        """Lint next to nothing, so that its modules are compiled and read from the disk before it counts.

        A tool that remembers lints the paths.
        """
        tiny = scratch / "tiny.py"
        tiny.write_text("import torch\n\nprint(torch.ones(1))\n", encoding="utf-8")
        self.check(paths if self.remembers else [str(tiny)])


def peer_tools(environment: Environment) -> list[Tool]:
    """Return ours, the others and Pylint itself, each with one process."""
    script = environment.script
    preflight = (script("torch-preflight"), "check", "-j", "1", "--format", "json")
    return [
        torchcheck(environment),
        torchcheck(environment, again=True),
        Tool("TorchFix", (script("torchfix"), "-j", "1"), environment, _matches(_TORCHFIX_LINE)),
        Tool("torch-preflight", preflight, environment, _preflight_findings),
        pylint(environment),
        pylint_with_plugin(environment),
        pylint_with_plugin(environment, again=True),
    ]


def torchcheck(environment: Environment, jobs: int = 1, *, again: bool = False) -> Tool:
    """Return our own command, in a first run or in a second."""
    name = "torchcheck" if jobs == 1 else f"torchcheck -j{jobs}"
    command = (str(environment.python), "-m", "pylint_torchcheck", f"-j{jobs}", cache(again))
    return Tool(name + _AGAIN * again, command, environment, _matches(_PYLINT_LINE), remembers=again)


def pylint(environment: Environment) -> Tool:
    """Return Pylint with its default checks."""
    return _pylint(environment, "pylint")


def pylint_with_plugin(environment: Environment, *, again: bool = False) -> Tool:
    """Return Pylint with its default checks and ours beside them, in a first run or in a second."""
    tool = _pylint(environment, "pylint + torchcheck" + _AGAIN * again, _PLUGIN, cache(again))
    return replace(tool, remembers=again)


def pylint_with_stand_ins(environment: Environment) -> Tool:
    """Return Pylint with its default checks, the stand-ins for torch and none of our pitfalls."""
    return _pylint(environment, "pylint + stand-ins alone", _PLUGIN, "--disable=torchcheck")


def cache(again: bool) -> str:
    """Return the option that lets the plugin recall what it found, or not."""
    return f"--torch-cache={'y' if again else 'n'}"


_PLUGIN = "--load-plugins=pylint_torchcheck"
_AGAIN = ", again"


def _pylint(environment: Environment, name: str, *extra: str) -> Tool:
    command = (str(environment.python), "-m", "pylint", "--recursive=y", "--persistent=n", *extra)
    return Tool(name, command, environment, _matches(_PYLINT_LINE))


def _matches(pattern: re.Pattern[str]) -> Callable[[str], int]:
    return lambda output: len(pattern.findall(output))


def _preflight_findings(output: str) -> int:
    return len(json.loads(output)["diagnostics"])
