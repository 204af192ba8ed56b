"""Writes ``pylint_torchcheck/stand_ins/stubs.zip`` from the installed torch.

    python tools/generate_stand_ins.py                  # torchvision's and torchaudio's stubs are kept as they are
    python tools/generate_stand_ins.py --more FOLDER    # FOLDER holds torchvision's, torchaudio's and Pillow's packages

A stub is the outline of a module: its names, the signatures and bases, what instances have, and of the bodies no more
than Pylint asks for: does the function return something, is it abstract, is the result a tensor. Whatever is not
certain is ``_``, of which nothing is known.
"""

# pylint: disable=protected-access,unidiomatic-typecheck,too-many-lines
from __future__ import annotations

import argparse
import ast
import dataclasses
import enum
import functools
import importlib
import inspect
import json
import keyword
import math
import pkgutil
import sys
import types
import typing
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import torch

from pylint_torchcheck.torch_api import generated

TARGET = Path(__file__).parents[1] / "pylint_torchcheck" / "stand_ins" / "stubs.zip"
VERSIONS = "versions.json"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same input gives the same bytes

# Left to astroid, should somebody name them. What lies below torch._C are no files.
LEFT_OUT = (
    *("torch._C.", "torch._numpy", "torch._vendor", "torch.testing._internal", "torch.utils.data.datapipes.gen_pyi"),
    "torch.version",  # short, and has values that differ from build to build
)
# Private, and named in many a script: the former home of what is now torch.distributed.tensor.
WALKED_TOO = {"torch": ("torch.distributed._tensor",)}
# Their names differ from build to build.
OPEN_MODULES = {"torch._C"}
# torch.__getattr__ serves the first four, its other names are submodules; vendors' packages put the others there.
SERVED_NAMES = {"torch": tuple("has_cuda has_cudnn has_mkldnn has_mps gcu hpu mlu musa npu sdaa xla".split())}
# Calling it gives an object of another class.
FACTORIES = {"torch.autograd.variable.Variable"}
# Set in the class, but no methods to astroid, in torch's sources either.
NO_METHODS = {"torch.nn.modules.module.Module": {"forward", "__call__"}}
# Meant to be overridden with other parameters, or not at all.
PLACEHOLDERS = {
    f"torch.autograd.function.{name}": {"forward", "backward", "jvp", "setup_context", "vjp", "vmap"}
    for name in ("_SingleLevelFunction", "Function")
}
# Operators of two operands are left open: the other one decides, too.
OPERATORS = {"__abs__", "__invert__", "__neg__", "__pos__"}
TENSOR_METHODS = (generated.TENSOR_METHODS - generated.TENSOR_OR_TUPLE_METHODS | generated.INPLACE_METHODS) | OPERATORS
# What a function makes of something that is no tensor is for that object to say, so it is asked.
AS_ITS_ARGUMENT = "new_tensor"
# One of two types, so that Pylint knows the attributes and takes no other decision by the type; about the attributes of
# a mixin it says nothing.
OPEN_TENSOR = "_TensorMixin"
HELPERS = {
    "_makes_tensor": "def _makes_tensor({unknown}): return {tensor}() if _ else {open_tensor}()",
    "_follows_input": f"def _follows_input(input=_, *args, **kwargs): return input.{AS_ITS_ARGUMENT}()",
}
OWN_RESULTS = {"self", "self._apply", "self.train"}  # the last two are methods of Module that return it
UNKNOWN_PARAMETERS = "*args, **__"  # the loader makes of this what astroid has for compiled functions
# No member that somebody wrote.
SPECIAL_NAMES = set(
    """
    _ __abstractmethods__ __annotate__ __annotate_func__ __annotations__ __annotations_cache__ __builtins__ __cached__
    __class_getitem__ __dataclass_fields__ __dataclass_params__ __dict__ __doc__ __file__ __firstlineno__
    __getnewargs__ __loader__ __match_args__ __module__ __name__ __new_member__ __orig_bases__ __package__
    __parameters__ __path__ __qualname__ __replace__ __signature__ __slots__ __spec__ __static_attributes__
    __type_params__ __weakref__ _abc_impl _is_protocol _is_runtime_protocol _non_callable_proto_members_
    __non_callable_proto_members__ __protocol_attrs__
    """.split()
)
ENUM_NAMES = set(dir(enum.Flag)) | set(dir(enum.Enum))
GENERIC = {typing.Generic, object}
CLASS_GETITEM = "@classmethod\ndef __class_getitem__(cls, _): return cls"
NO_RESULT = "0"  # neither `pass` nor `...`, which mean to astroid that the result is not known
SHORT = 40  # a default that is longer is no flag, number or mode

