"""Gives astroid outlines of torch, torchvision and torchaudio to read, in place of their sources.

Where torch is installed, Pylint spends most of its time on torch's sources, and what it makes of them is often wrong:
most of torch's names appear while it is imported. The outlines in ``stubs.zip`` were written by
tools/generate_stand_ins.py from an imported torch.

They stand in only for an installed torch of the release that they were made from. Without torch, ``import torch`` stays
an error; of another release, whose names and arguments differ, astroid reads the sources.
"""

from __future__ import annotations

import functools
import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from astroid import MANAGER, nodes
from astroid.builder import AstroidBuilder
from astroid.exceptions import AstroidBuildingError
from astroid.manager import AstroidManager

if TYPE_CHECKING:
    from collections.abc import Mapping

STUBS = Path(__file__).with_name("stubs.zip")
FAMILIES = ("torch", "torchvision", "torchaudio")

UNKNOWN = "__"  # def f(*args, **__): parameters that are not known

_VERSION = re.compile(r"""^__version__\s*(?::\s*str\s*)?=\s*['"](\d+\.\d+)""", re.MULTILINE)
_TRANSFORMED = re.compile(r"Enum|Flag|NamedTuple|dataclass")  # all that astroid's brains would find in an outline

_load = AstroidManager.ast_from_module_name


def use(wanted: bool) -> None:
    """Let astroid read the outlines, or torch's sources again."""
    ours = AstroidManager.ast_from_module_name is _ast_from_module_name
    if wanted is ours:
        return
    if not wanted:
        AstroidManager.ast_from_module_name = _load
    elif AstroidManager.ast_from_module_name is _load:
        AstroidManager.ast_from_module_name = _ast_from_module_name
    for name in [each for each in MANAGER.astroid_cache if each.split(".")[0] in FAMILIES]:
        del MANAGER.astroid_cache[name]


@functools.wraps(_load)
def _ast_from_module_name(
    self: AstroidManager, modname: str | None, context_file: str | None = None, use_cache: bool = True
) -> nodes.Module:
    if modname and use_cache and modname.split(".")[0] in FAMILIES and modname not in self.astroid_cache:
        stand_in = _stand_in(self, modname, context_file)
        if stand_in is not None:
            return stand_in
    return _load(self, modname, context_file, use_cache)


def _stand_in(manager: AstroidManager, name: str, context_file: str | None) -> nodes.Module | None:
    """The outline of a module that is installed; None: astroid must see for itself."""
    if name in manager.module_denylist or name not in _paths():
        return None
    family = name.split(".")[0]
    try:
        root = manager.file_from_module_name(family, context_file).location
    except AstroidBuildingError:
        return None
    if not root or _installed_release(root) != _known_release(family):
        return None
    return _built(manager, name)


def _built(manager: AstroidManager, name: str) -> nodes.Module:
    path = _paths()[name]
    text = _archive().read(path).decode()
    is_package = path.endswith("/__init__.py")
    # No such file: a module at the place of the real one would be mistaken for it when that is checked itself.
    module = AstroidBuilder(manager, apply_transforms=bool(_TRANSFORMED.search(text))).string_build(
        text, f"{name}.__init__" if is_package else name, str(STUBS.with_name(f"{name}.py"))
    )
    for function in module.nodes_of_class(nodes.FunctionDef):
        if function.args.kwarg == UNKNOWN:
            function.args.args = None  # as astroid has it for compiled functions; it must not meet their names then
    return module


@functools.cache
def _archive() -> zipfile.ZipFile:
    # In memory: an open file would be shared by Pylint's processes.
    return zipfile.ZipFile(io.BytesIO(STUBS.read_bytes()))


@functools.cache
def _paths() -> Mapping[str, str]:
    """Module -> its place in the archive."""
    paths = [path for path in _archive().namelist() if path.endswith(".py")]
    return {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in paths}


@functools.cache
def _known_release(family: str) -> str:
    version: str = json.loads(_archive().read("versions.json"))[family]
    return ".".join(version.split(".")[:2])


@functools.cache
def _installed_release(root: str) -> str | None:
    """``2.13``; None if this is no installed release, but a folder or a file of the same name."""
    place = Path(root)
    try:
        text = (place if place.is_dir() else place.parent).joinpath("version.py").read_text(encoding="utf-8")
    except OSError:
        return None
    found = _VERSION.search(text)
    return found[1] if found else None
