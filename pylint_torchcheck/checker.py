"""The only module that talks to Pylint."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from astroid import nodes
from pylint import interfaces
from pylint.checkers import BaseChecker

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall
from pylint_torchcheck.trace import neighbours, project, requirements
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.program import Program, mentions_torch

if TYPE_CHECKING:
    from pylint.typing import ExtraMessageOptions, MessageDefinitionTuple


def _options(pitfall: type[Pitfall]) -> ExtraMessageOptions:
    return {"old_names": list(pitfall.old_names), "default_enabled": pitfall.default_enabled}


def _reason(pitfall: type[Pitfall]) -> str:
    return " ".join((pitfall.__doc__ or "").split())


# Syntax trees live to the end of the run, and to look through them all for garbage, over and over, is close to half of
# what Pylint costs. So much must be made before it looks again at what is new, what is older, and what is oldest.
_RARELY = (100_000, 50, 100)
_STRICT = bool(os.environ.get("TORCHCHECK_STRICT"))  # for the project's own tests: let an error of the reader out


class TorchChecker(BaseChecker):
    """Reads each file once and asks every pitfall."""

    name = "torchcheck"
    msgs: dict[str, MessageDefinitionTuple] = {  # noqa: RUF012 -- as Pylint declares it
        pitfall.msgid: (pitfall.message, pitfall.symbol, _reason(pitfall), _options(pitfall)) for pitfall in PITFALLS
    }
    options = (
        (
            "torch-stand-ins",
            {
                "default": True,
                "type": "yn",
                "metavar": "<y or n>",
                "help": "Let Pylint read outlines of torch, torchvision and torchaudio in place of their sources.",
            },
        ),
    )

    _collection: tuple[int, int, int] | None = None

    def open(self) -> None:
        """Begin a run with fresh knowledge of the file system; with several jobs this comes once a file."""
        before = gc.get_threshold()
        if 0 < before[0] < _RARELY[0]:
            gc.set_threshold(*_RARELY)
            self._collection = before
        if self.linter.config.jobs == 1:
            neighbours.forget()
            project.forget()
            requirements.forget()

    def close(self) -> None:
        """Leave Python's garbage collector as it was."""
        if self._collection:
            gc.set_threshold(*self._collection)
            self._collection = None

    def leave_module(self, node: nodes.Module) -> None:
        """Report every pitfall of a file, in the order of its lines."""
        if not mentions_torch(node):
            return
        seen: set[tuple[str, int, int]] = set()
        for line, column, pitfall, finding, place in sorted(self._findings(node), key=lambda found: found[:2]):
            if (pitfall.symbol, line, column) not in seen:
                seen.add((pitfall.symbol, line, column))
                self._report(pitfall, finding, place)

    def _findings(self, node: nodes.Module) -> list[tuple[int, int, type[Pitfall], Finding, Place]]:
        """Read a file and ask every pitfall; a file that the reader cannot manage has no findings.

        An exception here would end every other check of the file, those of other plugins included.
        """
        try:
            asked = [pitfall for pitfall in PITFALLS if pitfall.default_enabled or self._is_wanted(pitfall, node)]
            return list(_ask(Program(node, asked), asked))
        except Exception:  # pylint: disable=broad-exception-caught  # whatever it is
            if _STRICT:
                raise
            return []

    def _is_wanted(self, pitfall: type[Pitfall], node: nodes.Module) -> bool:
        """Is a pitfall that is off by default switched on, for all files or on a line of this one?"""
        lines = range(1, (node.tolineno or 0) + 1)
        enabled = self.linter.is_message_enabled
        return enabled(pitfall.msgid) or any(enabled(pitfall.msgid, line) for line in lines)

    def _report(self, pitfall: type[Pitfall], finding: Finding, place: Place) -> None:
        confidence = getattr(interfaces, pitfall.confidence(finding))
        self.add_message(pitfall.symbol, node=place.node, args=finding.details or None, confidence=confidence)


def _ask(
    program: Program, pitfalls: Iterable[type[Pitfall]] = PITFALLS
) -> Iterator[tuple[int, int, type[Pitfall], Finding, Place]]:
    for pitfall in pitfalls:
        for finding in pitfall.check(program):
            place = finding.place
            if isinstance(place, Place):
                yield place.node.lineno or 1, place.node.col_offset or 0, pitfall, finding, place