Home = tuple[str, str]  # module, name


# --- Sources: what a signature does not say ---------------------------------------------------------------------------


@functools.cache
def source_tree(file: str | None) -> ast.Module | None:
    if not file or not file.endswith(".py"):
        return None
    with suppress(OSError, SyntaxError):
        return ast.parse(Path(file).read_text(encoding="utf-8"))
    return None


@functools.cache
def functions_by_line(file: str) -> dict[int, ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = source_tree(file)
    found = {}
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[min([node.lineno, *(each.lineno for each in node.decorator_list)])] = node
    return found


@functools.cache
def classes_by_name(file: str | None) -> dict[str, ast.ClassDef]:
    tree = source_tree(file)
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)} if tree else {}


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a scope, without those of the functions and classes in it."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from own_nodes(ast.iter_child_nodes(node))


def bound_names(tree: ast.Module | None) -> set[str]:
    """Names that a module binds in some branch, on some platform."""
    bound: set[str] = set()
    deleted: set[str] = set()
    for node in own_nodes(tree.body) if tree else ():
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.Name(id=name, ctx=ast.Del()):
                deleted.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound |= {(each.asname or each.name).split(".")[0] for each in names}
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Global):
            bound |= set(node.names)
    return bound - deleted - {"*"}


def attributes_set(node: ast.ClassDef | None) -> list[str]:
    """Names that a class's methods set on their object."""
    found: dict[str, None] = {}
    for method in node.body if node else ():
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            own = {each.arg for each in [*method.args.posonlyargs, *method.args.args][:1]}
            for each in ast.walk(method):
                match each:
                    case ast.Attribute(value=ast.Name(id=name), attr=attribute, ctx=ast.Store()) if (
                        name in own or method.name == "__new__"
                    ):
                        found[attribute] = None
    return list(found)


def result_of(function: types.FunctionType) -> str:
    """``abstract``, ``generator``, ``none``, ``self`` or ``value``; the last also where nothing is known."""
    node = functions_by_line(function.__code__.co_filename).get(function.__code__.co_firstlineno)
    if node is None or hasattr(function, "__wrapped__"):
        return "value"
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    inner = list(own_nodes(body))
    match body[:1]:
        case [ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError")))]:
            return "abstract"
        case [ast.Raise()]:
            return "value"
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in inner):
        return "generator"
    returned = [each.value or node for each in inner if isinstance(each, ast.Return)]
    if any(each is not node for each in returned) or not body:
        return "self" if {ast.unparse(each).partition("(")[0] for each in returned} <= OWN_RESULTS else "value"
    return "none" if not node.decorator_list or function.__name__ == "__init__" else "value"


# --- One thing at a time ----------------------------------------------------------------------------------------------


def indented(text: str) -> str:
    return "".join(f" {line}\n" for line in text.splitlines())


def literal(value: object) -> str:
    known = value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))
    if not known or isinstance(value, enum.Enum) or type(value) not in {type(None), bool, int, float, str}:
        return "_"
    text = repr(value)
    return text if len(text) <= SHORT else "_"


