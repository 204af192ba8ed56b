"""What objects were computed or built from, looked up once the whole file is read."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.vocabulary import Kind
from pylint_torchcheck.trace.values import Store, Value, Values


class Origins:
    """Remembers each answer, since nothing is made any more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[Values, Values] = {}
        self._known_wholes: dict[Values, Values] = {}
        self._known_modules: dict[Values, tuple[Values, bool]] = {}

    def of(self, values: Values) -> Values:
        """Return ``values`` and all that they were computed or built from."""
        if values not in self._known:
            self._known[values] = frozenset(self._store.origins(values))
        return self._known[values]

    def of_one(self, value: Value) -> Values:
        """The same for one object."""
        return self.of(frozenset({value}))

    def wholes(self, values: Values) -> Values:
        """Return ``values`` and all that they are parts of."""
        if values not in self._known_wholes:
            self._known_wholes[values] = values.union(*(wholes_of(value) for value in values))
        return self._known_wholes[values]

    def modules(self, values: Values) -> tuple[Values, bool]:
        """Return the modules among the origins of ``values``, and whether all of the origins are in sight."""
        if values not in self._known_modules:
            origins = self.of(values)
            modules = frozenset(value for value in origins if value.kind is Kind.MODULE)
            self._known_modules[values] = modules, not any(value.kind in OPAQUE for value in origins)
        return self._known_modules[values]


def wholes_of(value: Value) -> Iterator[Value]:
    """Return what an object is a part of, from the inside out."""
    whole = value.owner
    while whole is not None:
        yield whole
        whole = whole.owner


OPAQUE = frozenset({Kind.UNKNOWN, Kind.INSTANCE})
