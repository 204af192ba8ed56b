"""Source trees of any size, made from the example pairs of the pitfalls."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from environment import CHECKOUT

_LINES_PER_FILE = 400  # about what a training script has


def tree(folder: Path, lines: int) -> Path:
    """Write files of ``_LINES_PER_FILE`` lines, until there are ``lines`` in all; every example is a function."""
    folder.mkdir()
    for number in range(max(1, lines // _LINES_PER_FILE)):
        _write(folder / f"train_{number}.py", _functions(), _LINES_PER_FILE)
    return folder


def functions(folder: Path, lines: int) -> Path:
    """Write one file, in which every example is a function of its own."""
    folder.mkdir()
    _write(folder / "train.py", _functions(), lines)
    return folder


def flat(folder: Path, lines: int) -> Path:
    """Write one file whose body is one example after the other: a single long trace."""
    folder.mkdir()
    _write(folder / "train.py", cycle(_examples()), lines)
    return folder


def _write(path: Path, parts: Iterator[str], lines: int) -> None:
    written: list[str] = []
    while len(written) < lines:
        written += next(parts).splitlines()
    path.write_text("\n".join(written) + "\n", encoding="utf-8")


def _functions() -> Iterator[str]:
    for number, example in enumerate(cycle(_examples())):
        yield f"def example_{number}():\n{textwrap.indent(example, '    ')}\n"


def _examples() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((CHECKOUT / "docs" / "pitfalls").glob("*/*.py"))]
