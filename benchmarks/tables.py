"""Markdown tables and numbers as they stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; every column but the first is set to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def number(value: float) -> str:
    """Return a number with three digits that count, and no more than three after the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def spread(values: Sequence[float]) -> list[str]:
    """Return the median, the least and the greatest, one cell each."""
    return [number(median(values)), number(min(values)), number(max(values))]


def ratio(values: Sequence[float], ours: Sequence[float]) -> str:
    """Return how many times ours the values are: the median over rounds, so that a load that drifts cancels out."""
    return f"{number(median(value / own for value, own in zip(values, ours, strict=True)))} x"


def percent(part: float, whole: float) -> str:
    """Return a share of a whole."""
    return f"{100 * part / whole:.1f} %"
