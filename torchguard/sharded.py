"""State that is spread over ranks (FSDP2's DTensors): saved shard by shard, loaded by any number of ranks."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner, DefaultSavePlanner
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.metadata import Metadata, TensorStorageMetadata
from torch.distributed.checkpoint.planner import ReadItem, WriteItem
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.optim import Optimizer

from torchguard.errors import CheckpointError, TorchguardError, UnreadableFileError
from torchguard.progress import Progress

SHARDS = "shards"  # the folder inside the checkpoint

# What the metadata of torch.distributed.checkpoint is made of; nothing of it runs code.
_MODULES = ("torch.distributed.checkpoint.metadata", "torch.distributed.checkpoint.filesystem")
_NAMES = {
    *(("collections", name) for name in ("OrderedDict", "defaultdict")),
    *(("torch", name) for name in ("Size", "device", "dtype")),
    *(("torch.serialization", "_get_layout"), ("torch._utils", "_rebuild_layout")),
    *(("pathlib", name) for name in ("Path", "PosixPath", "PurePosixPath")),
    *(("builtins", name) for name in ("set", "frozenset", "dict", "list", "tuple")),
}


def is_sharded(value: object) -> bool:
    """Is it a DTensor, or a module or optimizer that holds one?"""
    if isinstance(value, nn.Module):
        return any(is_sharded(parameter) for parameter in value.parameters())
    if isinstance(value, Optimizer):
        return any(is_sharded(parameter) for group in value.param_groups for parameter in group["params"])
    return isinstance(value, Tensor) and hasattr(value, "device_mesh") and hasattr(value, "to_local")


def was_sharded(saved: object) -> bool:
    """Does the state of a module or optimizer lie among the shards, so that its own file only lists it?"""
    return isinstance(saved, dict) and "sharded" in saved


def with_local(value: Tensor, copied: Callable[[Tensor], Tensor]) -> Tensor:
    """A DTensor with another local part, which may be on another device."""
    from torch.distributed.tensor import DTensor

    sharded = cast(DTensor, value)
    # from_local() would move the part back to the mesh's device
    local = copied(sharded._local_tensor)  # pylint: disable=protected-access
    spec = sharded._spec  # pylint: disable=protected-access
    return cast(Tensor, cast(Any, DTensor)(local, spec, requires_grad=False))


def own_bytes(shards: Mapping[str, Tensor]) -> int:
    """How many bytes of these are this rank's."""
    return sum(getattr(value, "_local_tensor", value).nbytes for value in shards.values())


def write_shards(folder: Path, shards: Mapping[str, Tensor], group: Any, progress: Progress) -> None:
    """Write this rank's part; all ranks call it.

    Raises:
        OSError: the disk failed on any rank, on all of them.
    """
    writer = _Writer(folder / SHARDS, sync_files=True)
    with _explained("written"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one process is one process
        save(
            dict(shards),
            storage_writer=writer,
            planner=_SavePlanner(progress),
            process_group=group,
            no_dist=group is None,
        )


def read_metadata(folder: Path) -> Metadata:
    """Which shard is where.

    Raises:
        UnreadableFileError: it would run code while it is read, or is none.
    """
    path = folder / SHARDS / ".metadata"
    try:
        metadata = _Unpickler(io.BytesIO(path.read_bytes()), path).load()
    except UnreadableFileError:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # a pickle may raise anything
        raise UnreadableFileError(f"{path} cannot be read ({type(error).__name__}: {error}); copy it again") from None
    return cast(Metadata, metadata)


def read_shards(
    folder: Path, metadata: Metadata, shards: Mapping[str, Tensor], group: Any, progress: Progress | None = None
) -> None:
    """Fill these tensors, however they were spread when they were saved; all ranks call it."""
    reader = _Reader(folder / SHARDS, metadata)
    with _explained("read"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one process is one process
        load(
            dict(shards),
            storage_reader=reader,
            planner=_LoadPlanner(progress or Progress("", shown=False)),
            process_group=group,
            no_dist=group is None,
        )


def read_whole(folder: Path, name: str) -> dict[str, Tensor]:
    """The tensors of one module or optimizer of a checkpoint, put together from all shards; on the CPU."""
    metadata = read_metadata(folder)
    tensors = {
        key: torch.empty(stored.size, dtype=stored.properties.dtype)
        for key, stored in metadata.state_dict_metadata.items()
        if key.startswith(f"{name}.") and isinstance(stored, TensorStorageMetadata)
    }
    read_shards(folder, metadata, tensors, None)
    return {key.removeprefix(f"{name}."): tensor for key, tensor in tensors.items()}


@contextmanager
def _explained(verb: str) -> Iterator[None]:
    """torch raises what happened on any rank on all of them, in an exception that ``except Exception`` lets pass."""
    try:
        yield
    except CheckpointException as error:
        rank = min(error.failures)
        cause = error.failures[rank][0]
        if isinstance(cause, TorchguardError) or (isinstance(cause, OSError) and verb == "written"):
            raise cause from None
        raise CheckpointError(f"the shards cannot be {verb} (rank {rank}: {type(cause).__name__}: {cause})") from None


class _Writer(FileSystemWriter):
    """torch makes an error of its own of a disk that is full, and only that one is told to the other ranks."""

    def write_data(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().write_data(*args, **kwargs)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


class _SavePlanner(DefaultSavePlanner):
    """Counts what is handed to the writer, piece by piece."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def resolve_data(self, write_item: WriteItem) -> Tensor | io.BytesIO:
        data = super().resolve_data(write_item)
        self._progress.add(data.nbytes if isinstance(data, Tensor) else data.getbuffer().nbytes)
        return data


class _LoadPlanner(DefaultLoadPlanner):
    """Counts what has been read, piece by piece."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def commit_tensor(self, read_item: ReadItem, tensor: Tensor) -> None:
        super().commit_tensor(read_item, tensor)
        self._progress.add(tensor.nbytes)


class _Reader(FileSystemReader):
    """torch's reader unpickles the metadata, which may run any code; this one has it already."""

    def __init__(self, folder: Path, metadata: Metadata) -> None:
        super().__init__(folder)
        self._metadata = metadata

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:  # pylint: disable=unused-argument
        if self._metadata.storage_meta is not None:
            self._metadata.storage_meta.load_id = self.load_id
        return self._metadata


class _Unpickler(pickle.Unpickler):
    """Refuses to import all but what the metadata is made of."""

    def __init__(self, file: io.BytesIO, path: Path) -> None:
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        if module in _MODULES and "." not in name and isinstance(found := super().find_class(module, name), type):
            return found
        if (module, name) in _NAMES or (module == "torch" and isinstance(getattr(torch, name, None), torch.dtype)):
            return super().find_class(module, name)
        raise UnreadableFileError(
            f"{self._path} wants to import {module}.{name} while it is read, which the metadata of a checkpoint has no "
            "need of, so nothing was run; do not use this checkpoint"
        )
