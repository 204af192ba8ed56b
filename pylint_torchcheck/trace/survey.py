"""Looks a file over before it is read: which ways into it may come upon a pitfall at all?

Most code of a project defines modules and never trains one. The words of its source tell, at a hundredth of what
reading costs: a function matters only if it, or what it may call, holds the signs of some pitfall.
"""

from __future__ import annotations

import io
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import Pitfall
from pylint_torchcheck.pitfalls.signs import LOCAL, Clue, Near, Sign, Signs, may_hold
from pylint_torchcheck.torch_api.effects import MOVING_METHODS
from pylint_torchcheck.trace.aliases import Aliases
from pylint_torchcheck.trace.clues import is_collection, is_tensor, signs_of, signs_of_method
from pylint_torchcheck.trace.neighbours import Reach, Source, reach_of, sources_of
from pylint_torchcheck.trace.project import bytes_of
from pylint_torchcheck.trace.words import clues_in, code_of, words_in

_MOST_PIECES = 60_000  # of the project's other files, that the names of one file may lead to,
_MOST_READ = 16_000_000  # and characters of the files that they are in


_Far: TypeAlias = tuple[Clue]  # one that stands in another file of the project
_Found: TypeAlias = set[Clue | _Far]


@dataclass(eq=False, slots=True)
class _Part:
    """A function, or a statement of the module's or a class's body that defines none."""

    words: frozenset[str]
    clues: _Found


