"""How far a long save or resume is, for somebody who waits at a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_QUIET_S = 1.0  # what takes no longer needs no words
_INTERVAL_S = 0.2


class Progress:
    """Counts bytes, and after a second rewrites one line of stderr with them; silent where stderr is no terminal.

    Args:
        what: ``"saving step-500"``.
        total: bytes that there will be; ``None`` if not known.
        shown: ``False`` counts in silence.
    """

    def __init__(self, what: str, total: int | None = None, *, shown: bool = True) -> None:
        self._what, self._total = what, total
        self._done = 0
        self._began = time.monotonic()
        self._next = self._began + _QUIET_S if shown and sys.stderr.isatty() else float("inf")
        self._wrote = False

    def add(self, number: int) -> None:
        """So many bytes more are done."""
        self._done += number
        now = time.monotonic()
        if now >= self._next:
            self._next, self._wrote = now + _INTERVAL_S, True
            sys.stderr.write(f"\r\033[K{self._line(now - self._began)}")
            sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._wrote:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def _line(self, seconds: float) -> str:
        of = f" of {readable(self._total)}" if self._total else ""
        return f"{self._what}: {readable(self._done)}{of}, {readable(int(self._done / seconds))}/s"


def readable(number: int) -> str:
    """``readable(1_500_000) == "1.5 MB"``."""
    value, units = float(number), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"
