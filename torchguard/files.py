"""Reading a file of tensors: never running code from it, and naming what is wrong with it."""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from torchguard.errors import UnreadableFileError

_SUFFIXES = {".pt", ".pth", ".bin", ".ckpt", ".safetensors"}
_FORBIDDEN_NAME = re.compile(r"(?:GLOBAL|class|global:?(?: GLOBAL)?) ([\w.]+\.\w+)")


def read_tensors(path: Path, *, device: torch.device | str = "cpu", checked: bool = False) -> Any:
    """What ``torch.save`` put into a file, read with ``weights_only=True``.

    Args:
        path: a file written by ``torch.save``.
        device: where its tensors go.
        checked: its bytes have been verified already, and its tensors may stay parts of the file; else the checksums
            in the file itself are compared, which ``torch.load`` does not do.

    Raises:
        UnreadableFileError: the file is missing, damaged, or holds objects that are more than tensors and plain values.
    """
    if not path.is_file():
        raise UnreadableFileError(_missing(path))
    with _explained(path):
        if not checked:
            _compare_checksums(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the pickle protocol and TorchScript: the errors say it better
            # of a checked file nothing is copied twice: its tensors are windows into it
            mapped = checked and zipfile.is_zipfile(path) and os.name != "nt"
            return torch.load(path, map_location=device, weights_only=True, mmap=mapped)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Whatever goes wrong inside, in one sentence and without the traceback of a half-read pickle."""
    try:
        yield
    except UnreadableFileError:
        raise
    except Exception as error:  # torch.load lets anything through, also KeyError and EOFError
        raise UnreadableFileError(_reason(path, error)) from None


def _compare_checksums(path: Path) -> None:
    if not zipfile.is_zipfile(path):  # torch before 1.6 wrote another format, without checksums
        return
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged:
        raise UnreadableFileError(
            f"{path} is damaged: the checksum of its record {damaged} is wrong, so its numbers are not the ones that "
            "were saved; copy or download it again (a file saved under torch.serialization.set_crc32_options(False) "
            "has no checksums: save it again without)"
        )


def _missing(path: Path) -> str:
    if path.is_dir():
        return f"{path} is a folder, and a file of tensors is needed; name the file in it{_neighbours(path)}"
    folder = path.parent
    if not folder.is_dir():
        return f"{path} does not exist, and neither does the folder {folder}; check the path"
    return f"{path} does not exist; write the path of a file that does{_neighbours(folder)}"


def _neighbours(folder: Path) -> str:
    names = sorted(file.name for file in folder.iterdir() if file.suffix in _SUFFIXES)
    return f" ({folder} holds {', '.join(names[:5])}{', ...' if len(names) > 5 else ''})" if names else ""


def _reason(path: Path, error: Exception) -> str:
    text = str(error)
    if forbidden := _FORBIDDEN_NAME.search(text):
        return (
            f"{path} wants to import {forbidden[1]} while it is read, and a file of weights has no need to run code, "
            "so nothing was run; ask its author for a file written by torch.save(model.state_dict(), path); if it is a "
            "whole module, and you trust whoever wrote it, convert it once, where its class can be imported: "
            f'torch.save(torch.load("{path.name}", weights_only=False).state_dict(), "weights.pt")'
        )
    if "TorchScript" in text:
        return f"{path} is a TorchScript program, not a file of tensors; write torch.jit.load(path).state_dict()"
    if isinstance(error, PermissionError):
        return f"{path} may not be read by this user ({error.strerror}); write chmod u+r {path}"
    return f"{path} cannot be read ({path.stat().st_size} bytes, {_beginning(path)}); copy or download it again"


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        return "it is empty"
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer: run git lfs pull"
    if head.startswith(b"PK\x03\x04"):
        return "it begins like a file of torch.save and is cut off or damaged"
    return f"it begins with {head[:16]!r} and was not written by torch.save"
