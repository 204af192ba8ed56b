"""The random number generators of python, numpy and torch: seeded together, saved together, restored together."""

from __future__ import annotations

import random
from types import TracebackType
from typing import Any, TypedDict

import numpy as np
import torch
from torch import Tensor

from torchguard.errors import MisuseError, StateMismatchError
from torchguard.streams import refuse_seed
from torchguard.words import count


class PythonState(TypedDict):
    """``random.getstate()`` in values that ``weights_only=True`` can read."""

    version: int
    words: Tensor  # (625,) int64: 624 words of the twister and the position in them
    gauss_next: float | None


class NumpyState(TypedDict):
    """``numpy.random.get_state()`` in values that ``weights_only=True`` can read."""

    words: Tensor  # (624,) int64
    position: int
    has_gauss: int
    cached_gaussian: float


class RngState(TypedDict):
    """The state of every global generator; what `rng_state` returns."""

    python: PythonState
    numpy: NumpyState
    torch: Tensor  # (5056,) uint8
    cuda: list[Tensor]  # one a device, in device order


def rng_state() -> RngState:
    """A copy of the states of python's, numpy's and torch's global generators, on the CPU and every CUDA device.

    Generator objects that you made yourself are not in it.

    Raises:
        MisuseError: numpy's global generator was replaced by another kind.

    Prevents: incomplete-resume.
    """
    return {
        "python": _python_state(),
        "numpy": _numpy_state(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_rng_state(state: RngState) -> None:
    """Put every global generator back to where `rng_state` found it.

    Raises:
        StateMismatchError: an entry is missing or has another form, or the number of CUDA devices differs;
            no generator was touched.
    """
    python, numpy = _checked(state)
    random.setstate(python)
    np.random.set_state(numpy)
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"]:
        torch.cuda.set_rng_state_all([device_state.cpu() for device_state in state["cuda"]])


def check_rng_state(state: RngState) -> None:
    """Raise what `set_rng_state` would raise, and change nothing."""
    _checked(state)


def seed_everything(seed: int) -> Seeded:
    """Seed python, numpy and torch on all devices.

    As a statement it seeds for good; as a context manager it puts the generators back at the end::

        tg.seed_everything(0)
        with tg.seed_everything(0):
            weights = init()  # the same every time, and the stream outside goes on undisturbed

    Args:
        seed: 0 to 2**32 - 1, the range that all three take.

    Raises:
        MisuseError: the seed is outside that range.

    Prevents: incomplete-seeding.
    """
    refuse_seed(seed)
    replaced = rng_state()
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return Seeded(replaced)


class Seeded:
    """What `seed_everything` replaced; as a context manager, restores it at the end."""

    def __init__(self, replaced: RngState) -> None:
        self.replaced = replaced

    def restore(self) -> None:
        """Put the generators back to where they were before seeding."""
        set_rng_state(self.replaced)

    def __enter__(self) -> Seeded:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.restore()


def _python_state() -> PythonState:
    version, words, gauss_next = random.getstate()
    return {"version": version, "words": torch.tensor(words, dtype=torch.int64), "gauss_next": gauss_next}


def _numpy_state() -> NumpyState:
    # pylint: disable-next=unexpected-keyword-arg  # numpy's stubs have it, Pylint's idea of numpy has not
    state: dict[str, Any] = np.random.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise MisuseError(
            f"numpy's global generator is {state['bit_generator']}, whose state has another form; "
            "leave the global one as it is and write rng = numpy.random.Generator(...) for your own"
        )
    return {
        "words": torch.from_numpy(state["state"]["key"].astype(np.int64)),
        "position": int(state["state"]["pos"]),
        "has_gauss": int(state["has_gauss"]),
        "cached_gaussian": float(state["gauss"]),
    }


_PythonTuple = tuple[int, tuple[int, ...], "float | None"]
_NumpyTuple = tuple[str, "np.ndarray[Any, np.dtype[np.uint32]]", int, int, float]


def _checked(state: RngState) -> tuple[_PythonTuple, _NumpyTuple]:
    """The tuples that python and numpy want, tried on generators of their own first."""
    try:
        python, numpy = _as_tuples(state)
        random.Random().setstate(python)
        np.random.RandomState().set_state(numpy)
        torch.Generator().set_state(state["torch"].cpu())
        _check_cuda(state["cuda"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        if isinstance(error, StateMismatchError):
            raise
        raise StateMismatchError(
            f"this is no state of the random number generators ({type(error).__name__}: {error}); "
            "pass what torchguard.rng_state() returned"
        ) from None
    return python, numpy


def _as_tuples(state: RngState) -> tuple[_PythonTuple, _NumpyTuple]:
    python, numpy = state["python"], state["numpy"]
    numpy_words = numpy["words"].cpu().numpy().astype(np.uint32)
    return (
        (python["version"], tuple(python["words"].tolist()), python["gauss_next"]),
        ("MT19937", numpy_words, numpy["position"], numpy["has_gauss"], numpy["cached_gaussian"]),
    )


def _check_cuda(saved: list[Tensor]) -> None:
    here = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if len(saved) not in (0, here):  # saved without CUDA: nothing to restore there
        raise StateMismatchError(
            f"the state was saved with {count(len(saved), 'CUDA device')} and here there are {here}, so their "
            f'random numbers cannot go on; drop them knowingly: set_rng_state({{**state, "cuda": []}}) or '
            "resume(strict=False)"
        )
