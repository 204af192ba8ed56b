"""Random streams: seeding them by what they are for, finding those that an object keeps, leaving them undisturbed."""

# pylint: disable=no-member  # numpy has RandomState, Pylint's idea of numpy has not

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchguard.errors import MisuseError

_BITS = (1 << 64) - 1
_LARGEST_SEED = 2**32 - 1  # numpy takes no larger one
_LOOKED_AT = 10_000  # objects, when looking for generators
_OF_A_SEQUENCE = 100  # elements; a dataset's list of a million samples holds no generators

# The modules stand for their global generators: they have the same functions as the objects.
GLOBAL: tuple[Any, ...] = (random, np.random, torch.default_generator)


def mixed_seed(*numbers: object) -> int:
    """A seed of 64 bits from a few numbers; neighbours get seeds that have nothing in common. Takes about 2 us.

    Source: the finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
    """
    seed = 0
    for number in numbers:
        seed = (seed ^ _as_int(number)) + 0x9E3779B97F4A7C15 & _BITS
        seed = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9 & _BITS
        seed = (seed ^ seed >> 27) * 0x94D049BB133111EB & _BITS
        seed ^= seed >> 31
    return seed


def refuse_seed(seed: int) -> None:
    if not 0 <= seed <= _LARGEST_SEED:
        raise MisuseError(f"seed={seed} is outside 0 to 2**32 - 1, which numpy takes; write seed={seed % 2**32}")


def is_generator(value: object) -> bool:
    """Is it a generator object of python, numpy or torch?"""
    return isinstance(value, (random.Random, np.random.Generator, np.random.RandomState, torch.Generator))


def generators_in(root: object) -> list[Any]:
    """The generator objects that an object keeps in its attributes, lists and dicts, in a fixed order."""
    found: list[Any] = []
    seen: set[int] = set()
    waiting = [root]
    while waiting and len(seen) < _LOOKED_AT:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if is_generator(value):
            found.append(value)
        else:
            waiting.extend(_inside(value))
    return found


def seed_streams(streams: Sequence[Any], seed: int) -> None:
    """Start each of the streams anew."""
    for stream in streams:
        match stream:
            case torch.Generator():  # torch.manual_seed, which looks for accelerators, takes 200 times as long
                stream.manual_seed(seed)
            case np.random.Generator():
                stream.bit_generator.state = type(stream.bit_generator)(seed).state
            case _:  # python's and numpy's old ones, as objects or as modules
                stream.seed(seed & _LARGEST_SEED)


@contextmanager
def undisturbed(streams: Sequence[Any]) -> Iterator[None]:
    """Whatever is drawn inside, the streams go on afterwards as if it had not been."""
    states = [stream_state(stream) for stream in streams]
    try:
        yield
    finally:
        for stream, state in zip(streams, states, strict=True):
            set_stream_state(stream, state)


def stream_state(stream: Any) -> Any:
    """A copy of the state, in the form that the stream itself has for it."""
    match stream:
        case torch.Generator() | np.random.RandomState():
            return stream.get_state()
        case np.random.Generator():
            return stream.bit_generator.state
        case random.Random():
            return stream.getstate()
    return stream.getstate() if stream is random else stream.get_state()


def set_stream_state(stream: Any, state: Any) -> None:
    """Put it back to where `stream_state` found it."""
    match stream:
        case torch.Generator() | np.random.RandomState():
            stream.set_state(state)
        case np.random.Generator():
            stream.bit_generator.state = state
        case random.Random():
            stream.setstate(state)
        case _:
            (stream.setstate if stream is random else stream.set_state)(state)


def packed(state: Any) -> Any:
    """A stream's state in values that ``weights_only=True`` can read."""
    match state:
        case np.ndarray():
            return {"dtype": str(state.dtype), "values": torch.from_numpy(state.astype(np.int64))}
        case dict():
            return {key: packed(value) for key, value in state.items()}
        case tuple():
            return tuple(packed(value) for value in state)
    return state


def unpacked(state: Any) -> Any:
    """What `packed` packed."""
    match state:
        case {"dtype": str() as dtype, "values": Tensor() as values}:
            return values.numpy().astype(dtype)
        case dict():
            return {key: unpacked(value) for key, value in state.items()}
        case tuple():
            return tuple(unpacked(value) for value in state)
    return state


def _as_int(number: object) -> int:
    return number & _BITS if isinstance(number, int) else zlib.crc32(repr(number).encode())


def _inside(value: object) -> list[object]:
    match value:
        case dict():
            return list(value.values())[:_OF_A_SEQUENCE]
        case list() | tuple():
            return list(value[:_OF_A_SEQUENCE])
        case Tensor() | type() | ModuleType() | FunctionType() | BuiltinFunctionType():
            return []
    return list(vars(value).values()) if hasattr(value, "__dict__") else []
