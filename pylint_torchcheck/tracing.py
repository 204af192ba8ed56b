"""What the reader saw in a file, line by line: ``torchcheck --trace FILE`` says why a finding came or did not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from astroid import nodes
from astroid.builder import AstroidBuilder
from astroid.exceptions import AstroidBuildingError
from astroid.manager import AstroidManager

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.vocabulary import Kind, Verb
from pylint_torchcheck.trace.events import Event, Trace
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.program import Program
from pylint_torchcheck.trace.values import Value
from pylint_torchcheck.unreadable import complaint

_SILENT = frozenset({Kind.UNKNOWN, Kind.DATA, Kind.CONSTANT, Kind.LIBRARY, Kind.FUNCTION, Kind.CLASS, Kind.COLLECTION})

Notes = dict[int, dict[str, None]]  # by line, each note once and in order


class UnreadableFileError(Exception):
    """The file cannot be read as Python; the text says why."""


def report(path: str) -> str:
    """Return the source lines at which something happened, with the events, values and findings of each.

    Raises:
        UnreadableFileError: the file cannot be read as Python.
    """
    tree = _tree(path)
    program = Program(tree)
    sections = [_section(tree, _title(trace), _events_by_line(tree, trace)) for trace in program.traces]
    sections.append(_section(tree, "what each name may hold", _names_by_line(tree, program)))
    sections.append(_section(tree, "findings", _findings_by_line(program)))
    return "\n\n".join(section for section in sections if section)


def _tree(path: str) -> nodes.Module:
    try:
        return AstroidBuilder(AstroidManager()).file_build(path, Path(path).stem)
    except (AstroidBuildingError, OSError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        raise UnreadableFileError(f"{path}: {complaint(path, cause).words}") from None


def _title(trace: Trace) -> str:
    scope = trace.recorded[0].node if trace.recorded else None
    for event in trace.recorded:
        for function in event.frame.functions():
            scope = function
        break
    name = getattr(scope, "name", "")
    return (
        f"way in: {name}(), which nothing in this file calls"
        if isinstance(scope, nodes.FunctionDef)
        else "way in: the module's body"
    )


def _events_by_line(tree: nodes.Module, trace: Trace) -> Notes:
    notes: Notes = defaultdict(dict)
    for event in trace.recorded:
        line = _line_in(tree, event)
        if event.verb is not Verb and line is not None:
            notes[line][_event(tree, event)] = None
    return notes


def _line_in(tree: nodes.Module, event: Event) -> int | None:
    """Return the line of an event; for one in another file, the line of the call that leads there."""
    chain = [*event.frame.calls, event.node]
    lines: list[int | None] = [node.lineno for node in chain if node.root() is tree]
    return lines[-1] if lines else None


def _event(tree: nodes.Module, event: Event) -> str:
    subjects = ", ".join(sorted(_value(tree, value) for value in event.subjects)) or "nothing known"
    elsewhere = "" if event.node.root() is tree else f", at {_where(tree, event.node)}"
    return f"{event.verb.__name__:18} {subjects}{elsewhere}"


def _value(tree: nodes.Module, value: Value) -> str:
    kind = value.kind.name.lower().replace("_", " ")
    origin = f" from {_where(tree, value.site)}" if value.site is not None and value.site.lineno else ""
    return f"{kind} {value.path}".strip() + origin + (" (guessed)" if value.guessed else "")


def _where(tree: nodes.Module, node: nodes.NodeNG) -> str:
    root = node.root()
    return f"line {node.lineno}" if root is tree else f"{Path(root.file).name}:{node.lineno}"


def _names_by_line(tree: nodes.Module, program: Program) -> Notes:
    notes: Notes = defaultdict(dict)
    for target, values in program.bindings:
        known = sorted(_value(tree, value) for value in values if value.kind not in _SILENT)
        if known:
            notes[target.lineno or 0][f"{Place(target).text} is {' or '.join(known)}"] = None
    return notes


def _findings_by_line(program: Program) -> Notes:
    notes: Notes = defaultdict(dict)
    for pitfall in PITFALLS:
        for finding in pitfall.check(program):
            if isinstance(finding.place, Place):
                notes[finding.place.node.lineno or 0][f"{pitfall.symbol}: {pitfall.message % finding.details}"] = None
    return notes


def _section(tree: nodes.Module, title: str, notes: Notes) -> str:
    return "\n".join([title, *_lines(tree, notes)]) if notes else ""


def _lines(tree: nodes.Module, notes: Notes) -> Iterator[str]:
    source = Path(tree.file).read_text(encoding=tree.file_encoding or "utf-8").splitlines()
    for line in sorted(notes):
        yield f"{line:5} | {source[line - 1].rstrip() if 0 < line <= len(source) else ''}"
        yield from (f"      |     {note}" for note in notes[line])
