"""What Pylint says of the same files with the stand-ins for torch, and without them: message by message."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from linters import Tool
from tables import table

_LINE = re.compile(r"^(?P<file>.+?):(?P<line>\d+):\d+: [A-Z]\d{4}: (?P<text>.*) \((?P<symbol>[\w-]+)\)$", re.MULTILINE)
_LONGEST = 110  # characters of an example

Message = tuple[str, str, str, str]  # symbol, file, line, text


def comparison(plain: Tool, other: Tool, paths: Sequence[str]) -> str:
    """Return a table of the messages that only one of two runs of Pylint prints, by their symbols."""
    before, after = _messages(plain, paths), _messages(other, paths)
    lost, gained = _by_symbol(before - after), _by_symbol(after - before)
    rows = [
        [symbol, len(lost[symbol]), len(gained[symbol]), _example((lost[symbol] or gained[symbol])[0])]
        for symbol in sorted(lost.keys() | gained.keys())
    ]
    return table(("message", "lost", "gained", "for example"), rows)


def _messages(tool: Tool, paths: Sequence[str]) -> Counter[Message]:
    found = _LINE.finditer(tool.check(paths).output)
    return Counter((one["symbol"], one["file"], one["line"], one["text"]) for one in found)


def _by_symbol(messages: Counter[Message]) -> defaultdict[str, list[Message]]:
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for message in sorted(messages.elements()):
        found[message[0]].append(message)
    return found


def _example(message: Message) -> str:
    _, file, line, text = message
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"{Path(file).name}:{line}: {shown}".replace("|", "\\|")
