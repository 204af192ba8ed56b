"""Gives astroid outlines of torch, torchvision and torchaudio to read, in place of their sources.

Where torch is installed, Pylint spends most of its time on torch's sources, and what it makes of them is often wrong:
most of torch's names appear while it is imported. The outlines in ``stubs.zip`` were written by
tools/generate_stand_ins.py from an imported torch.

- They stand in only for a module that astroid would find: without torch, ``import torch`` stays an error.
- For a release that the outlines were not made from they are *open*: names that the installed sources bind are added,
  and nothing is said about the others, about attributes of objects, or about arguments.
"""

from __future__ import annotations

import ast
import functools
import io
import json
import re
import zipfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from astroid import MANAGER, nodes
from astroid.builder import AstroidBuilder
from astroid.exceptions import AstroidBuildingError
from astroid.manager import AstroidManager

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STUBS = Path(__file__).with_name("stubs.zip")
FAMILIES = ("torch", "torchvision", "torchaudio")

UNKNOWN = "__"  # def f(*args, **__): parameters that are not known

_VERSION = re.compile(r"""^__version__\s*(?::\s*str\s*)?=\s*['"](\d+\.\d+)""", re.MULTILINE)
_CLASS = re.compile(r"^( *)class .*:$", re.MULTILINE)
_TRANSFORMED = re.compile(r"Enum|Flag|NamedTuple|dataclass")  # all that astroid's brains would find in an outline
_INIT = re.compile(r"^( *)def __init__\(.*\): (self\.\w.* = _)$", re.MULTILINE)
_OWN_RESULT = re.compile(r"(?<=: )return (?:self|cls|\w+\.new_tensor\(\))$", re.MULTILINE)
_C_FUNCTION = re.compile(r"^def (\w+)", re.MULTILINE)

_load = AstroidManager.ast_from_module_name


def use(wanted: bool) -> None:
    """Let astroid read the outlines, or torch's sources again."""
    ours = AstroidManager.ast_from_module_name is _ast_from_module_name
    if wanted is ours:
        return
    if not wanted:
        AstroidManager.ast_from_module_name = _load  # type: ignore[method-assign]
    elif AstroidManager.ast_from_module_name is _load:
        AstroidManager.ast_from_module_name = _ast_from_module_name  # type: ignore[method-assign]
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
    root = _place(manager, family, context_file)
    version = _installed_version(root) if root else None
    if version is None:
        return None
    if version == _known_version(family):
        return _built(manager, name)
    source = _place(manager, name, context_file)
    return _built(manager, name, _Edition(source)) if source else None


def _place(manager: AstroidManager, name: str, context_file: str | None) -> str | None:
    try:
        return manager.file_from_module_name(name, context_file).location
    except AstroidBuildingError:
        return None


def _built(manager: AstroidManager, name: str, edition: _Edition | None = None) -> nodes.Module:
    path = _paths()[name]
    text = _archive().read(path).decode()
    if edition:
        text = edition.opened(text)
    is_package = path.endswith("/__init__.py")
    # No such file: a module at the place of the real one would be mistaken for it when that is checked itself.
    module = AstroidBuilder(manager, apply_transforms=bool(_TRANSFORMED.search(text))).string_build(
        text, f"{name}.__init__" if is_package else name, str(STUBS.with_name(f"{name}.py"))
    )
    for function in module.nodes_of_class(nodes.FunctionDef):
        if function.args.kwarg == UNKNOWN or (edition and "_" not in function.argnames()):
            function.args.args = None  # as astroid has it for compiled functions; it must not meet their names then
    return module


class _Edition:
    """The release of a module that is installed, where it is another one than we have the outline of."""

    def __init__(self, source: str) -> None:
        self.source = Path(source)

    def opened(self, text: str) -> str:
        """The outline, with the names of this release and with nothing excluded."""
        text = _CLASS.sub(r"\g<0>\n\1 def __getattr__(self, name): return _", text)
        text = _INIT.sub(lambda found: f"{found[1]}{found[2].replace('self.', '')}\n{found[1]}def __init__(self): 0", text)
        text = _OWN_RESULT.sub("return _", text)
        more = " = ".join([*sorted(self._names() - set(_names(text))), "_"])
        return f"{text}{more} = _\ndef __getattr__(name): return _\n"

    def _names(self) -> set[str]:
        if self.source.suffix != ".py":
            return set()
        try:
            found = set(_names(self.source.read_text(encoding="utf-8")))
        except (OSError, SyntaxError, ValueError):
            return set()
        compiled = self.source.with_name("_C") / "_VariableFunctions.pyi"
        if compiled.is_file():
            found |= set(_C_FUNCTION.findall(compiled.read_text(encoding="utf-8")))
        return found


def _names(text: str) -> Iterator[str]:
    """Names that a module may bind."""
    waiting: list[ast.AST] = [ast.parse(text)]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    yield name
                    continue
                case ast.Name(id=name, ctx=ast.Store()):
                    yield name
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    yield from ((each.asname or each.name).split(".")[0] for each in names if each.name != "*")
            waiting.append(node)


@functools.cache
def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(STUBS.read_bytes()))  # in memory: an open file would be shared by Pylint's processes


@functools.cache
def _paths() -> Mapping[str, str]:
    """Module -> its place in the archive."""
    paths = [path for path in _archive().namelist() if path.endswith(".py")]
    return MappingProxyType({path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in paths})


@functools.cache
def _known_version(family: str) -> str:
    version: str = json.loads(_archive().read("versions.json"))[family]
    return ".".join(version.split(".")[:2])


@functools.cache
def _installed_version(root: str) -> str | None:
    """``2.13``; None if this is no installed release, but a folder or a file of the same name."""
    place = Path(root)
    try:
        text = (place if place.is_dir() else place.parent).joinpath("version.py").read_text(encoding="utf-8")
    except OSError:
        return None
    found = _VERSION.search(text)
    return found[1] if found else None
