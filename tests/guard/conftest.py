"""What the guards' tests share: one thread, fixed seeds, tiny modules."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import torchguard as tg

sys.path.insert(0, str(Path(__file__).parent))  # makes ``launching`` importable
os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the processes that tests start


@pytest.fixture(autouse=True)
def one_thread_and_seeds():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with tg.seed_everything(0):
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def build_net() -> Callable[[], nn.Sequential]:
    """Makes the same net each time: (N, 6) in, (N, 3) out, with batch norm and dropout."""

    def build() -> nn.Sequential:
        with tg.seed_everything(1):
            return nn.Sequential(
                nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3, bias=False)
            )

    return build


@pytest.fixture
def net(build_net) -> nn.Sequential:
    return build_net()


@pytest.fixture
def same() -> Callable[[nn.Module, nn.Module], bool]:
    """Bit-identical parameters and buffers?"""

    def compare(one: nn.Module, other: nn.Module) -> bool:
        pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
        return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)

    return compare
