"""What a pitfall is: a name, a message, a reason, and a protocol or a question that finds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from pylint_torchcheck.pitfalls.protocol import ANY, BROKEN, Protocol
from pylint_torchcheck.pitfalls.questions import Place, Program
from pylint_torchcheck.pitfalls.signs import UNREAD, InAnyFunction, Near, Sign, Signs, signs

__all__ = ["ANY", "BROKEN", "UNREAD", "Finding", "InAnyFunction", "Near", "Pitfall", "Protocol", "Sign", "signs"]


@dataclass(frozen=True)
class Finding:
    """One place where a pitfall was seen.

    Args:
        place: the call or statement to report.
        details: what the ``%s`` of the message stand for, in order.
        guessed: the kind of an object rests on how its name is used, not on its constructor.
    """

    place: Place
    details: tuple[str, ...] = ()
    guessed: bool = False


class Pitfall:
    """One mistake that PyTorch lets pass in silence. The docstring of a subclass says why it bites.

    A pitfall with a ``check`` of its own states its ``signs``: code that lacks them is not read for it. Those of a
    protocol follow from its table.
    """

    msgid: ClassVar[str]
    symbol: ClassVar[str]
    message: ClassVar[str]
    guard: ClassVar[str | None] = None
    torch_versions: ClassVar[str] = "all"
    default_enabled: ClassVar[bool] = True
    old_names: ClassVar[tuple[tuple[str, str], ...]] = ()
    protocol: ClassVar[Protocol | None] = None
    signs: ClassVar[Signs] = ()
    crosses_files: ClassVar[bool] = False  # may its signs stand in a file that this one imports? A protocol's may
    family: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Name the family after the package that the pitfall stands in."""
        super().__init_subclass__()
        cls.family = cls.__module__.rpartition(".")[0].rpartition(".")[2]

    @classmethod
    def check(cls, program: Program) -> Iterable[Finding]:
        """Find the pitfall in a program; by default, where its protocol is broken."""
        if cls.protocol is not None:
            yield from cls._broken(cls.protocol, program)

    @classmethod
    def _broken(cls, protocol: Protocol, program: Program) -> Iterator[Finding]:
        for breach in program.breaches(protocol):
            details = (breach.place.text,) * cls.message.count("%s")
            yield Finding(breach.place, details, breach.guessed)

    @classmethod
    def confidence(cls, finding: Finding) -> str:
        """Return the name of Pylint's confidence level for ``finding``."""
        if finding.guessed:
            return "INFERENCE"
        return "CONTROL_FLOW" if cls.protocol is not None else "HIGH"
