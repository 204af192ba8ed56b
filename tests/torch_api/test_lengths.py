"""What is known of lengths and clocks goes by names that torch and the standard library have."""

from __future__ import annotations

import importlib
from operator import attrgetter

import pytest

from pylint_torchcheck.torch_api import effects, lengths

TORCH = sorted(
    path for path in (*lengths.BY_SIZE, *lengths.BY_FIRST, lengths.SUBSET, lengths.SPLIT) if path.startswith("torch.")
)


def found(path: str) -> object:
    module, _, rest = path.partition(".")
    return attrgetter(rest)(importlib.import_module(module))


@pytest.mark.parametrize("path", TORCH)
def test_name_is_one_of_torch(path: str) -> None:
    pytest.importorskip("torch.utils.data")

    assert callable(found(path))


@pytest.mark.parametrize("path", sorted(effects.CLOCKS))
def test_clock_is_one(path: str) -> None:
    assert callable(found(path))


@pytest.mark.parametrize("path", sorted(lengths.DATA_SETS))
def test_default_part_of_a_data_set_is_a_part_of_it(path: str) -> None:
    parts = lengths.DATA_SETS[path]

    assert parts.default in parts.items