def parameters(function: object) -> str | None:
    try:
        signature = inspect.signature(typing.cast("Any", function))
    except (TypeError, ValueError):
        return None
    kinds = inspect.Parameter
    parts: list[str] = []
    before: Any = None
    has_default = False
    for each in signature.parameters.values():
        if before is kinds.POSITIONAL_ONLY and each.kind is not kinds.POSITIONAL_ONLY:
            parts.append("/")
        if each.kind is kinds.KEYWORD_ONLY and before not in {kinds.KEYWORD_ONLY, kinds.VAR_POSITIONAL}:
            parts.append("*")
        star = "*" if each.kind is kinds.VAR_POSITIONAL else "**" if each.kind is kinds.VAR_KEYWORD else ""
        required = each.default is each.empty
        if required and has_default and each.kind in {kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD}:
            return None  # a signature that torch made up
        has_default = has_default or (not required and each.kind is not kinds.KEYWORD_ONLY)
        parts.append(f"{star}{each.name}{'' if required else f'={literal(each.default)}'}")
        before = each.kind
    if before is kinds.POSITIONAL_ONLY:
        parts.append("/")
    return ", ".join(parts)


def is_dummy(cls: type) -> bool:
    """torch puts such a class where a build lacks the real one."""
    return "_dummy_type" in getattr(vars(cls).get("__init__"), "__qualname__", "")


