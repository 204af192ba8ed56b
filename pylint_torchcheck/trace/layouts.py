"""How the dimensions of a tensor lie in memory: how many runs of them can be seen as one dimension at the least?

``view`` joins and splits dimensions, and copies nothing. It can join those that follow one another in memory. After
``x.permute(0, 2, 3, 1)`` these are three runs, ``0``, ``2 3`` and ``1``; a view of two dimensions is impossible, and
one of four may only split one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.torch_api.effects import LAYING_OUT, PERMUTING, SHAPE_KEEPING, SWAPPING
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.values import Store, Value

Calls = Mapping[nodes.NodeNG | None, CallSite]
_SINGLE = -1  # a dimension of one element, wherever it lies
_REPEATED = -2  # a dimension that repeats one element
_DEEPEST = 30


@dataclass(frozen=True, slots=True)
class _Layout:
    """The first dimensions, each by its rank among all in memory. There may be more of them, in order."""

    dims: tuple[int, ...]

    def runs(self) -> int:
        """Return how many runs of dimensions there are at the least that follow one another in memory."""
        dims = [dim for dim in self.dims if dim != _SINGLE]
        pairs = pairwise(dims)
        return bool(dims) + sum(not (after == dim + 1 or dim == after == _REPEATED) for dim, after in pairs)

    def of_rank(self, rank: int) -> _Layout:
        """Return the same, with so many dimensions at the least."""
        known = sum(dim >= 0 for dim in self.dims)
        return _Layout((*self.dims, *range(known, known + rank - len(self.dims))))


class Layouts:
    """Answers for one file."""

    def __init__(self, calls: Calls, store: Store) -> None:
        self._calls = calls
        self._store = store

    def is_impossible(self, view: CallSite) -> bool:
        """Does a view have fewer dimensions than what it is taken of has runs, whichever way it is reached?"""
        wanted = _asked_for(view.node)
        if wanted is None or not view.receivers:
            return False
        layouts = [self._of(value) for value in view.receivers]
        return all(layout is not None and layout.runs() > wanted for layout in layouts)

    def _of(self, value: Value, deepest: int = _DEEPEST) -> _Layout | None:
        """Return the layout of a tensor; ``None`` if it may be any."""
        if value.kind is not Kind.TENSOR or deepest == 0:
            return None
        call = self._calls.get(value.site)
        if call is not None and value.path in LAYING_OUT and len(call.receivers) == 1:
            source = self._of(next(iter(call.receivers)), deepest - 1)
            return None if source is None else _after(value.path, call.node, source)
        if value.path not in _FRESH and self._is_rearranged(value):
            return None
        return _Layout(tuple(range(self._rank(value))))

    def _is_rearranged(self, value: Value, deepest: int = _DEEPEST) -> bool:
        """May the dimensions of a tensor lie in another order, since they are those of something it was made of?"""
        if deepest == 0 or value.path in PERMUTING:
            return True
        return value.path not in _FRESH and any(self._is_rearranged(one, deepest - 1) for one in self._sources(value))

    def _sources(self, value: Value) -> Iterator[Value]:
        if isinstance(value.site, nodes.BinOp) and value.site.op == "@":
            return
        yield from (part for part in self._store.parts.get(value, ()) if part.kind is Kind.TENSOR)

    def _rank(self, value: Value, deepest: int = _DEEPEST) -> int:
        """Return how many dimensions a tensor has at the least."""
        call = self._calls.get(value.site)
        if deepest == 0:
            return 0
        if call is not None and value.path in {"view", "reshape"}:
            return len(_items(call.node) or ())
        if call is not None and value.path == "permute":
            return len(_items(call.node) or ())
        if not isinstance(value.site, nodes.BinOp) and value.path.rpartition(".")[2] not in SHAPE_KEEPING:
            return 0
        parts = self._store.parts.get(value, ())
        return max((self._rank(part, deepest - 1) for part in parts if part.kind is Kind.TENSOR), default=0)


def _after(method: str, node: nodes.Call, source: _Layout) -> _Layout | None:
    items = _items(node)
    numbers = [_integer(item) for item in items or ()]
    if method in {"view", "reshape"}:
        is_plain = source.dims == tuple(range(len(source.dims)))
        return _Layout(tuple(_numbered(items))) if is_plain and items else None
    if method == "contiguous":
        return _Layout(tuple(range(len(source.dims))))
    if method == "permute":
        return _permuted(source, [number for number in numbers if number is not None], len(numbers))
    if method == "t":
        return _permuted(source, [1, 0], 2)
    if method in SWAPPING:
        return _swapped(source, *numbers) if len(numbers) == 2 else None
    if method == "unsqueeze":
        return _unsqueezed(source, *numbers) if len(numbers) == 1 else None
    return _expanded(source, numbers) if items else None


def _numbered(items: Sequence[nodes.NodeNG] | None) -> Iterator[int]:
    singles = 0
    for index, item in enumerate(items or ()):
        is_single = _integer(item) == 1
        yield _SINGLE if is_single else index - singles
        singles += is_single


def _permuted(source: _Layout, order: list[int], rank: int) -> _Layout | None:
    order = [number % rank for number in order if -rank <= number < rank]
    if sorted(order) != list(range(rank)):
        return None
    dims = source.of_rank(rank).dims
    return _Layout(tuple(dims[number] for number in order))


def _swapped(source: _Layout, one: int | None, other: int | None) -> _Layout | None:
    """There may be more dimensions than are known, so none can be counted from the end."""
    if one is None or other is None or min(one, other) < 0:
        return None
    rank = max(len(source.dims), one + 1, other + 1)
    order = list(range(rank))
    order[one], order[other] = order[other], order[one]
    return _permuted(source, order, rank)


def _unsqueezed(source: _Layout, place: int | None) -> _Layout | None:
    if place is None or place < 0:
        return None
    dims = source.of_rank(place).dims
    return _Layout((*dims[:place], _SINGLE, *dims[place:]))


def _expanded(source: _Layout, sizes: Sequence[int | None]) -> _Layout | None:
    """What is repeated is a dimension of one element, as far as that is known."""
    if _SINGLE not in source.dims or len(sizes) < len(source.dims):
        return None
    singles = source.dims.count(_SINGLE)
    more = range(len(source.dims) - singles, len(sizes) - singles)
    dims = (*source.dims, *more)
    return _Layout(
        tuple(
            _REPEATED if dim == _SINGLE and size not in {1, -1} else dim for dim, size in zip(dims, sizes, strict=True)
        )
    )


def _asked_for(node: nodes.Call) -> int | None:
    """Return how many dimensions a view has; ``None`` if that is not written out.

    One of a single element counts too: where it is asked for, what is viewed is likely to have one as well.
    """
    items = _items(node)
    return len(items) if items else None


def _items(node: nodes.Call) -> list[nodes.NodeNG] | None:
    """Return what a method is called with, in a tuple or not; a single name may be a tuple, or a type."""
    items = node.args
    if len(items) == 1 and isinstance(items[0], nodes.Tuple | nodes.List):
        items = items[0].elts
    elif len(items) == 1 and _integer(items[0]) is None:
        return None
    return None if node.keywords or any(isinstance(item, nodes.Starred) for item in items) else list(items)


def _integer(node: nodes.NodeNG) -> int | None:
    if isinstance(node, nodes.UnaryOp) and node.op == "-" and isinstance(node.operand, nodes.Const):
        return -node.operand.value if isinstance(node.operand.value, int) else None
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, int) else None


_FRESH = frozenset({"contiguous", "matmul", "bmm", "mm", "torch.matmul", "torch.bmm", "torch.mm"})
