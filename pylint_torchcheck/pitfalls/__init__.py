"""The catalogue: every pitfall, found by its file and listed nowhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Pitfall


def _modules() -> Iterator[str]:
    for family in pkgutil.iter_modules(__path__, f"{__name__}."):
        if family.ispkg:
            package = importlib.import_module(family.name)
            yield from (found.name for found in pkgutil.iter_modules(package.__path__, f"{family.name}."))


def _discover() -> Iterator[type[Pitfall]]:
    for name in _modules():
        members = vars(importlib.import_module(name)).values()
        for member in members:
            if isinstance(member, type) and issubclass(member, Pitfall) and member.__module__ == name:
                yield member


PITFALLS: tuple[type[Pitfall], ...] = tuple(sorted(_discover(), key=lambda pitfall: pitfall.msgid[1:]))
