"""How messages show values: long lists are sorted and capped, numbers are counted out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def count(number: int, noun: str) -> str:
    """``count(1, "key") == "1 key"``, ``count(3, "key") == "3 keys"``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def some(names: Iterable[str], noun: str = "key", shown: int = 3) -> str:
    """A sorted, capped list: ``12 keys, first "a", "b", "c"``; up to ``shown`` are simply listed."""
    ordered = sorted(names)
    quoted = ", ".join(f'"{name}"' for name in ordered[:shown])
    return quoted if len(ordered) <= shown else f"{count(len(ordered), noun)}, first {quoted}"


def one_of(choices: Sequence[str]) -> str:
    """The alternatives as they are written in code: ``"off", "bf16" or "fp16"``."""
    quoted = [f'"{choice}"' for choice in choices]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
