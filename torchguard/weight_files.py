"""Files of weights as they are passed around: of ``torch.save``, of safetensors, and sets of either with an index."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from torchguard.errors import MisuseError, UnreadableFileError
from torchguard.files import read_tensors
from torchguard.saved_weights import is_in_checkpoint, read_module
from torchguard.words import some

_INDEX = ".index.json"


def read_weights(path: Path, *, device: torch.device | str = "cpu") -> Any:
    """What a file holds, or all files of a set; nothing in them is run.

    Args:
        path: a file of tensors, the index of a set of them, or the folder of one such set.
        device: where the tensors go.

    Raises:
        UnreadableFileError: a file is missing, damaged, or holds more than tensors and plain values.
        MisuseError: a safetensors file, and safetensors is not installed.
    """
    if path.is_dir() and len(indices := list(path.glob(f"*{_INDEX}"))) == 1:
        path = indices[0]
    if path.name.endswith(_INDEX):
        return _read_set(path, device)
    if is_in_checkpoint(path):
        return read_module(path, device)
    return _read_safetensors(path, device) if _is_safetensors(path) else read_tensors(path, device=device)


def _is_safetensors(path: Path) -> bool:
    """By its first bytes, since names are changed: the length of a JSON text, and the text."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(9)
    return path.suffix == ".safetensors" or (
        head[8:] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size
    )


def _read_safetensors(path: Path, device: torch.device | str) -> dict[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError:
        raise MisuseError(
            f"{path} is a safetensors file, and safetensors is not installed; write pip install safetensors"
        ) from None
    try:
        tensors: dict[str, Any] = load_file(path, device=str(device))
    except (SafetensorError, OSError) as error:
        raise UnreadableFileError(
            f"{path} cannot be read as safetensors ({path.stat().st_size} bytes, {error}); copy or download it again"
        ) from None
    return tensors


def _read_set(index: Path, device: torch.device | str) -> dict[str, Any]:
    weight_map = _read_index(index)
    files = sorted(set(weight_map.values()))
    _check_files(index, files)
    merged: dict[str, Any] = {}
    for name in files:
        merged.update(read_weights(index.parent / name, device=device))
    if absent := weight_map.keys() - merged.keys():
        raise UnreadableFileError(
            f"{index} promises {some(absent)}, and the {len(files)} files that it names do not hold it; copy or "
            "download the set again, all of one version"
        )
    return {key: merged[key] for key in weight_map}


def _read_index(index: Path) -> dict[str, str]:
    if not index.is_file():
        raise UnreadableFileError(f"{index} does not exist; write the path of an index that does, or of its folder")
    try:
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return {str(key): str(name) for key, name in weight_map.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFileError(
            f"{index} is no index of a set of weights ({type(error).__name__}: {error}): it needs "
            '{"weight_map": {key: file name}}; copy or download it again'
        ) from None


def _check_files(index: Path, names: Iterable[str]) -> None:
    for name in names:
        if Path(name).name != name:
            raise UnreadableFileError(
                f'{index} names "{name}", which is not beside it, so it was not opened; a set of weights is one folder'
            )
        if not (index.parent / name).is_file():
            raise UnreadableFileError(
                f'{index} names "{name}", which is not there; copy or download the whole set, {index.parent}'
            )