class Survey:
    """What the functions of one file may come upon, in themselves and in what they may call."""

    def __init__(self, tree: nodes.Module, pitfalls: Sequence[type[Pitfall]]) -> None:
        self._signs, self._wanted, self._wanted_beyond = _sought(tuple(pitfalls))
        self._tree = tree
        self._functions: dict[nodes.FunctionDef, _Part] = {}
        self._named: dict[str, list[_Part]] = defaultdict(list)  # what a name may stand for
        self._module: list[_Part] = []
        self._anywhere: _Found = set()  # what any name may lead to, after `from module import *`
        self._seen: dict[tuple[int, int | None], tuple[str, frozenset[str], frozenset[Clue]]] = {}
        self._statements: dict[tuple[str, int, int | None], _Part] = {}
        self._beyond_known: dict[Source, frozenset[Clue]] = {}
        self._files: dict[str, int] = {}  # the project's, and how long they are
        self._pieces = 0  # of them, that names have led to
        self._lines = _lines_of(tree) if pitfalls else []
        self._aliases = Aliases("\n".join(self._lines), self._wanted)
        if self._lines:
            try:
                self._look_over(tree)
            except RecursionError:  # an expression that is too deep to look through
                self._lines = []

    def _look_over(self, tree: nodes.Module) -> None:
        self._divide(tree, "")
        for part in (*self._functions.values(), *self._module):
            part.clues |= self._anywhere
        _spread([*self._functions.values(), *self._module], self._named)

    def may_matter(self, scope: nodes.NodeNG) -> bool:
        """May reading the module's body or a function find anything?"""
        if not self._lines or not self._signs:
            return True
        if scope is not self._tree and scope not in self._functions:
            return True
        parts = self._module if scope is self._tree else [self._functions[scope]]
        near, reached = _parted(parts)
        return any(may_hold(signs, near, reached, self._of_file) for signs in self._signs)

    @cached_property
    def _of_file(self) -> set[Clue]:
        """What all functions of the file, and its body, may come upon."""
        _, reached = _parted((*self._functions.values(), *self._module))
        return reached

    def _divide(self, scope: nodes.NodeNG, owner: str) -> None:
        """Divide the body of the module or of a class into its functions and its other statements."""
        if owner:
            self._add_header(scope)
        for node in undivided(scope.body):
            match node:
                case nodes.Import() | nodes.ImportFrom():
                    self._note_import(node)
                case nodes.FunctionDef():
                    self._add_function(node, owner)
                case nodes.ClassDef():
                    self._divide(node, node.name)
                case _ if node.parent is scope:
                    self._add_statement(node, owner, node.end_lineno)

    def _add_header(self, node: nodes.ClassDef) -> None:
        """The bases and the decorators of a class count for it."""
        code = "\n".join(self._lines[_first_line(node) - 1 : node.body[0].lineno if node.body else node.end_lineno])
        words = words_in(code)
        part = _Part(words, {*self._clues_in(words, code)})
        self._named[node.name].append(part)
        self._module.append(part)

    def _add_function(self, node: nodes.FunctionDef, owner: str) -> None:
        words, clues = self._look(node, node.end_lineno)
        part = self._functions[node] = _Part(words | {owner}, {*clues})
        self._named[owner if node.name.startswith("__") else node.name].append(part)

    def _add_statement(self, node: nodes.NodeNG, owner: str, end: int | None) -> None:
        """A statement counts for the module or the class, and for those who name what it is about."""
        words, clues = self._look(node, end)
        part = self._part_of(words, (owner, _first_line(node), end))
        part.clues |= clues
        if not owner:
            assigned = {target.name for target in node.nodes_of_class(nodes.AssignName)}
            for name in (assigned - words) & self._tree.locals.keys():
                self._named[name].append(part)

    def _part_of(self, words: frozenset[str], place: tuple[str, int, int | None]) -> _Part:
        """Return the part that some lines are, one for all statements that stand on them."""
        if place not in self._statements:
            part = self._statements[place] = _Part(words, set())
            owner, *_ = place
            if not owner:
                self._module.append(part)
            for name in [owner] if owner else words & self._tree.locals.keys():
                self._named[name].append(part)
        return self._statements[place]

    def _look(self, node: nodes.NodeNG, end: int | None) -> tuple[frozenset[str], set[Clue]]:
        """Return the words of a piece of source, and the clues in it that matter."""
        lines = (_first_line(node), end)
        if lines not in self._seen:
            code = "\n".join(self._lines[lines[0] - 1 : end])
            words = words_in(code)
            self._seen[lines] = code, words, self._clues_in(words, code)
        code, words, seen = self._seen[lines]
        found = {*seen, *signs_of_method(getattr(node, "name", ""), words, code)}
        displayed, tensors = set[str](), set[str]()
        makes = getattr(node, "name", "") == "__init__"
        for inner in statements(node):
            match inner:
                case nodes.Assign(targets=[nodes.AssignAttr()], value=value) if is_collection(value, displayed):
                    found.add(Sign.KEPT_COLLECTION)
                case nodes.Assign(targets=[nodes.AssignAttr()], value=value) if makes and is_tensor(value, tensors):
                    found.add(Sign.KEPT_TENSOR)
                case nodes.Assign(targets=[nodes.AssignName(name=name)], value=value) if is_tensor(value, tensors):
                    tensors.add(name)
                case nodes.Assign(targets=[nodes.AssignName(name=name)], value=value) if is_collection(value, ()):
                    displayed.add(name)
                case nodes.Expr(value=nodes.Call(func=nodes.Attribute(attrname=name))) if name in MOVING_METHODS:
                    found.add(Sign.DROPPED_RESULT)
                case nodes.Expr(value=nodes.Attribute()):
                    found.add(Sign.UNCALLED_METHOD)
                case nodes.Assign(value=nodes.BinOp(op="+")):
                    found.add(Sign.GROWTH)
                case nodes.Import() | nodes.ImportFrom():
                    self._note_import(inner)
        return words, found & self._wanted

    def _clues_in(self, words: frozenset[str], code: str) -> frozenset[Clue]:
        return (clues_in(words, code) & self._wanted) | self._aliases.paths(words, code)

    def _note_import(self, node: nodes.Import | nodes.ImportFrom) -> None:
        """What a name of another file of the project may lead to, matters to all who use the name."""
        is_from = isinstance(node, nodes.ImportFrom)
        for name, alias in node.names:
            clues: _Found = {(clue,) for clue in self._beyond(node, name) - LOCAL}
            if is_from:  # under another name, perhaps
                clues |= {name, f".{name}"} & self._wanted
            if name == "*":
                self._anywhere |= clues
            elif clues:
                bound = alias or (name if is_from else name.partition(".")[0])
                self._named[bound].append(_Part(frozenset(), clues))

    def _beyond(self, node: nodes.Import | nodes.ImportFrom, name: str) -> set[Clue]:
        if not self._tree.file or self._tree.file == "<?>":
            return set()
        here = Path(self._tree.file)
        if isinstance(node, nodes.ImportFrom):
            sources = sources_of(here, node.level or 0, node.modname, name)
        else:
            sources = sources_of(here, 0, name)
        return set[Clue]().union(*map(self._reached, sources))

    def _reached(self, source: Source) -> frozenset[Clue]:
        """Return what a name of another file may lead to; everything, once that has taken too much work."""
        if source not in self._beyond_known:
            is_too_much = self._pieces > _MOST_PIECES or sum(self._files.values()) > _MOST_READ
            reach = Reach(self._wanted_beyond) if is_too_much else reach_of(source, self._wanted_beyond)
            self._beyond_known[source] = reach.clues
            self._files.update(reach.files)
            self._pieces += reach.pieces
        return self._beyond_known[source]


