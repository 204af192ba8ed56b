"""``model.parameters()`` kept under a name and run through twice."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Finding, Pitfall, Protocol, Sign, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Drained, Kind


def _run_through_once(kind: Kind) -> Protocol:
    return Protocol(of=kind, start="fresh", moves={("fresh", Drained): "drained", ("drained", Drained): BROKEN})


_TABLES = (_run_through_once(Kind.PARAMETERS), _run_through_once(Kind.SOME_PARAMETERS))


class ExhaustedParameterIterator(Pitfall):
    """``parameters()`` gives a generator, and so does ``filter``: it can be run through once, and is then empty.

    Whoever comes second sees no parameters at all: a clipping that clips nothing, a loop that freezes nothing, a
    count of zero. Only an optimizer says so, by an error.
    """

    msgid = "E7722"
    symbol = "exhausted-parameter-iterator"
    message = (
        "%s finds nothing in what model.parameters() or filter() gave, which has been run through before; "
        "write list(...) around it where it is made"
    )
    signs = signs([Sign.KEPT_ITERATOR], [".parameters", ".named_parameters"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find the second use of such an iterator."""
        for table in _TABLES:
            for breach in program.breaches(table):
                yield Finding(breach.place, (breach.place.text,), breach.guessed)
