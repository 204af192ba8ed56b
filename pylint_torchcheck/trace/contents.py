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
        entries: what stands under each key that is known, those of mappings in the mapping too.
        rest: what else there is, under keys that are not known.
        is_complete: is nothing in it that cannot be seen?
        sites: where it was made, if it is a mapping or a list.
    """

    whole: Values
    entries: Mapping[str, Values]
    rest: Values
    is_complete: bool
    sites: tuple[nodes.NodeNG, ...] = ()

    @property
    def values(self) -> Values:
        """All that is saved, one by one."""
        return self.rest.union(*self.entries.values())


def contents_of(given: Values, state: State, store: Store) -> Contents:
    """Look into what is saved, as it is now."""
    entries: dict[str, Values] = {}
    rest, is_complete, sites = NOTHING, True, []
    waiting, seen = list(given), set[Value]()
    while waiting:
        value = waiting.pop()
        if value in seen:
            continue
        seen.add(value)
        if value.kind is not Kind.COLLECTION:
            rest |= {value}
            continue
        sites += [value.site] if value.site is not None and value in given else []
        is_complete = is_complete and value not in store.open
        for key, held in _items(value, state, store):
            inner = [one for one in held if one.kind is Kind.COLLECTION]
            waiting += inner
            if key == ANY_KEY:
                rest |= held.difference(inner)
            else:
                entries[key] = entries.get(key, NOTHING) | held
    is_complete = is_complete and not any(value.kind is Kind.UNKNOWN for value in rest)
    return Contents(given, entries, rest, is_complete, tuple(sites))


def _items(mapping: Value, state: State, store: Store) -> Iterator[tuple[str, Values]]:
    keys = store.keys.get(mapping)
    if not keys or mapping in store.open:
        yield ANY_KEY, frozenset(store.parts.get(mapping, ()))
    for key in keys or ():
        held = state.get((mapping, key))
        if held is not None:
            yield str(key), held
