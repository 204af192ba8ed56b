"""What a saved mapping holds: its keys, as far as they are written out, and what is under each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.state import State
from pylint_torchcheck.trace.values import NOTHING, Store, Value, Values

ANY_KEY = "*"  # the slot of what stands under keys that are not known


@dataclass(frozen=True, eq=False, slots=True)
class Contents:
    """What is saved; see ``pylint_torchcheck.pitfalls.questions.Contents`` for what a pitfall sees of it.

    Args:
        whole: what is handed over, as it is.
        entries: what stands under each key that is known.
        values: all that is saved, one by one, that in mappings and lists inside of it too.
        is_complete: are all its own keys in sight?
        sites: where it was made, if it is a mapping or a list.
    """

    whole: Values
    entries: Mapping[str, Values]
    values: Values
    is_complete: bool
    sites: tuple[nodes.NodeNG, ...] = ()


def contents_of(given: Values, state: State, store: Store) -> Contents:
    """Look into what is saved, as it is now."""
    entries: dict[str, Values] = {}
    values, is_complete, sites = NOTHING, True, []
    waiting, seen = [(value, True) for value in given], set[Value]()
    while waiting:
        value, is_outer = waiting.pop()
        if value in seen:
            continue
        seen.add(value)
        if value.kind is not Kind.COLLECTION:
            values |= {value}
            is_complete = is_complete and not (is_outer and value.kind is Kind.UNKNOWN)
            continue
        if value in given and value.site is not None:
            sites.append(value.site)
        is_complete = is_complete and not (is_outer and value in store.open)
        for key, held in _items(value, state, store):
            waiting += [(one, is_outer and key == ANY_KEY) for one in held]
            if is_outer and key != ANY_KEY:
                entries[key] = entries.get(key, NOTHING) | held
    return Contents(given, entries, values, is_complete, tuple(sites))


def _items(mapping: Value, state: State, store: Store) -> Iterator[tuple[str, Values]]:
    keys = store.keys.get(mapping)
    if not keys or mapping in store.open:
        yield ANY_KEY, frozenset(store.parts.get(mapping, ()))
    for key in keys or ():
        held = state.get((mapping, key))
        if held is not None:
            yield str(key), held
