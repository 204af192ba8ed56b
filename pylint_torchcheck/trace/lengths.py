"""How many items data sets and tensors hold, where that is written out or well known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.torch_api import lengths as known
from pylint_torchcheck.torch_api.objects import signature
from pylint_torchcheck.trace.arguments import Arguments
from pylint_torchcheck.trace.expressions import Expressions
from pylint_torchcheck.trace.loops import Loop
from pylint_torchcheck.trace.values import BATCH, NOTHING, PLAIN, Store, Value, Values


def noted(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    """Remember how many items there are in what a call of a library's function makes; return that."""
    if path == known.LOADER:
        _set(machine.store, made, _last_batch(machine.store, arguments))
    maker = _MAKERS.get(path)
    if maker is not None and not arguments.starred:
        return maker(machine, node, path, arguments, made)
    return made


def ends_on_one(machine: Expressions, inputs: Values) -> bool:
    """Is this a batch of the loop under way, which runs to the end of a loader whose last batch has a single sample?"""
    loop = machine.loops[-1] if machine.loops else None
    if loop is None or not all(_is_batch_of(loop, value, machine.store) for value in inputs):
        return False
    if any(True for _ in loop.node.nodes_of_class(_LEAVING)):
        return False
    loaders = [value for value in machine.store.origins(loop.target) if value.kind is Kind.LOADER]
    return bool(loaders) and all(machine.store.lengths.get(loader) == 1 for loader in loaders)


_LEAVING = (nodes.Continue, nodes.Break, nodes.Return)


def _is_batch_of(loop: Loop, value: Value, store: Store) -> bool:
    """Is this what the loop draws from a loader, or an item of that, moved or flattened?"""
    batch = _unchanged(value, store)
    is_inside = batch.site is not None and (loop.node is batch.site or loop.node.parent_of(batch.site))
    return batch.path == BATCH and is_inside


def _unchanged(value: Value, store: Store) -> Value:
    """Return the tensor that one is a copy of which has as many items."""
    while value.path in known.KEEPING or _is_flattened(value):
        sources = [part for part in store.parts.get(value, ()) if part.kind in {Kind.TENSOR, Kind.UNKNOWN}]
        if len(sources) != 1:
            break
        value = sources[0]
    return value


def _is_flattened(value: Value) -> bool:
    """Is this what a method with arguments for two dimensions gives, the first of which is the batch's?"""
    return isinstance(value.site, nodes.Call) and known.FLATTENING.get(value.path) == len(value.site.args)


def kept(machine: Expressions, node: nodes.Call, name: str, source: Value, made: Values) -> Values:
    """Remember that a method has left the number of items as it was; return what it makes."""
    length = machine.store.lengths.get(source) if name in known.KEEPING else None
    return _sized(machine, node, source.path, made, length)


def _set(store: Store, values: Values, length: int | None) -> None:
    """What is made at one place with several lengths has none that is known."""
    for value in values:
        store.lengths[value] = length if store.lengths.get(value, length) == length else None


def _last_batch(store: Store, arguments: Arguments) -> int | None:
    """Return how many samples the last batch of a loader has, if it is not whole; 0 if it is."""
    order = signature(known.LOADER) or ()
    given = {name: arguments.get(name, order) for name in order}
    is_other = arguments.starred or any(given[name] for name in known.OTHER_BATCHES)
    length = _length(store, given["dataset"])
    size = _number(given["batch_size"])  # of one sample each, unless a size is given
    is_dropped = given["drop_last"] and not _is_off(given["drop_last"])
    if is_other or is_dropped or length is None or not size or size < 2:
        return None
    return length % size


def _length(store: Store, values: Values) -> int | None:
    lengths = {store.lengths.get(value) for value in values}
    return lengths.pop() if len(lengths) == 1 else None


def _number(values: Values) -> int | None:
    constants = [value.constant for value in values if value.kind is Kind.CONSTANT]
    number = constants[0] if len(constants) == len(values) == 1 else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _is_off(values: Values) -> bool:
    return all(value.kind is Kind.CONSTANT and value.constant is False for value in values)


# What the functions make


def _sized(machine: Expressions, node: nodes.NodeNG, path: str, made: Values, length: int | None) -> Values:
    """Plain data has no identity to remember a length by, until it has one."""
    if length is None:
        return made
    if made == PLAIN:
        made = frozenset({machine.store.make(Kind.DATA, node, machine.frame, path=path)})
    _set(machine.store, made, length)
    return made


