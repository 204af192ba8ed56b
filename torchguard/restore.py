"""One checkpoint on its way back into the objects of a run: read, compared, and only then loaded."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributed.checkpoint.metadata import Metadata

from torchguard.errors import StateMismatchError, TorchguardError
from torchguard.files import read_tensors
from torchguard.progress import Progress
from torchguard.ranks import Ranks, on_each
from torchguard.rng import check_rng_state, set_rng_state
from torchguard.sharded import own_bytes, read_metadata, read_shards, was_sharded
from torchguard.sharded_parts import ShardedModulePart, ShardedOptimizerPart
from torchguard.stateful import ModulePart, Part, StatefulPart, part_for
from torchguard.words import some

RNG = "rng"


class Restore:
    """Brings back one checkpoint; each rank has one.

    Args:
        path: the checkpoint, which was verified.
        manifest: its manifest.
        parts: the objects.
        ranks: the processes that resume together, perhaps others than saved it.
        reset: names of objects that are left as they are.
    """

    def __init__(
        self, path: Path, manifest: Mapping[str, Any], parts: Mapping[str, Part], ranks: Ranks, reset: Sequence[str]
    ) -> None:
        self._path, self._manifest, self._given, self._ranks = path, manifest, parts, ranks
        self._parts = dict(parts)
        self._reset = reset
        self._saved: dict[str, Any] = {}
        self._metadata: Metadata | None = None  # of the shards, where there are any
        self.why_not_exact: list[str] = []

    def read(self, strict: bool) -> None:
        """Read all files and raise whatever is to be raised, before the first object is changed."""
        self._saved = self._read()
        self._parts = dict(self._fitting())
        self.why_not_exact = [
            *(f"{name} was reset" for name in self._reset),
            *self._differing_names(strict),
            *self._differing_ranks(strict),
            *self._differing_forms(),
            *_differing_generators(self._saved, strict, RNG in self._reset),
            *_differing_versions(self._manifest["versions"]),
        ]
        for name, part in self._loaded().items():
            self._refuse(name, part)
        if self._sharded():
            self._metadata = read_metadata(self._path)

    def _fitting(self) -> Iterator[tuple[str, Part]]:
        """The parts, each such that it takes what was saved."""
        modules = [part.module for part in self._given.values() if isinstance(part, (ModulePart, ShardedModulePart))]
        for name, part in self._given.items():
            yield name, part_for(part, self._saved[name], modules) if name in self._saved else part

    def _differing_forms(self) -> Iterator[str]:
        for name, part in self._parts.items():
            if part is not self._given[name]:
                words = "sharded, and is whole" if was_sharded(self._saved[name]) else "whole, and is sharded"
                yield f"{name} was saved {words} here: sums run in another order"

    def _refuse(self, name: str, part: Part) -> None:
        try:
            part.refuse(self._saved[name])
            if isinstance(part, StatefulPart):
                self.why_not_exact += part.differences(self._saved[name])
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            if isinstance(error, TorchguardError):
                raise
            raise StateMismatchError(
                f"{self._path / name}.pt is not in the form in which a Checkpointer saves {name} "
                f"({type(error).__name__}: {error}); resume from a folder that a Checkpointer wrote"
            ) from error

    def load(self) -> None:
        """Change the objects; all ranks call it."""
        parts = self._loaded()
        if (metadata := self._metadata) is not None:
            shards = {key: value for part in self._sharded() for key, value in part.shards().items()}
            with Progress(
                f"loading the shards of {self._path}", own_bytes(shards), shown=not self._ranks.rank
            ) as progress:
                on_each(self._ranks, lambda: read_shards(self._path, metadata, shards, self._ranks.group, progress))
        for name, part in parts.items():
            part.load(self._saved[name])
        if RNG in self._saved:
            set_rng_state(self._saved[RNG])  # last, in case that a load draws random numbers

    def _read(self) -> dict[str, Any]:
        names = [name for name in self._manifest["files"] if name.endswith(".pt")]
        with Progress(f"loading {self._path}") as progress:
            saved = {}
            for name in names:
                if not name.startswith("rank-"):
                    saved[name.removesuffix(".pt")] = read_tensors(self._path / name, checked=True)
                    progress.add(self._manifest["files"][name]["bytes"])
        if (own := own_file(self._ranks)) in names:
            saved |= read_tensors(self._path / own, checked=True)
        elif self._ranks.rank:
            del saved[RNG]  # it is rank 0's
        for name in saved.keys() & set(self._reset):
            del saved[name]
        return {name: content if self._copies(name) else _copied(content) for name, content in saved.items()}

    def _copies(self, name: str) -> bool:
        """Does loading copy the tensors, so that none stays a part of the file?"""
        return isinstance(self._parts.get(name), (ModulePart, ShardedModulePart))

    def _loaded(self) -> dict[str, Part]:
        return {name: part for name, part in self._parts.items() if name in self._saved}

    def _sharded(self) -> list[ShardedModulePart | ShardedOptimizerPart]:
        """Those whose tensors are among the shards: all that `refuse` has not found to be saved whole."""
        loaded = self._loaded().values()
        return [part for part in loaded if isinstance(part, (ShardedModulePart, ShardedOptimizerPart))]

    def _differing_names(self, strict: bool) -> Iterator[str]:
        fresh = self._parts.keys() - self._saved.keys() - set(self._reset)
        unused = self._saved.keys() - self._parts.keys() - {RNG}
        reasons = []
        if fresh:
            reasons.append(f"the checkpoint has no {some(fresh)}, so it would start afresh")
        if unused:
            reasons.append(f"the checkpoint has {some(unused)}, which this Checkpointer was not given")
        if reasons and strict:
            raise StateMismatchError(
                f"{' and '.join(reasons)}; give the same objects under the same names, or write resume(strict=False)"
            )
        yield from reasons

    def _differing_ranks(self, strict: bool) -> Iterator[str]:
        then, now = self._manifest.get("ranks", 1), self._ranks.size
        if then == now:
            return
        yield f"saved on {then} ranks, running on {now}: sums run in another order, and random states are {then}"
        odd = [name for rank in range(1, then) for name in self._of_another(rank)]
        if odd and strict:
            raise StateMismatchError(
                f"the state of {some(set(odd))} differs between the {then} ranks that it was saved on, perhaps by "
                f"gradients inside an accumulation window, and cannot be given to {now}; resume on {then} ranks, or "
                "write resume(strict=False) to go on with rank 0's"
            )
        if odd:
            yield f"of {some(set(odd))}, which differed between the ranks, rank 0's is taken"

    def _of_another(self, rank: int) -> list[str]:
        """The objects whose state on this rank was another than on rank 0."""
        theirs = read_tensors(self._path / f"rank-{rank}.pt", checked=True)
        return [name for name, state in theirs.items() if name != RNG and not _is_same(state, self._saved.get(name))]


def own_file(ranks: Ranks) -> str:
    """Where a rank other than the first saves what is its own."""
    return f"rank-{ranks.rank}.pt"


def versions() -> dict[str, str]:
    """Of what a run's numbers may depend on."""
    return {"python": platform.python_version(), "numpy": np.__version__, "torch": str(torch.__version__)}


def _differing_generators(saved: Mapping[str, Any], strict: bool, reset: bool) -> Iterator[str]:
    """Drops the CUDA generators' state where it does not fit and that is allowed."""
    if RNG not in saved:
        if not reset:
            yield "the random state of this rank was not saved, so it goes on as it is"
        return
    try:
        check_rng_state(saved[RNG])
    except StateMismatchError as error:
        if strict:
            raise
        saved[RNG]["cuda"] = []
        check_rng_state(saved[RNG])
        yield str(error)


def _differing_versions(saved: Mapping[str, str]) -> Iterator[str]:
    for name, here in versions().items():
        if saved[name] != here:
            yield f"saved with {name} {saved[name]}, running {here}"


def _copied(state: Any) -> Any:
    """With tensors of its own, instead of windows into the file."""
    if isinstance(state, Tensor):
        return state.clone()
    if isinstance(state, dict):
        return type(state)((key, _copied(value)) for key, value in state.items())
    if type(state) in (list, tuple):
        return type(state)(_copied(value) for value in state)
    return state


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return isinstance(one, Tensor) and isinstance(other, Tensor) and torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)
