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
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import environment

# Which codes of a tool name a mistake, by our symbol for it. What is not here is a message of another meaning: of all
# that torch-preflight 0.5.0 and TorchFix 0.7.0 say, one code each is about how a run is saved, scaled or spread.
MEANT = {
    "torch-preflight": {
        "TG001": ["loss-accumulation"],
        "TG002": ["missing-no-grad", "missing-eval"],
        "TG003": ["missing-zero-grad", "zero-grad-before-step"],
        "TG011": ["missing-train-after-eval"],
        "TG012": ["missing-distributed-sampler"],
    },
    "TorchFix": {"TOR102": ["missing-map-location", "unsafe-load"]},
    "dslinter": {"W5516": ["forward-called-directly"], "W5517": ["missing-zero-grad"]},
}
Codes = dict[str, Counter[str]]  # file -> how often each code


def main() -> int:
    """Run each tool over the scripts that it has a message for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("planted", type=Path, metavar="PLANTED")
    parser.add_argument("--each", type=int, metavar="N", help="only so many scripts of each mistake")
    parser.add_argument("--dslinter", type=Path, metavar="PYTHON")
    parser.add_argument("--cache", type=Path, default=environment.default_cache())
    options = parser.parse_args()
    ready = environment.prepare(options.cache)
    planted = list(_listed(json.loads((options.planted / "planted.json").read_text(encoding="utf-8")), options.each))
    runs: dict[str, Callable[[list[Path]], Codes]] = {"torch-preflight": partial(_preflight, ready)}
    runs["TorchFix"] = partial(_torchfix, ready)
    if options.dslinter is not None:
        runs["dslinter"] = partial(_dslinter, options.dslinter)
    new = {tool: _news(run, options.planted, _known_to(tool, planted)) for tool, run in runs.items()}
    print("\n".join(table(planted, new)))
    return 0


def _listed(planted: list[list[str]], each: int | None) -> Iterator[tuple[str, str, set[str]]]:
    """Return the scripts, each with its mistake and our symbols for it; only so many of each mistake, if told."""
    seen: Counter[str] = Counter()
    for number, (mistake, symbols, *_) in enumerate(planted):
        seen[mistake] += 1
        if each is None or seen[mistake] <= each:
            yield f"{number:03}.py", mistake, set(symbols.split())


def _known_to(tool: str, planted: list[tuple[str, str, set[str]]]) -> list[str]:
    """Return the scripts whose mistake the tool has a message for."""
    known = {symbol for symbols in MEANT[tool].values() for symbol in symbols}
    return [script for script, _, symbols in planted if known & symbols]


def _news(run: Callable[[list[Path]], Codes], planted: Path, names: list[str]) -> Codes:
    before = run([planted / "before" / name for name in names])
    after = run([planted / "after" / name for name in names])
    return {name: codes - before.get(name, Counter()) for name, codes in after.items()}


def _preflight(ready: environment.Environment, files: list[Path]) -> Codes:
    output = _output([ready.script("torch-preflight"), "check", "-j", "1", "--format", "json", *map(str, files)], ready)
    found = json.loads(output)["diagnostics"]
    return _counted((Path(one["path"]).name, one["code"]) for one in found)


def _torchfix(ready: environment.Environment, files: list[Path]) -> Codes:
    """Lint one file at a time, since one that it fails on ends the whole run."""
    command = [ready.script("torchfix"), "-j", "1", "--select", "ALL"]
    outputs = [_output([*command, str(file)], ready) for file in files]
    found = (one for output in outputs for one in re.findall(r"(\S+\.py):\d+:\d+: (TOR\d+) ", output))
    return _counted((Path(path).name, code) for path, code in found)


def _dslinter(python: Path, files: list[Path]) -> Codes:
    options = ["--load-plugins=dslinter", "--disable=all", "--enable=W5516,W5517", "--msg-template={path}: {msg_id}"]
    done = subprocess.run([python, "-m", "pylint", *options, *files], capture_output=True, text=True, check=False)
    found = re.findall(r"(\S+\.py): (\w+)", done.stdout)
    return _counted((Path(path).name, code) for path, code in found)


def _output(command: list[str], ready: environment.Environment) -> str:
    variables = {**ready.variables, "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False).stdout


def _counted(found: Iterable[tuple[str, str]]) -> Codes:
    counted: Codes = defaultdict(Counter)
    for name, code in found:
        counted[name][code] += 1
    return counted


def table(planted: list[tuple[str, str, set[str]]], new: dict[str, Codes]) -> Iterator[str]:
    """Return the rows: how often each tool says something new that names the mistake."""
    yield f"| mistake | scripts | {' | '.join(new)} |"
    yield f"| --- | ---: |{' ---: |' * len(new)}"
    rows: dict[str, list[int]] = {}
    for script, mistake, symbols in planted:
        row = rows.setdefault(mistake, [0] * (len(new) + 1))
        row[0] += 1
        for column, (tool, codes) in enumerate(new.items(), 1):
            said = {symbol for code in codes.get(script, ()) for symbol in MEANT[tool].get(code, ())}
            row[column] += bool(said & symbols)
    for mistake, row in rows.items():
        yield f"| {mistake} | {' | '.join(map(str, row))} |"
    yield f"| all | {' | '.join(str(sum(column)) for column in zip(*rows.values(), strict=True))} |"


if __name__ == "__main__":
    sys.exit(main())
