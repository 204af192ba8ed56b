"""Which modules another module does not know to be its own, since they are in a plain list, tuple or dict."""

from __future__ import annotations

from collections.abc import Iterator

from astroid import nodes

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.classes import lineage
from pylint_torchcheck.trace.sites import AttributeSite
from pylint_torchcheck.trace.values import NOTHING, Store, Value, Values

# A class that says itself what its parameters are, or how it is moved, may keep its modules as it likes.
_BY_HAND = frozenset({"parameters", "named_parameters", "to", "cuda", "_apply", "__setattr__", "state_dict"})


def hidden_modules(attribute: AttributeSite, store: Store) -> Values:
    """Return the modules in a collection that an attribute of a module gets, and that it has no other way."""
    if any(_is_one_item(value) for value in attribute.values):
        return NOTHING
    held = frozenset(part for part in _held(attribute, store) if part.kind is Kind.MODULE)
    return held.difference(*(_known(owner, held, store) for owner in attribute.receivers))


def hidden_parameters(attribute: AttributeSite, store: Store) -> Values:
    """Return the parameters in a collection that an attribute of a module gets, and that it has no other way."""
    held = frozenset(part for part in _held(attribute, store) if part.kind is Kind.PARAMETER and part.owner is None)
    for owner in attribute.receivers:
        if owner.kind is not Kind.MODULE or owner.guessed or deals_by_hand(owner, store):
            return NOTHING
        held -= store.origins(part for part in store.parts.get(owner, ()) if part.kind is not Kind.COLLECTION)
    return held


def _is_one_item(collection: Value) -> bool:
    """Is this a list or tuple of one item, as is written to hide a module on purpose?"""
    return isinstance(collection.site, nodes.List | nodes.Tuple) and len(collection.site.elts) == 1


def _held(attribute: AttributeSite, store: Store) -> Iterator[Value]:
    """Return what is in the collections that an attribute gets, and in those within; nothing, if it gets others."""
    if any(value.kind is not Kind.COLLECTION for value in attribute.values):
        return
    waiting, seen = list(attribute.values), set[Value]()
    while waiting:
        collection = waiting.pop()
        if collection not in seen:
            seen.add(collection)
            parts = store.parts.get(collection, set())
            yield from (part for part in parts if not part.guessed)
            waiting += [part for part in parts if part.kind is Kind.COLLECTION]


def _known(owner: Value, held: Values, store: Store) -> Values:
    """Return those of the modules that ``owner`` has as its own, or has a way of its own to deal with."""
    if owner.kind is not Kind.MODULE or owner.guessed or deals_by_hand(owner, store):
        return held
    registered = store.origins(part for part in store.parts.get(owner, ()) if part.kind is not Kind.COLLECTION)
    return frozenset(module for module in held if module is owner or any(module.within(part) for part in registered))


def deals_by_hand(owner: Value, store: Store) -> bool:
    """Does the class of a module say itself what its parameters are, or how it is moved?"""
    if not isinstance(owner.definition, nodes.ClassDef):
        return True
    known = [ancestor for ancestor in lineage(owner.definition, store) if isinstance(ancestor, nodes.ClassDef)]
    return any(not _BY_HAND.isdisjoint(ancestor.locals) for ancestor in known)
