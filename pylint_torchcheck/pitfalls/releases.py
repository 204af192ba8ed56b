"""Releases of torch: the range of them that a project declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

Release: TypeAlias = tuple[int, int, int]

_CLAUSE = re.compile(r"(===|==|~=|!=|>=|<=|>|<|\^|~)\s*v?(\d{1,6}(?:\.\d{1,6})*)(?!\d)(\.\*)?")


@dataclass(frozen=True)
class TorchRange:
    """The releases from ``lowest`` on, up to and without ``below``; ``None``: no bound is known.

    Both questions are answered for every release of the range, so where nothing is declared both answers are no.
    """

    lowest: Release | None = None
    below: Release | None = None

    @classmethod
    def parse(cls, specifier: str) -> TorchRange:
        """Return the range that a specifier such as ``>=2.1,<2.6`` means; what it rules out inside does not count.

        ``^2.1`` and ``~2.1`` are Poetry's.
        """
        ranges = [_range_of(*clause) for clause in _CLAUSE.findall(specifier)]
        lows = [one.lowest for one in ranges if one.lowest is not None]
        tops = [one.below for one in ranges if one.below is not None]
        return cls(max(lows, default=None), min(tops, default=None))

    @classmethod
    def hull(cls, ranges: Iterable[TorchRange]) -> TorchRange:
        """Return the smallest range that holds all of these; without any, it has no bounds."""
        held = list(ranges)
        lows, tops = [one.lowest for one in held], [one.below for one in held]
        return cls(_unless_open(min, lows), _unless_open(max, tops))

    def is_from(self, release: str) -> bool:
        """Is every release of the range this one or newer?"""
        return self.lowest is not None and self.lowest >= _release(release)

    def is_before(self, release: str) -> bool:
        """Is every release of the range older than this one?"""
        return self.below is not None and self.below <= _release(release)

    def admits_before(self, release: str) -> bool:
        """Is a release known to be in the range that is older than this one?"""
        return self.is_before(release) or (self.lowest is not None and self.lowest < _release(release))

    def __str__(self) -> str:
        if self.lowest is not None and self.below == _next(self.lowest, 3):
            return f"=={_written(self.lowest)}"
        low = f">={_written(self.lowest)}" if self.lowest else ""
        top = f"<{_written(self.below)}" if self.below else ""
        return ",".join(bound for bound in (low, top) if bound)


def _unless_open(choose: Callable[[list[Release]], Release], bounds: list[Release | None]) -> Release | None:
    """Choose one of the bounds; none, if one of the ranges has none there."""
    known = [bound for bound in bounds if bound is not None]
    return choose(known) if known and len(known) == len(bounds) else None


def _release(version: str) -> Release:
    major, minor, patch = ([int(part) for part in version.split(".")] + [0, 0])[:3]
    return major, minor, patch


def _written(release: Release) -> str:
    major, minor, patch = release
    return f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"


def _range_of(operator: str, version: str, any_after: str) -> TorchRange:
    release, parts = _release(version), version.count(".") + 1
    match operator:
        case ">=" | ">":
            return TorchRange(lowest=release)
        case "<":
            return TorchRange(below=release)
        case "<=":
            return TorchRange(below=_next(release, 3))
        case "~=":
            return TorchRange(release, _next(release, parts - 1))
        case "^":
            return TorchRange(release, _next(release, 1 if release[0] else 2))
        case "~":
            return TorchRange(release, _next(release, min(parts, 2)))
        case "!=":
            return TorchRange()
    return TorchRange(release, _next(release, parts if any_after else 3))


def _next(release: Release, parts: int) -> Release:
    """Return the release that follows in the last of so many leading numbers."""
    major, minor, patch = release
    if parts <= 1:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if parts == 2 else (major, minor, patch + 1)
