"""The weights of a module among the checkpoints of a Checkpointer, for whoever wants these alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from torchguard.durable import verify_file, verify_folder
from torchguard.errors import CheckpointError, CorruptCheckpointError, UnreadableFileError
from torchguard.files import read_tensors
from torchguard.sharded import read_whole, was_sharded
from torchguard.shelf import checkpoints_in, is_checkpoint

_USUAL = "model.pt"


def module_file(path: Path) -> Path:
    """The module's file in a checkpoint, or in the newest one of a Checkpointer's folder; what is neither, as it is.

    Raises:
        UnreadableFileError: there is no ``model.pt`` in the checkpoint.
    """
    if not path.is_dir():
        return path
    if is_checkpoint(path):
        checkpoint = path
    elif found := checkpoints_in(path):
        checkpoint = found[-1]
    else:
        return path
    if (checkpoint / _USUAL).exists():
        return checkpoint / _USUAL
    names = sorted(file.name for file in checkpoint.glob("*.pt"))
    raise UnreadableFileError(
        f"{checkpoint} holds {', '.join(names)} and no {_USUAL}; write the path of the file that holds the module"
    )


def is_in_checkpoint(path: Path) -> bool:
    """Did a Checkpointer write this file?"""
    return path.is_file() and is_checkpoint(path.parent)


def read_module(path: Path, device: torch.device | str) -> Any:
    """What a file in a checkpoint holds, after it was compared with the manifest.

    Raises:
        UnreadableFileError: it is damaged, or would run code.
    """
    try:
        verify_file(path)
        content = read_tensors(path, device=device, checked=True)
        if was_sharded(content):
            verify_folder(path.parent)
            content = read_whole(path.parent, path.stem)
    except CorruptCheckpointError as error:
        raise UnreadableFileError(
            f"{path.parent} is damaged ({error}), so its weights may not be the ones that were saved; python -m "
            f"torchguard checkpoints {path.parent.parent} lists those that are whole"
        ) from None
    except (CheckpointError, OSError) as error:
        raise UnreadableFileError(f"{path} cannot be read ({error})") from None
    return content
