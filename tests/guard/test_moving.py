"""to_device: everything that a collate function may return. The meta device stands for a GPU."""

from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence

import torchguard as tg

Pair = namedtuple("Pair", "x y")


@dataclass(frozen=True)
class Batch:
    x: torch.Tensor
    name: str


class Mine:
    def __init__(self) -> None:
        self.device = torch.device("cpu")

    def to(self, device):
        moved = Mine()
        moved.device = device
        return moved


def x() -> torch.Tensor:
    return torch.ones(2)


@pytest.mark.parametrize(
    ("batch", "tensor"),
    [
        (x(), lambda batch: batch),
        ([x(), "a"], lambda batch: batch[0]),
        ((x(), 1), lambda batch: batch[0]),
        (Pair(x(), None), lambda batch: batch.x),
        ({"a": {"b": [x()]}}, lambda batch: batch["a"]["b"][0]),
        (OrderedDict(a=x()), lambda batch: batch["a"]),
        (defaultdict(list, a=x()), lambda batch: batch["a"]),
        (Batch(x(), "a"), lambda batch: batch.x),
        (Mine(), lambda batch: batch),
    ],
    ids=lambda value: type(value).__name__,
)
def test_moves_tensors_and_keeps_the_form(batch, tensor):
    moved = tg.to_device(batch, "meta")

    assert type(moved) is type(batch)
    assert tensor(moved).device == torch.device("meta")
    assert tensor(batch).device == torch.device("cpu")


def test_moves_packed_sequences():
    assert tg.to_device(pack_sequence([x()]), "meta").data.device == torch.device("meta")


def test_keeps_the_default_factory():
    assert tg.to_device(defaultdict(list, a=x()), "meta")["missing"] == []


@pytest.mark.parametrize("batch", ["text", b"bytes", 3, 2.5, None, True, [], {}])
def test_leaves_what_has_no_device(batch):
    assert tg.to_device(batch, "meta") == batch


def test_module_is_refused():
    with pytest.raises(tg.MisuseError, match=r"write module\.to\(device\)"):
        tg.to_device([nn.Linear(1, 1)], "meta")
