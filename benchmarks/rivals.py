"""What other linters for PyTorch code say of scripts with a planted mistake that they do not say of the same without.

    python benchmarks/mutations.py FOLDER --keep PLANTED
    python benchmarks/rivals.py PLANTED [--dslinter PYTHON]

``--dslinter`` takes an interpreter that has dslinter 2.0.9, which needs a Pylint of its own. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import environment

# Which codes of a tool name a mistake, by our symbol for it. What is not here is a message of another meaning.
MEANT = {
    "torch-preflight": {
        "TG001": ["loss-accumulation"],
        "TG002": ["missing-no-grad", "missing-eval"],
        "TG003": ["missing-zero-grad", "zero-grad-before-step"],
        "TG011": ["missing-train-after-eval"],
    },
    "TorchFix": {"TOR102": ["missing-map-location"], "TOR001": ["obsolete-variable"]},
    "dslinter": {"W5516": ["forward-called-directly"], "W5517": ["missing-zero-grad"]},
}
Codes = dict[str, Counter[str]]  # file -> how often each code


def main() -> int:
    """Run each tool over both folders and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("planted", type=Path, metavar="PLANTED")
    parser.add_argument("--dslinter", type=Path, metavar="PYTHON")
    parser.add_argument("--cache", type=Path, default=environment.default_cache())
    options = parser.parse_args()
    ready = environment.prepare(options.cache)
    planted = json.loads((options.planted / "planted.json").read_text(encoding="utf-8"))
    new = {
        tool: {name: codes - before[name] for name, codes in after.items()}
        for tool, before, after in _run_all(options.planted, ready, options.dslinter)
    }
    print("\n".join(table(planted, new)))
    return 0


def _run_all(
    planted: Path, ready: environment.Environment, dslinter: Path | None
) -> Iterator[tuple[str, Codes, Codes]]:
    runs = {"torch-preflight": _preflight, "TorchFix": _torchfix}
    for tool, run in runs.items():
        yield tool, run(ready, planted / "before"), run(ready, planted / "after")
    if dslinter is not None:
        yield "dslinter", _dslinter(dslinter, planted / "before"), _dslinter(dslinter, planted / "after")


def _preflight(ready: environment.Environment, folder: Path) -> Codes:
    output = _output([ready.script("torch-preflight"), "check", "-j", "1", "--format", "json", str(folder)], ready)
    found = json.loads(output)["diagnostics"]
    return _counted((Path(one["path"]).name, one["rule_id"]) for one in found)


def _torchfix(ready: environment.Environment, folder: Path) -> Codes:
    """Lint the folder; or, where one file ends the whole run, one file at a time."""
    command = [ready.script("torchfix"), "-j", "1", "--select", "ALL"]
    outputs = [_output([*command, str(folder)], ready)]
    if not outputs[0]:
        outputs = [_output([*command, str(file)], ready) for file in sorted(folder.glob("*.py"))]
    found = (one for output in outputs for one in re.findall(r"(\S+\.py):\d+:\d+: (TOR\d+) ", output))
    return _counted((Path(path).name, code) for path, code in found)


def _dslinter(python: Path, folder: Path) -> Codes:
    options = ["--load-plugins=dslinter", "--disable=all", "--enable=W5516,W5517", "--msg-template={path}: {msg_id}"]
    files = sorted(map(str, folder.glob("*.py")))
    done = subprocess.run([python, "-m", "pylint", *options, *files], capture_output=True, text=True, check=False)
    found = re.findall(r"(\S+\.py): (\w+)", done.stdout)
    return _counted((Path(path).name, code) for path, code in found)


def _output(command: list[str], ready: environment.Environment) -> str:
    variables = {**ready.variables, "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False).stdout


def _counted(found: Iterator[tuple[str, str]]) -> Codes:
    counted: Codes = defaultdict(Counter)
    for name, code in found:
        counted[name][code] += 1
    return counted


def table(planted: list[list[str]], new: dict[str, Codes]) -> Iterator[str]:
    """Return the rows: how often each tool says something new that names the mistake."""
    yield f"| mistake | scripts | {' | '.join(new)} |"
    yield f"| --- | ---: |{' ---: |' * len(new)}"
    rows: dict[str, list[int]] = {}
    for number, (mistake, symbols, *_) in enumerate(planted):
        row = rows.setdefault(mistake, [0] * (len(new) + 1))
        row[0] += 1
        for column, (tool, codes) in enumerate(new.items(), 1):
            said = {symbol for code in codes.get(f"{number:03}.py", ()) for symbol in MEANT[tool].get(code, ())}
            row[column] += bool(said & set(symbols.split()))
    for mistake, row in rows.items():
        yield f"| {mistake} | {' | '.join(map(str, row))} |"
    yield f"| all | {' | '.join(str(sum(column)) for column in zip(*rows.values(), strict=True))} |"


if __name__ == "__main__":
    sys.exit(main())
