"""A script that a mistake can be planted in: what stands where, and edits that leave the rest as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Loop = ast.For | ast.While | ast.AsyncFor
Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEEPEST_CALL = 3  # how many calls may lie between a loop and what it repeats


@dataclass(frozen=True)
class Edit:
    """Bytes to be replaced."""

    start: int
    end: int
    text: str


Plant = tuple[Edit, ...]


@dataclass(frozen=True)
class Said:
    """A statement that does nothing but call a method: ``receiver.method(...)``."""

    statement: ast.Expr
    call: ast.Call
    receiver: str


class Script:
    """One file's source and syntax tree."""

    def __init__(self, path: Path) -> None:
        """Read and parse; raises ``SyntaxError``, ``ValueError`` or ``UnicodeDecodeError`` where that fails."""
        self.path = path
        self.source = path.read_bytes()
        self.text = self.source.decode()
        self.tree = ast.parse(self.source)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes, those of one level from first to last."""
        return list(ast.walk(self.tree))

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self.source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def says(self, *methods: str) -> Iterator[Said]:
        """Each statement ``receiver.method(...)`` with one of the methods."""
        for node in self.nodes:
            match node:
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=receiver, attr=attr)) as call) if attr in methods:
                    yield Said(node, call, ast.unparse(receiver))

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """Each call of a function or method of one of the names."""
        return (node for node in self.nodes if isinstance(node, ast.Call) and name_of(node.func) in names)

    def mentions(self, pattern: str) -> bool:
        """Whether the text has the pattern."""
        return re.search(pattern, self.text) is not None

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """What the node stands in, from the inside out."""
        while node in self._parents:
            node = self._parents[node]
            yield node

    def function(self, node: ast.AST) -> Function | None:
        """Return the function that a node stands in."""
        return next((one for one in self.above(node) if isinstance(one, Function)), None)

    def scope(self, node: ast.AST) -> ast.AST:
        """Return the function that a node stands in, or the module."""
        return self.function(node) or self.tree

    def loops(self, node: ast.AST) -> list[Loop]:
        """Return the loops around a node within its function, the innermost first."""
        around: list[Loop] = []
        for one in self.above(node):
            if isinstance(one, Function | ast.ClassDef):
                break
            if isinstance(one, Loop):
                around.append(one)
        return around

    def repeats(self, node: ast.AST, depth: int = _DEEPEST_CALL) -> bool:
        """Whether a node stands in a loop, or in a function of the file that is called in one."""
        if self.loops(node):
            return True
        function = self.function(node)
        if function is None or not depth:
            return False
        return any(
            self.repeats(call, depth - 1) for call in self.calls(function.name) if call not in self.within(function)
        )

    def within(self, node: ast.AST) -> set[ast.AST]:
        """Return all that stands in a node."""
        return set(ast.walk(node))

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statements that one stands among."""
        parent = self._parents[statement]
        for field in ("body", "orelse", "finalbody"):
            block = getattr(parent, field, [])
            if isinstance(block, list) and statement in block:
                return block
        return [statement]

    def source_of(self, node: ast.expr | ast.stmt) -> str:
        """Return a node's own text."""
        start, end = self._span(node)
        return self.source[start:end].decode()

    def replace(self, node: ast.expr | ast.stmt, text: str) -> Plant:
        """Write something else in a node's place; the lines below keep their numbers."""
        start, end = self._span(node)
        lines = self.source[start:end].count(b"\n") - text.count("\n")
        return (Edit(start, end, text + "\n" * max(lines, 0) if isinstance(node, ast.stmt) else text),)

    def replace_head(self, block: ast.stmt, last: ast.expr, text: str) -> Plant:
        """Write something else for the beginning of a statement, up to and with an expression in it."""
        return (Edit(self._span(block)[0], self._span(last)[1], text),)

    def drop_decorator(self, decorator: ast.expr) -> Plant:
        """Leave an empty line for a decorator."""
        start, end = self._span(decorator)
        return (Edit(self.source.rindex(b"@", 0, start), end, ""),)

    def drop(self, statement: ast.stmt) -> Plant:
        """Let a statement do nothing."""
        return self.replace(statement, "pass")

    def move(self, statement: ast.stmt, *, before: ast.stmt | None = None, after: ast.stmt | None = None) -> Plant:
        """Write a statement elsewhere in the block it stands in, or at the head of a block within."""
        lines = self._lines_of(statement)
        return (Edit(lines[0], lines[1], ""), *self._insert(self.source[slice(*lines)].decode(), before, after))

    def copy(self, statement: ast.stmt, *, before: ast.stmt) -> Plant:
        """Write a statement a second time, before another one."""
        return self._insert(self.source_of(statement) + "\n", before, None)

    def stands_alone(self, statement: ast.stmt) -> bool:
        """Whether a statement has its lines for itself."""
        start, end = self._span(statement)
        first, past = self._lines_of(statement)
        around = self.source[first:start] + self.source[end:past].split(b"#")[0]
        return not around.strip()

    def planted(self, plant: Plant) -> bytes:
        """Return the source with the edits made."""
        source = self.source
        for edit in sorted(plant, key=lambda one: one.start, reverse=True):
            source = source[: edit.start] + edit.text.encode() + source[edit.end :]
        return source

    def _insert(self, text: str, before: ast.stmt | None, after: ast.stmt | None) -> Plant:
        where = before or after
        assert where is not None
        start, past = self._lines_of(where)
        indent = " " * where.col_offset
        text = "".join(f"{indent}{line.strip()}\n" for line in text.splitlines())
        return (Edit(start, start, text) if before else Edit(past, past, text),)

    def _lines_of(self, statement: ast.stmt) -> tuple[int, int]:
        first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
        return self._line_starts[first - 1], self._line_starts[statement.end_lineno or first]

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        starts = self._line_starts
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def name_of(node: ast.AST) -> str:
    """Return the last part of a name: ``step`` of ``self.optimizer.step``."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
