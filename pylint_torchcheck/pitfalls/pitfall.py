"""What a pitfall is: a name, a message, a reason, and a protocol or a question that finds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from pylint_torchcheck.pitfalls.vocabulary import Kind, Trait, Verb

if TYPE_CHECKING:
    from pylint_torchcheck.pitfalls.questions import Place, Program

BROKEN: Final = "(broken)"
ANY: Final = "(any)"


@dataclass(frozen=True)
class Protocol:
    """A typestate table: which verb takes a subject from which state to which.

    What no row names changes nothing. A row for a verb serves its special cases too, unless they have a
    row of their own. ``BROKEN`` as a target means: this is the pitfall.

    Args:
        of: the kind of object whose state this is.
        start: the state of an object that was built in sight; others may be in any state.
        moves: ``(state, verb)`` to the next state; ``ANY`` stands for each state without a row of its own.
        having: a trait that the subject must be known to have.
        unless_lacking: a trait that the subject must not be known to lack.
        unless_seen: verbs that silence the pitfall for a subject wherever in the program they occur.
    """

    of: Kind
    start: str
    moves: Mapping[tuple[str, type[Verb]], str]
    having: Trait | None = None
    unless_lacking: Trait | None = None
    unless_seen: tuple[type[Verb], ...] = ()

    @property
    def states(self) -> frozenset[str]:
        """Every state that a subject can be in."""
        named = {self.start, *(state for state, _ in self.moves), *self.moves.values()}
        return frozenset(named - {ANY, BROKEN})

    def after(self, state: str, verb: type[Verb]) -> str:
        """Return the state after ``verb``, which may be ``BROKEN``."""
        for ancestor in verb.__mro__:
            for origin in (state, ANY):
                target = self.moves.get((origin, ancestor))
                if target is not None:
                    return target
        return state

    def names(self, verb: type[Verb]) -> bool:
        """Does any row speak of ``verb``?"""
        rows = {row for _, row in self.moves}
        return any(ancestor in rows for ancestor in verb.__mro__)


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
    """One mistake that PyTorch lets pass in silence. The docstring of a subclass says why it bites."""

    msgid: ClassVar[str]
    symbol: ClassVar[str]
    message: ClassVar[str]
    guard: ClassVar[str | None] = None
    torch_versions: ClassVar[str] = "all"
    default_enabled: ClassVar[bool] = True
    old_names: ClassVar[tuple[tuple[str, str], ...]] = ()
    protocol: ClassVar[Protocol | None] = None
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
