"""What a check before the run may find."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torchguard.words import count


@dataclass(frozen=True)
class Finding:
    """One pitfall that was met; prints as its row of the table.

    Attributes:
        symbol: its name in the catalogue: ``torchcheck --explain SYMBOL``.
        what: what was seen, and why it is wrong.
        write: what to write instead.
    """

    symbol: str
    what: str
    write: str

    def __str__(self) -> str:
        return f"{self.symbol:<28} {self.what}; write {self.write}"


class Findings(list[Finding]):
    """What `preflight` found; prints as one table."""

    def __init__(self, found: Iterable[Finding], looked_at: str) -> None:
        super().__init__(found)
        self._looked_at = looked_at

    def __str__(self) -> str:
        head = f"preflight: {self._looked_at}: {count(len(self), 'finding')}"
        return "\n".join([head, *(f"  {finding}" for finding in self)])