@cache
def _sought(pitfalls: tuple[type[Pitfall], ...]) -> tuple[list[Signs], frozenset[Clue], frozenset[Clue]]:
    """Return the signs of each pitfall, all clues in them, and those that count in other files."""
    wanted = list(map(signs_of, pitfalls))
    groups = [group for signs in wanted for group in signs]
    return wanted, _clues(groups), _clues(group for group in groups if not isinstance(group, Near))


def _parted(parts: Iterable[_Part]) -> tuple[set[Clue], set[Clue]]:
    """Return the clues of this file in some of its parts, and these with those of other files."""
    near, reached = set[Clue](), set[Clue]()
    for clue in set[Clue | _Far]().union(*(part.clues for part in parts)):
        if isinstance(clue, tuple):
            reached.add(clue[0])
        else:
            near.add(clue)
    return near, near | reached


def _clues(groups: Iterable[frozenset[Clue]]) -> frozenset[Clue]:
    return frozenset[Clue]().union(*groups)


def _spread(parts: list[_Part], named: dict[str, list[_Part]]) -> None:
    """Give each part the clues of all that it may lead to, but for those that stand for themselves."""
    everything = dict.fromkeys([*parts, *(part for group in named.values() for part in group)])
    users: dict[str, list[_Part]] = defaultdict(list)
    names: dict[_Part, list[str]] = defaultdict(list)
    for part in everything:
        for name in part.words & named.keys():
            users[name].append(part)
    for name, group in named.items():
        for part in group:
            names[part].append(name)
    reached: dict[str, _Found] = defaultdict(set)  # what a name may lead to
    waiting = OrderedDict.fromkeys(named)  # each once, so that a name comes when much has changed for it
    while waiting:
        name, _ = waiting.popitem(last=False)
        found: _Found = set().union(*(part.clues for part in named[name])) - LOCAL
        if found <= reached[name]:
            continue
        reached[name] = found
        for user in users[name]:
            if not found <= user.clues:
                user.clues |= found
                waiting.update(dict.fromkeys(names[user]))


def _lines_of(tree: nodes.Module) -> list[str]:
    """Return the lines of the source; none, if it is not at hand, or in an encoding of its own."""
    try:
        text = io.TextIOWrapper(io.BytesIO(bytes_of(tree)), tree.file_encoding or "utf-8", errors="replace").read()
    except LookupError:
        return []
    return code_of(text).split("\n") if text else []


def _first_line(node: nodes.NodeNG) -> int:
    decorators = getattr(node, "decorators", None)
    line: int = decorators.lineno if decorators is not None else node.lineno
    return line


def statements(node: nodes.NodeNG) -> Iterator[nodes.NodeNG]:
    """Return a statement and all that are in it, those of inner functions too, in the order of the source."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(_blocks(node)))


def undivided(body: Sequence[nodes.NodeNG]) -> Iterator[nodes.NodeNG]:
    """Return statements and all that are in their branches, but not what is in a function or a class."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, nodes.FunctionDef | nodes.ClassDef):
            waiting += _blocks(node)


def _blocks(node: nodes.NodeNG) -> Iterator[nodes.NodeNG]:
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        inner = getattr(node, name, None)
        if isinstance(inner, list):
            yield from inner
