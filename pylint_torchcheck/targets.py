"""From the paths that a user names to the Python files that stand there."""

import os
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path

from astroid import modutils

# Folders that hold somebody else's code or none, besides those whose name starts with a dot.
SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages"})


class BadTargetError(Exception):
    """A path that cannot be checked; its text is the line that the user reads."""


class EmptyFolderError(BadTargetError):
    """A folder without Python files."""


def python_files(target: str, on_error: Callable[[OSError], None]) -> Iterator[str]:
    """The Python files that ``target`` stands for: a file, a folder, or a module's dotted name.

    Args:
        target: as the user wrote it.
        on_error: called for each folder that cannot be listed; the others are still walked.

    Raises:
        BadTargetError: there is no such thing, or nothing to check in it.
    """
    if os.path.isdir(target):
        yield from _files_of_folder(target, on_error)
    elif not os.path.exists(target):
        yield from _files_of_module(target, on_error)
    elif target.endswith(".ipynb"):
        raise BadTargetError(f"{target} is a notebook, and notebooks are not read yet; export it as a Python script")
    else:
        yield os.path.normpath(target)


def module_name(path: str) -> str:
    """The dotted name under which ``path`` is imported: its folders count as long as they are packages."""
    file = Path(path).absolute()
    parts = [] if file.stem == "__init__" else [file.stem]
    for folder in file.parents:
        if not (folder / "__init__.py").is_file():
            break
        parts.insert(0, folder.name)
    return ".".join(parts) or file.stem


def _files_of_folder(folder: str, on_error: Callable[[OSError], None]) -> Iterator[str]:
    failed: list[OSError] = []
    empty = True
    for root, folders, files in os.walk(folder, onerror=failed.append):
        folders[:] = sorted(name for name in folders if not _is_skipped(root, name))
        for name in sorted(files):
            if name.endswith(".py"):
                empty = False
                yield os.path.normpath(os.path.join(root, name))
    for error in failed:
        on_error(error)
    if empty and not failed:
        raise EmptyFolderError(f"{folder} holds no Python files; name a file, or a folder that holds some")


def _is_skipped(root: str, name: str) -> bool:
    is_environment = os.path.exists(os.path.join(root, name, "pyvenv.cfg"))
    return name.startswith(".") or name in SKIPPED_FOLDERS or is_environment


def _files_of_module(name: str, on_error: Callable[[OSError], None]) -> Iterator[str]:
    try:
        path = modutils.file_from_modpath(name.split("."), path=[".", *sys.path])
    except (ImportError, ValueError):  # ValueError: an empty part, as in "../train.py"
        path = None
    if path is None or not path.endswith(".py"):
        raise BadTargetError(_missing(name))
    if os.path.basename(path) == "__init__.py":
        yield from _files_of_folder(os.path.relpath(os.path.dirname(path)), on_error)
    else:
        yield os.path.relpath(path)


def _missing(target: str) -> str:
    if os.path.islink(target):
        return f"{target} links to {os.readlink(target)}, which does not exist; mend or remove the link"
    folder, name = os.path.split(os.path.normpath(target))
    if folder and not os.path.isdir(folder):
        return f"{target} does not exist, nor does the folder {folder}; check the path"
    try:
        near = get_close_matches(name, os.listdir(folder or "."), n=1, cutoff=0.75)
    except OSError:
        near = []
    hint = f"did you mean {os.path.join(folder, near[0])}?" if near else "check the path"
    return f"{target} does not exist; {hint}"
