"""The only module that talks to Pylint."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from astroid import nodes
from pylint import interfaces
from pylint.checkers import BaseChecker
from pylint.constants import PYLINT_HOME

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall
from pylint_torchcheck.remembered import Found, Memory
from pylint_torchcheck.trace import neighbours, project, reached, requirements
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
        (
            "torch-cache",
            {
                "default": True,
                "type": "yn",
                "metavar": "<y or n>",
                "help": "Remember, in Pylint's cache folder, what was found in a file until it or one that it imports "
                "is changed.",
            },
        ),
    )

    _collection: tuple[int, int, int] | None = None
    _memory: Memory | None = None

    def open(self) -> None:
        """Begin a run with fresh knowledge of the file system; with several jobs this comes once a file."""
        before = gc.get_threshold()
        if 0 < before[0] < _RARELY[0]:
            gc.set_threshold(*_RARELY)
            self._collection = before
        if self.linter.config.jobs == 1:
            for facts in (neighbours, project, reached, requirements):
                facts.forget()
            self._memory = None
        if self._memory is None and self.linter.config.torch_cache and not _STRICT:
            self._memory = Memory(Path(PYLINT_HOME) / "torchcheck")
            self._memory.sweep()

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
        for found in sorted(self._findings(node), key=lambda found: (found.line, found.column)):
            if (found.symbol, found.line, found.column) not in seen:
                seen.add((found.symbol, found.line, found.column))
                confidence = getattr(interfaces, found.confidence)
                self.add_message(found.symbol, node=found.node, args=found.details or None, confidence=confidence)

    def _findings(self, node: nodes.Module) -> list[Found]:
        """Ask every pitfall of a file, or remember; a file that the reader cannot manage has no findings.

        An exception here would end every other check of the file, those of other plugins included.
        """
        try:
            asked = [pitfall for pitfall in PITFALLS if pitfall.default_enabled or self._is_wanted(pitfall, node)]
            page = self._memory.page(node, [pitfall.symbol for pitfall in asked]) if self._memory else None
            known = page.recall(node) if page else None
            if known is not None:
                return known
            found = [_as_told(*each) for each in _ask(Program(node, asked), asked)]
            if page:
                page.keep(node, found)
            return found
        except Exception:  # pylint: disable=broad-exception-caught  # whatever it is
            if _STRICT:
                raise
            return []

    def _is_wanted(self, pitfall: type[Pitfall], node: nodes.Module) -> bool:
        """Is a pitfall that is off by default switched on, for all files or on a line of this one?"""
        lines = range(1, (node.tolineno or 0) + 1)
        enabled = self.linter.is_message_enabled
        return enabled(pitfall.msgid) or any(enabled(pitfall.msgid, line) for line in lines)


def _as_told(line: int, column: int, pitfall: type[Pitfall], finding: Finding, place: Place) -> Found:
    return Found(line, column, pitfall.symbol, finding.details, pitfall.confidence(finding), place.node)


def _ask(
    program: Program, pitfalls: Iterable[type[Pitfall]] = PITFALLS
) -> Iterator[tuple[int, int, type[Pitfall], Finding, Place]]:
    for pitfall in pitfalls:
        for finding in pitfall.check(program):
            place = finding.place
            if isinstance(place, Place):
                yield place.node.lineno or 1, place.node.col_offset or 0, pitfall, finding, place