def plain(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name not in SPECIAL_NAMES


def resolve(path: str) -> object:
    parts = path.split(".")
    for size in range(len(parts) - 1, 0, -1):
        with suppress(ImportError, AttributeError):
            return functools.reduce(getattr, parts[size:], importlib.import_module(".".join(parts[:size])))
    return None


def functions_at(paths: Iterable[str]) -> dict[int, object]:
    found = [resolve(path) for path in sorted(paths)]
    return {id(each): each for each in found if each is not None and not inspect.isclass(each)}


@functools.cache
def tensor_functions() -> dict[int, object]:
    return functions_at(generated.TENSOR_FUNCTIONS - generated.TENSOR_OR_TUPLE_FUNCTIONS)


@functools.cache
def constructors() -> dict[int, object]:
    """Functions that make a tensor whatever their arguments are; of zeros_like() its argument decides."""
    return functions_at(path for path in generated.CONSTRUCTORS if not path.endswith("_like"))


# --- A family: the modules of one distribution ------------------------------------------------------------------------


class Family:
    """The modules of a package, and where each of their classes and functions is at home."""

    def __init__(self, package: str, others: Iterable[Family] = ()) -> None:
        self.package = package
        self.version: str = importlib.import_module(package).__version__.split("+")[0]
        for name in (package, *WALKED_TOO.get(package, ())):
            walk(importlib.import_module(name))
        self.modules = {
            name: module
            for name, module in sorted(sys.modules.items())
            if name.split(".")[0] == package and not name.startswith(LEFT_OUT) and is_written(module)
        }
        self.homes: dict[int, Home] = {}
        for other in others:
            self.homes |= other.homes
        self._find_homes()

    def _find_homes(self) -> None:
        elsewhere: dict[int, Home] = {}
        for name, module in self.modules.items():
            for attribute, value in members(module).items():
                if not isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
                    continue
                if (getattr(value, "__module__", None), getattr(value, "__name__", None)) == (name, attribute):
                    self.homes[id(value)] = name, attribute
                elif getattr(value, "__name__", None) == attribute and self._is_ours(value):
                    elsewhere.setdefault(id(value), (name, attribute))
        self.homes = elsewhere | self.homes

    def _is_ours(self, value: object) -> bool:
        home = getattr(value, "__module__", None) or ""
        return home.split(".")[0] in {self.package, ""} and not home.startswith(tuple(LEFT_OUT))

    def home(self, value: object) -> Home | None:
        if id(value) in self.homes:
            return self.homes[id(value)]
        module, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
        if not isinstance(module, str) or not isinstance(name, str) or not isinstance(value, type):
            return None
        root = module.split(".")[0]
        known = root == self.package or root in sys.stdlib_module_names
        return (module, name) if known and getattr(sys.modules.get(module), name, None) is value else None

    def stubs(self) -> dict[str, str]:
        return {place_of(name, module): Stub(self, name).text() for name, module in self.modules.items()}


def place_of(name: str, module: types.ModuleType) -> str:
    is_package = "__path__" in members(module)
    return name.replace(".", "/") + ("/__init__.py" if is_package else ".py")


def walk(package: types.ModuleType) -> None:
    """Import everything public below a package."""
    for info in pkgutil.iter_modules(members(package)["__path__"], f"{package.__name__}."):
        if info.name.rpartition(".")[2].startswith("_") or info.name.startswith(LEFT_OUT):
            continue
        try:
            module = importlib.import_module(info.name)
        except (ImportError, RuntimeError, AttributeError, OSError) as error:
            print(f"{info.name} is left to astroid: {error}", file=sys.stderr)
            continue
        if info.ispkg and "__path__" in members(module):
            walk(module)


def is_written(module: types.ModuleType) -> bool:
    """Is it a module, and not an object like torch.ops that answers to every name?"""
    return type(module) is types.ModuleType or "__file__" in members(module)


def members(module: types.ModuleType) -> dict[str, Any]:
    """A module's names; some modules of torch have been replaced by an object in front of them."""
    found = dict(vars(module))
    behind = found.get("m") if type(module) is not types.ModuleType else None
    if isinstance(behind, types.ModuleType):
        found = {**vars(behind), **found}
    for cls in type(module).__mro__:
        if cls not in types.ModuleType.__mro__:
            found = {**{name: None for name in vars(cls) if not name.startswith("__")}, **found}
    return found


class Stub:
    """The outline of one module."""

    def __init__(self, family: Family, name: str) -> None:
        self.family = family
        self.name = name
        self.members = members(family.modules[name])
        self.file = self.members.get("__file__")
        self.imports: dict[Home, str] = {}  # what is imported -> its name here
        self.plain_imports: set[str] = set()
        self.definitions: list[str] = []
        self.written: dict[int, str] = {}  # classes and functions of this module -> their name here
        self.aliases: dict[str, str] = {}
        self.helpers: dict[str, list[str]] = {name: [] for name in HELPERS}  # -> functions that are the same
        self.helpers_needed: set[str] = set()
        self.unsure: list[str] = []

    def text(self) -> str:
        names = [name for name in self.members if plain(name) and name not in {"__all__", "__getattr__"}]
        for name in sorted(names):  # a fixed order of definitions; bases come before, whatever their name
            self._member(name, self.members[name])
        found = bound_names(source_tree(self.file)) | set(SERVED_NAMES.get(self.name, ())) | self._children()
        missing = sorted(found - set(self.members) - {"__getattr__", "__all__"})
        self.unsure += [name for name in missing if plain(name) and not self._is_file(name)]
        return "".join(f"{line}\n" for line in self._lines())

    def _children(self) -> set[str]:
        """Modules that are imported as if they were below this one, and perhaps lie elsewhere."""
        return {name.rpartition(".")[2] for name in sys.modules if name.rpartition(".")[0] == self.name}

    def _lines(self) -> Iterator[str]:
        needed = sorted(self.helpers_needed | {name for name, functions in self.helpers.items() if functions})
        names = {"unknown": UNKNOWN_PARAMETERS, "tensor": "", "open_tensor": OPEN_TENSOR}
        if "_makes_tensor" in needed:
            names["tensor"] = self._reference(torch.Tensor)
            if self.name != torch.Tensor.__module__:
                self.imports[torch.Tensor.__module__, OPEN_TENSOR] = OPEN_TENSOR
        yield from (f"import {name}" for name in sorted(self.plain_imports))
        by_module: dict[str, list[str]] = {}
        for (module, name), here in self.imports.items():
            by_module.setdefault(module, []).append(name if name == here else f"{name} as {here}")
        for module in sorted(by_module):
            yield f"from {module} import {', '.join(sorted(by_module[module]))}"
        yield "_: object"
        yield from (HELPERS[name].format(**names) for name in needed)
        exported = self.members.get("__all__")
        if isinstance(exported, list | tuple):
            yield f"__all__ = {sorted(map(str, exported))}"
        yield from self.definitions
        if self.written.get(id(torch.Tensor)):
            yield f"class {OPEN_TENSOR}(Tensor):\n _ = 0"
        yield from (f"{name} = {target}" for name, target in sorted(self.aliases.items()))
        yield from (f"{' = '.join([*functions, name])}" for name, functions in self.helpers.items() if functions)
        if self.unsure:
            yield f"{' = '.join(self.unsure)} = _"
        if self.name in OPEN_MODULES or ("__getattr__" in self.members and self.name not in SERVED_NAMES):
            yield "def __getattr__(name): return _"

    def _member(self, name: str, value: Any) -> None:
        if isinstance(value, types.ModuleType) and self._is_file(name):
            return  # astroid finds submodules by itself
        home = self.family.home(value) if isinstance(value, type) or id(value) in self.family.homes else None
        if home is None:
            self._foreign(name, value)
        elif home[0] != self.name:
            self.imports.setdefault(home, name)
            if self.imports[home] != name:
                self.aliases[name] = self.imports[home]
        elif home[1] != name:
            self._define(home[1], value)
            self.aliases[name] = self.written.get(id(value), "_")
        else:
            self._define(name, value)

    def _is_file(self, name: str) -> bool:
        places = self.members.get("__path__")
        return bool(places) and PathFinder.find_spec(f"{self.name}.{name}", places) is not None

    def _foreign(self, name: str, value: Any) -> None:
        made_of = type(value)
        if isinstance(value, types.FunctionType) and value.__name__ == name and value.__module__ == self.name:
            self._define(name, value)
        elif made_of in {torch.dtype, torch.layout, torch.memory_format}:
            self.aliases[name] = f"{self._reference(made_of)}()"
        else:
            self.unsure.append(name)

    def _define(self, name: str, value: Any) -> None:
        if id(value) in self.written:
            return
        self.written[id(value)] = name
        if isinstance(value, type):
            if is_dummy(value) or f"{value.__module__}.{value.__name__}" in FACTORIES:
                self.unsure.append(name)
            else:
                self.definitions.append(self._class(name, value))
        elif isinstance(value, types.FunctionType):
            text = self._function(name, value, self._tensor_result(value))
            (self.definitions if text else self.unsure).append(text or name)
        elif id(value) in tensor_functions():
            self.helpers["_makes_tensor" if id(value) in constructors() else "_follows_input"].append(name)
        else:
            self.unsure.append(name)

    def _tensor_result(self, function: types.FunctionType) -> str:
        if id(function) not in tensor_functions():
            return ""
        if id(function) in constructors():
            self.helpers_needed.add("_makes_tensor")
            return "return _makes_tensor()"
        first = next(iter(inspect.signature(function).parameters.values()), None)
        if first is None or first.kind not in {first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD}:
            return ""
        return f"return {first.name}.{AS_ITS_ARGUMENT}()"

    def _reference(self, cls: type) -> str:
        """How to write a class here; its definition comes first."""
        if cls.__module__ == "builtins":
            return cls.__name__
        home = self.family.home(cls)
        if home is None:
            return "_"
        if home[0] == self.name:
            self._define(home[1], cls)
            return "_" if is_dummy(cls) else home[1]
        taken = self.members.get(home[1], cls) is not cls
        return self.imports.setdefault(home, f"_{home[1]}" if taken else home[1])

    # --- Functions

    def _function(self, name: str, function: Any, result: str = "") -> str | None:
        listed = parameters(function)
        if listed is None:
            return None
        kind = result_of(function)
        bodies = {
            "abstract": "raise NotImplementedError",
            "generator": "yield _",
            "none": NO_RESULT,
            "self": "return self",
        }
        prefix = "async " if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function) else ""
        return f"{prefix}def {name}({listed}): {result or bodies.get(kind, 'return _')}"

    # --- Classes

    def _class(self, name: str, cls: type) -> str:
        if issubclass(cls, tuple) and hasattr(cls, "_fields") and tuple in cls.__bases__:
            return self._named_tuple(name, cls)
        bases = [self._reference(base) for base in cls.__bases__ if base not in GENERIC]
        metaclass = type(cls)
        if metaclass.__module__.split(".")[0] in {self.family.package, "abc"} and self.family.home(metaclass):
            bases.append(f"metaclass={self._reference(metaclass)}")
        lines = list(self._enum_members(cls) if issubclass(cls, enum.Enum) else self._members(cls))
        if typing.Generic in cls.__bases__ or "__class_getitem__" in vars(cls):
            lines.append(CLASS_GETITEM)
        head = "@dataclasses.dataclass\n" if self._is_dataclass(cls) else ""
        body = indented("\n".join(lines) or "_ = 0").rstrip()
        return f"{head}class {name}({', '.join(dict.fromkeys(bases))}):\n{body}"

    def _named_tuple(self, name: str, cls: Any) -> str:
        self.plain_imports.add("typing")
        fields = [f"{each}: object{' = _' if each in cls._field_defaults else ''}" for each in cls._fields]
        return f"class {name}(typing.NamedTuple):\n{indented(chr(10).join(fields) or '_ = 0')}".rstrip()

    def _is_dataclass(self, cls: type) -> bool:
        if "__dataclass_fields__" not in vars(cls):
            return False
        self.plain_imports.add("dataclasses")
        return True

    def _enum_members(self, cls: type[enum.Enum]) -> Iterator[str]:
        for member, value in cls.__members__.items():
            told = literal(value.value)
            yield f"{member} = {told if told != '_' else 'object()'}"
        functions = {name: value for name, value in vars(cls).items() if name not in ENUM_NAMES}
        for name, value in functions.items():
            if plain(name) and isinstance(value, types.FunctionType | property | classmethod | staticmethod):
                yield from self._class_member(cls, name, value, [])

    def _members(self, cls: type) -> Iterator[str]:  # pylint: disable=too-many-locals
        node = classes_by_name(self.file).get(cls.__name__)
        is_dataclass = self._is_dataclass(cls)
        declared = list(inspect.get_annotations(cls)) if hasattr(cls, "__annotations__") else []
        own = dict(vars(cls))
        fields = {each.name: each for each in dataclasses.fields(cls)} if is_dataclass else {}
        if is_dataclass and cls.__dataclass_params__.init:  # type: ignore[attr-defined]
            own.pop("__init__", None)
        for name in [each for each in declared if each in fields]:
            own.pop(name, None)
            yield self._field(name, fields[name])
        here = [name for name in attributes_set(node) if plain(name) and name not in own and name not in fields]
        in_init = here if isinstance(own.get("__init__"), types.FunctionType) else []
        loose = [name for name in declared if plain(name) and name not in own and name not in fields]
        loose += [name for name in here if name not in in_init and name not in loose]
        for name in loose:
            if name not in in_init:
                yield f"{name}: object"
        unsure: list[str] = []
        gives_tensor: list[str] = []
        is_tensor = issubclass(cls, torch._C.TensorBase)
        for name in sorted(own):
            value = own[name]
            if not plain(name):
                continue
            if is_tensor and name in TENSOR_METHODS and not isinstance(value, types.FunctionType):
                gives_tensor.append(name)
                self.helpers_needed.add("_makes_tensor")
            elif lines := list(self._class_member(cls, name, value, in_init)):
                yield from lines
            else:
                unsure.append(name)
        if gives_tensor:
            yield f"{' = '.join(gives_tensor)} = _makes_tensor"
        if unsure:
            yield f"{' = '.join(unsure)} = _"

    @staticmethod
    def _field(name: str, field: dataclasses.Field[Any]) -> str:
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        options = [] if field.init else ["init=False"]
        if getattr(field, "kw_only", False) is True:
            options.append("kw_only=True")
        if has_default:
            options.append("default=_")
        if options == ["default=_"]:
            return f"{name}: object = _"
        return f"{name}: object = dataclasses.field({', '.join(options)})" if options else f"{name}: object"

    def _class_member(self, cls: type, name: str, value: Any, in_init: list[str]) -> Iterator[str]:
        """The lines that define it; none if nothing is known but its name."""
        home = f"{cls.__module__}.{cls.__name__}"
        if name in NO_METHODS.get(home, ()):
            return
        if name in PLACEHOLDERS.get(home, ()):
            yield f"@staticmethod\ndef {name}({UNKNOWN_PARAMETERS}): return _"
            return
        if isinstance(value, property):
            yield f"@property\ndef {name}(self): return _"
            if value.fset:
                yield f"@{name}.setter\ndef {name}(self, value): {NO_RESULT}"
            return
        decorator = ""
        if isinstance(value, classmethod | staticmethod):
            decorator = f"@{type(value).__name__}\n" if name not in {"__new__", "__init_subclass__"} else ""
            value = value.__func__
        if not isinstance(value, types.FunctionType) or value.__name__ != name:
            return
        result = ""
        if name == "__init__":
            result = f"{' = '.join(f'self.{each}' for each in in_init)} = _" if in_init else NO_RESULT
            if next(iter(inspect.signature(value).parameters), "") != "self":
                result = "0"
        elif issubclass(cls, torch.Tensor) and cls is torch.Tensor and name in TENSOR_METHODS:
            self.helpers_needed.add("_makes_tensor")
            result = "return _makes_tensor()"
        text = self._function(name, value, result)
        if text is None:
            return
        if getattr(value, "__isabstractmethod__", False):
            self.plain_imports.add("abc")
            decorator += "@abc.abstractmethod\n"
        yield decorator + text


