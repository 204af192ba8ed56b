"""What linting costs: ours against the other tools, our own pass apart, and how it grows.

    python benchmarks/lint.py PATH [PATH...]
    python benchmarks/lint.py --only peers,own --repeat 5 PATH
    python benchmarks/lint.py --only scale,jobs            # these make their own files

It makes an environment of its own, with the other tools at pinned versions, and prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import environment
import sections


@dataclass(frozen=True)
class Section:
    """One part of the report."""

    title: str
    write: Callable[[sections.Task], Iterator[str]]
    needs_paths: bool = True


SECTIONS = {
    "peers": Section("Against other tools", sections.peers),
    "own": Section("Our own pass within Pylint", sections.own),
    "torch": Section("Where torch is installed", sections.with_torch),
    "slow": Section("The files that our pass takes longest for", sections.slowest),
    "scale": Section("How the time grows with the code", sections.scale, needs_paths=False),
    "jobs": Section("Four processes against one", sections.jobs, needs_paths=False),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    chosen = [SECTIONS[name] for name in options.only]
    if not options.paths and any(section.needs_paths for section in chosen):
        parser.error("name the files or folders to lint, or choose --only scale,jobs")
    ready = environment.prepare(options.cache)
    with tempfile.TemporaryDirectory() as scratch:
        for section in chosen:
            _print(section, _task(options, ready, Path(scratch)))
    print(f"\n{environment.facts(ready)}")
    return 0


def _print(section: Section, task: sections.Task) -> None:
    print(f"\n### {section.title}\n", flush=True)
    for paragraph in section.write(task):
        print(paragraph, end="\n\n", flush=True)


def _task(options: argparse.Namespace, ready: environment.Environment, scratch: Path) -> sections.Task:
    return sections.Task(
        paths=tuple(str(path.resolve()) for path in options.paths),
        environment=ready,
        torch=environment.at(options.with_torch, options.cache) if options.with_torch else None,
        repeat=options.repeat,
        largest=options.largest,
        scratch=Path(tempfile.mkdtemp(dir=scratch)),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=_existing, metavar="PATH", help="files or folders to lint")
    parser.add_argument("--only", type=_names, default=list(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--repeat", type=int, default=5, help="rounds; each runs every tool once (default: 5)")
    parser.add_argument("--cache", type=Path, default=environment.default_cache(), help="where the environment is kept")
    parser.add_argument(
        "--with-torch", type=_existing, metavar="PYTHON", help="an interpreter that has Pylint and torch installed"
    )
    parser.add_argument("--largest", type=int, default=300_000, help="lines of the largest generated tree")
    return parser


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no section {unknown[0]}; there are {', '.join(SECTIONS)}")
    return names


def _existing(text: str) -> Path:
    if not Path(text).exists():
        raise argparse.ArgumentTypeError(f"{text} does not exist")
    return Path(text)


if __name__ == "__main__":
    sys.exit(main())