def _by_size(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    first = arguments.positional[0] if arguments.positional else arguments.keywords.get("size", NOTHING)
    return _sized(machine, node, path, made, _number(first) or _number(_item(machine, first, 0)))


def _by_first(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    first = arguments.positional[0] if arguments.positional else NOTHING
    return _sized(machine, node, path, made, _length(machine.store, first))


def _by_last(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    """``randint(high, size)``, with or without a lowest number."""
    size = arguments.keywords.get("size") or (arguments.positional[-1] if arguments.positional else NOTHING)
    return _sized(machine, node, path, made, _number(_item(machine, size, 0)))


def _range(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    bounds = [bound for given in arguments.positional if (bound := _number(given)) is not None]
    is_known = len(bounds) == len(arguments.positional)
    return _sized(machine, node, path, made, _length_of_range(bounds) if is_known else None)


def _length_of_range(bounds: Sequence[int]) -> int | None:
    try:
        return len(range(*bounds))
    except (TypeError, ValueError, OverflowError):  # it raises where it is run, or is larger than any index
        return None


def _subset(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    indices = arguments.get("indices", ("dataset", "indices"))
    return _sized(machine, node, path, made, _length(machine.store, indices))


def _copy(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    """``list(range(64))`` has as many items as the range."""
    return _by_first(machine, node, path, arguments, made) if made else made


def _random_split(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, _: Values) -> Values:
    whole, lengths = (arguments.get(name, ("dataset", "lengths")) for name in ("dataset", "lengths"))
    shares = _items(machine, lengths)
    sizes = _sizes(_length(machine.store, whole), shares)
    parts = (machine.unknown(_site(node, index), whole) for index in range(len(shares)))
    sized = [_sized(machine, node, path, part, size) for part, size in zip(parts, sizes, strict=True)]
    return machine.collection(node, [*enumerate(sized)]) if sized else machine.unknown(node, whole)


def _sizes(whole: int | None, shares: list[Values]) -> list[int | None]:
    """Return the parts' sizes, given as such or as fractions; what these leave over goes to the parts in turn."""
    sizes = [_number(share) for share in shares]
    fractions = [constant for share in shares for constant in _fractions(share)]
    if whole is None or len(fractions) != len(shares) or not math.isclose(sum(fractions), 1):
        return sizes
    floors = [math.floor(whole * fraction) for fraction in fractions]
    rest = whole - sum(floors)
    return [size + (1 if index < rest else 0) for index, size in enumerate(floors)]


def _fractions(share: Values) -> Iterable[float]:
    return (value.constant for value in share if isinstance(value.constant, float) and len(share) == 1)


def _data_set(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    parts = known.DATA_SETS[path]
    chosen = arguments.keywords.get(parts.by) or NOTHING.union(*arguments.positional[parts.index : parts.index + 1])
    constants = {value.constant for value in chosen} if chosen else {parts.default}
    return _sized(machine, node, path, made, parts.items.get(constants.pop()) if len(constants) == 1 else None)


def _table(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    columns = [_sized(machine, _site(node, index), path, PLAIN, known.TABLES[path]) for index in range(2)]
    if arguments.keywords.get("return_X_y"):
        return machine.collection(node, [*enumerate(columns)])
    (bunch,) = _sized(machine, node, path, made, known.TABLES[path])
    for name, column in zip(("data", "target"), columns, strict=True):
        machine.here().put((bunch, name), column)
    return frozenset({bunch})


def _train_test_split(machine: Expressions, node: nodes.Call, path: str, arguments: Arguments, made: Values) -> Values:
    """Each array gives two parts; the second is rounded up."""
    share = next((one for one in _fractions(arguments.keywords.get("test_size", NOTHING)) if 0 < one < 1), None)
    lengths = [_length(machine.store, array) for array in arguments.positional]
    if share is None or None in lengths or arguments.keywords.get("train_size"):
        return made
    items: list[Values] = []
    for index, length in enumerate(lengths):
        tested = math.ceil((length or 0) * share)
        for size in ((length or 0) - tested, tested):
            items.append(_sized(machine, _site(node, index), f"{path}[{len(items)}]", PLAIN, size))
    return machine.collection(node, [*enumerate(items)])


def _items(machine: Expressions, values: Values) -> list[Values]:
    """Return the items of a list that is written out."""
    items: list[Values] = []
    while len(values) == 1 and (item := _item(machine, values, len(items))):
        items.append(item)
    return items


def _item(machine: Expressions, values: Values, index: int) -> Values:
    held = [machine.here().get((value, index)) for value in values if value.kind is Kind.COLLECTION]
    return held[0] or NOTHING if len(held) == 1 else NOTHING


def _site(node: nodes.Call, index: int) -> nodes.NodeNG:
    """Return a place of its own for each of several results of one call."""
    parts = [node, node.func, *node.args]
    return parts[index % len(parts)]


_Maker = Callable[[Expressions, nodes.Call, str, Arguments, Values], Values]
_MAKERS: dict[str, _Maker] = {
    **dict.fromkeys(known.BY_SIZE, _by_size),
    **dict.fromkeys(known.BY_FIRST, _by_first),
    **dict.fromkeys(known.DATA_SETS, _data_set),
    **dict.fromkeys(known.TABLES, _table),
    "torch.randint": _by_last,
    "torch.arange": _range,
    "builtins.range": _range,
    "builtins.list": _copy,
    known.SUBSET: _subset,
    known.SPLIT: _random_split,
    "sklearn.model_selection.train_test_split": _train_test_split,
}