# --- Writing ----------------------------------------------------------------------------------------------------------


def kept(package: str) -> tuple[dict[str, str], str]:
    """What the present file holds of a package."""
    if not TARGET.exists():
        return {}, ""
    with zipfile.ZipFile(TARGET) as archive:
        names = [name for name in archive.namelist() if name.startswith((f"{package}/", f"{package}.py"))]
        return {name: archive.read(name).decode() for name in names}, json.loads(archive.read(VERSIONS))[package]


def write(stubs: dict[str, str], versions: dict[str, str]) -> None:
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in [*sorted(stubs.items()), (VERSIONS, json.dumps(versions, indent=1) + "\n")]:
            if name.endswith(".py"):
                ast.parse(text)
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), text, zipfile.ZIP_DEFLATED)


def import_vision(folder: Path) -> None:
    """torchvision without its compiled part, whose operators are registered all the same."""
    sys.path.insert(0, str(folder))
    sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--more", type=Path, metavar="FOLDER", help="where torchvision's and torchaudio's packages lie")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # deprecated names are names too
    family = Family("torch")
    stubs, versions = family.stubs(), {"torch": family.version}
    if options.more:
        import_vision(options.more)
    for package in ("torchvision", "torchaudio"):
        if options.more:
            other = Family(package, [family])
            more, version = other.stubs(), other.version
        else:
            more, version = kept(package)
        stubs |= more
        versions[package] = version
    write(stubs, versions)


if __name__ == "__main__":
    main()
