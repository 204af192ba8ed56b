"""A state dict held against a module's, key by key: what fits, what is missing, what has another shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from torchguard.keys import Rename, is_batch_count, renamings
from torchguard.words import count, some

Patterns = tuple[str, ...]


@dataclass(frozen=True)
class Allowed:
    """The differences that the caller declared: names, names of modules, or patterns."""

    missing: Patterns
    unexpected: Patterns
    shape: Patterns


@dataclass
class Comparison:
    """A state dict held against a module's, under one renaming of its keys."""

    target: Mapping[str, Any]
    allowed: Allowed
    keys: str
    loadable: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    shape: dict[str, str] = field(default_factory=dict)  # what differs, in words
    filled: list[str] = field(default_factory=list)  # batch counts that the source has not; the module's own stay

    @property
    def fits(self) -> bool:
        refused = (self.refused_missing, self.refused_unexpected, self.refused_shape)
        return not any(refused) and (bool(self.loadable) or not self.target)

    @property
    def refused_missing(self) -> list[str]:
        return _not_matching(self.missing, self.allowed.missing)

    @property
    def refused_unexpected(self) -> list[str]:
        return _not_matching(self.unexpected, self.allowed.unexpected)

    @property
    def refused_shape(self) -> list[str]:
        return _not_matching(self.shape, self.allowed.shape)

    @property
    def share(self) -> float:
        """The part of the module's values that is loaded, 0 to 1, each tensor counted once."""
        sizes = {id(value): _size(value) for value in self.target.values()}
        loaded = {id(self.target[key]) for key in self.loadable}
        return sum(sizes[known] for known in loaded) / max(1, sum(sizes.values()))

    @property
    def converted(self) -> list[str]:
        """Keys whose values are converted to the module's dtype."""
        return [key for key, value in self.loadable.items() if _dtype(value) != _dtype(self.target[key])]


def compare(saved: Mapping[str, Any], target: Mapping[str, Any], allowed: Allowed) -> Comparison:
    """The first renaming under which everything fits; if there is none, the one that comes nearest."""
    ways = renamings(saved.keys(), target.keys())
    comparisons = [_held_against(saved, target, allowed, word, to) for word, to in ways]
    fitting = (comparison for comparison in comparisons if comparison.fits)
    return next(fitting, None) or max(comparisons, key=lambda comparison: len(comparison.loadable))


def _held_against(
    saved: Mapping[str, Any], target: Mapping[str, Any], allowed: Allowed, word: str, to: Rename
) -> Comparison:
    comparison = Comparison(target, allowed, word)
    for key, value in saved.items():
        own = to(key)
        if own not in target or own in comparison.loadable:  # or two keys became one
            comparison.unexpected.append(key)
        elif difference := _shape_difference(value, target[own]):
            comparison.shape[own] = difference
        else:
            comparison.loadable[own] = value
    comparison.unexpected = [key for key in comparison.unexpected if not is_batch_count(key)]
    for key in _absent(comparison):
        (comparison.filled if is_batch_count(key) else comparison.missing).append(key)
    return comparison


def _absent(comparison: Comparison) -> list[str]:
    """What is neither there nor tied to what is."""
    target, there = comparison.target, comparison.loadable.keys() | comparison.shape.keys()
    tied = {id(target[key]) for key in comparison.loadable}
    return [key for key in target if key not in there and id(target[key]) not in tied]


def _shape_difference(value: object, own: object) -> str:
    if not isinstance(value, Tensor) or not isinstance(own, Tensor) or is_lazy(own) or value.shape == own.shape:
        return ""
    return f"{tuple(value.shape)} in the source and {tuple(own.shape)} in the module"


def _dtype(value: object) -> torch.dtype | None:
    return value.dtype if isinstance(value, Tensor) else None


def _size(value: object) -> int:
    return value.numel() if isinstance(value, Tensor) and not is_lazy(value) else 0


def _not_matching(keys: Iterable[str], patterns: Patterns) -> list[str]:
    return [key for key in keys if not any(_matches(key, pattern) for pattern in patterns)]


def _matches(key: str, pattern: str) -> bool:
    return key == pattern or key.startswith(f"{pattern}.") or fnmatchcase(key, pattern)


def mismatch(comparison: Comparison, source: str, module: str) -> str:
    """Every refused difference in one line, and the arguments that would allow it."""
    missing, unexpected = comparison.refused_missing, comparison.refused_unexpected
    parts, cures = [], []
    if missing:
        parts.append(f"missing: {some(missing)}")
        cures.append(f"allow_missing={_as_patterns(missing)}")
    if unexpected:
        parts.append(f"unexpected: {some(unexpected)}")
        cures.append(f"allow_unexpected={_as_patterns(unexpected)}")
    if refused := comparison.refused_shape:
        first = min(refused)
        parts.append(f"other shapes: {some(refused)} ({first} is {comparison.shape[first]})")
        cures.append(f"allow_shape={_as_patterns(refused)}")
    whole = f"{len(comparison.loadable)} of {count(len(comparison.target), 'tensor')}"
    renamed = f", keys {comparison.keys}" if comparison.keys else ""
    head = f"{source} fits {whole} of {module}{renamed}: {'; '.join(parts) or 'nothing would be loaded'}"
    if not comparison.loadable:
        return f"{head}; nothing was loaded; build the module that was saved, or pass rename=lambda key: ..."
    return f"{head}; nothing was loaded; if that is meant, write load_weights(model, source, {', '.join(cures)})"


def _as_patterns(keys: list[str]) -> Patterns:
    """Few keys as they are; many by the modules that they are in."""
    return tuple(sorted(keys)) if len(keys) <= 3 else tuple(sorted({key.partition(".")[0] for key in keys}))
