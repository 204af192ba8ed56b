"""Writes ``pylint_torchcheck/torch_api/generated.py`` from the installed torch.

    python tools/generate_torch_api.py                        # torchvision's tables are kept as they are
    python tools/generate_torch_api.py --torchvision FOLDER   # FOLDER holds torchvision's and Pillow's Python packages

Names come from importing torch, results from its stubs, its annotations and, for the rest, its docstrings. Whatever is
written here by hand is what torch states nowhere in a form that a program can read.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import pkgutil
import re
import runpy
import sys
import textwrap
import typing
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import torch
from torch import nn

TARGET = Path(__file__).parents[1] / "pylint_torchcheck" / "torch_api" / "generated.py"
LINE_LENGTH = 120

# Where public classes are looked for, and the modules whose contents are other names for the same things.
MODULE_HOMES = ("torch.nn", "torch.nn.parallel", "torch.distributed.fsdp", "torch.optim.swa_utils")
OPTIMIZER_HOMES = ("torch.optim", "torch.distributed.optim")
SCHEDULER_HOMES = ("torch.optim.lr_scheduler", "torch.optim.swa_utils")
FUNCTION_HOMES = ("torch", "torch.nn.functional", "torch.linalg", "torch.fft", "torch.special")
ALIAS_HOMES = (
    "torch",
    "torch.amp",
    "torch.autograd",
    "torch.autograd.anomaly_mode",
    "torch.autograd.grad_mode",
    "torch.cpu.amp",
    "torch.cuda.amp",
    "torch.distributed.fsdp",
    "torch.distributed.optim",
    "torch.functional",
    "torch.nn",
    "torch.nn.modules",
    "torch.nn.parallel",
    "torch.nn.utils",
    "torch.optim",
    "torch.serialization",
    "torch.utils.data",
)
PACKAGES_WALKED = frozenset(ALIAS_HOMES) - {"torch", "torch.autograd", "torch.nn"}

# Private, yet the usual base classes of users' own classes.
BASES = {
    "torch.nn.modules.batchnorm._BatchNorm": "module",
    "torch.nn.modules.loss._Loss": "loss",
    "torch.nn.modules.loss._WeightedLoss": "loss",
    "torch.optim.lr_scheduler._LRScheduler": "scheduler",
}
LOSS_NAMES = {
    "cross_entropy",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
    "linear_cross_entropy",
}
HYPER_PARAMETERS = ("betas", "momentum", "weight_decay")

# What torch neither annotates nor documents: T one tensor, P a tuple of tensors, - nothing of the kind.
UNSTATED_FUNCTIONS = dict.fromkeys(
    """
    torch.atleast_1d torch.atleast_2d torch.atleast_3d torch.block_diag torch.cdist torch.chain_matmul
    torch.linalg.multi_dot torch.nn.functional.adaptive_max_pool1d torch.nn.functional.adaptive_max_pool2d
    torch.nn.functional.adaptive_max_pool3d torch.nn.functional.fractional_max_pool2d
    torch.nn.functional.fractional_max_pool3d torch.nn.functional.max_pool1d torch.nn.functional.max_pool2d
    torch.nn.functional.max_pool3d torch.nn.functional.upsample torch.nn.functional.upsample_bilinear
    torch.nn.functional.upsample_nearest torch.norm torch.special.logsumexp torch.tensordot torch.unique
    torch.unique_consecutive
    """.split(),
    "T",
) | dict.fromkeys(
    "torch.broadcast_tensors torch.lu torch.split_copy torch.split_with_sizes_copy torch.unbind_copy".split(), "P"
)
UNSTATED_METHODS = dict.fromkeys(
    "index norm resize resize_as stft to_sparse_coo unique unique_consecutive".split(), "T"
)
UNSTATED_METHODS |= {"lu": "P", "split": "P"}
# Their result is a tuple for some arguments; which ones is stated in Python or in prose only.
OFTEN_TUPLES = set(
    """
    torch.atleast_1d torch.atleast_2d torch.atleast_3d torch.nn.functional.adaptive_max_pool1d
    torch.nn.functional.adaptive_max_pool2d torch.nn.functional.adaptive_max_pool3d
    torch.nn.functional.fractional_max_pool2d torch.nn.functional.fractional_max_pool3d
    torch.nn.functional.max_pool1d torch.nn.functional.max_pool2d torch.nn.functional.max_pool3d torch.unique
    torch.unique_consecutive unique unique_consecutive
    """.split()
)
# Methods that only raise an error that names their successor, and one that load_state_dict calls and nobody else.
LEFT_OUT_METHODS = {"eig", "lstsq", "module_load", "reinforce", "solve", "symeig"}

# Constructors that hand their argument's graph on where it is a tensor.
GRAPH_KEEPERS = ("as_tensor", "asarray", "normal", "sparse_", "Tensor")
CONSTRUCTOR_NAMES = {"as_tensor", "from_dlpack", "from_numpy", "tensor", "asarray", "frombuffer", "from_file"}
TENSOR_TYPES = ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")

SIGNED = """
torch.load torch.save torch.autocast torch.cuda.amp.autocast torch.cpu.amp.autocast torch.no_grad torch.enable_grad
torch.set_grad_enabled torch.inference_mode torch.autograd.backward torch.autograd.grad torch.autograd.detect_anomaly
torch.autograd.set_detect_anomaly torch.nn.Module.load_state_dict torch.nn.Module.train torch.nn.Module.eval
torch.nn.Module.zero_grad torch.nn.Module.requires_grad_ torch.nn.Module.parameters torch.nn.Module.named_parameters
torch.optim.Optimizer.zero_grad torch.optim.Optimizer.step torch.optim.Optimizer.add_param_group
torch.optim.Optimizer.load_state_dict torch.optim.Optimizer.state_dict torch.nn.utils.clip_grad_norm_
torch.nn.utils.clip_grad_value_ torch.utils.data.DataLoader torch.Tensor.backward torch.Tensor.detach
""".split()
SCALERS = ("torch.amp.GradScaler", "torch.cuda.amp.GradScaler", "torch.cpu.amp.GradScaler")
# The source says only ``*args, **kwargs``; the order stands in the docstring or in the code.
STATED_IN_PROSE = {
    "torch.nn.Module.state_dict": ("destination", "prefix", "keep_vars"),
    "torch.nn.Module.to": ("device", "dtype", "non_blocking", "memory_format"),
    "torch.Tensor.requires_grad_": ("requires_grad",),
    "torch.Tensor.to": ("device", "dtype", "non_blocking", "copy", "memory_format"),
}


Tables = dict[str, Any]


# --- What torch says about results -----------------------------------------------------------------------------------


def result_kind(result: str) -> str:
    """``T``: one tensor, ``P``: a tuple of tensors, ``-``: neither, from an annotation or a docstring's ``-> ...``."""
    result = result.strip().rstrip(":").replace("torch.", "")
    if re.fullmatch(r"(Long|Bool)?Tensor|Self|S", result):
        return "T"
    if re.match(r"(tuple|list|Sequence)\[_?Tensor|\((Long)?Tensor|return_types\.|(seq|tuple) of Tensor", result, re.I):
        return "P"
    return "-"


def stub(name: str) -> ast.Module:
    return ast.parse((Path(torch.__path__[0]) / "_C" / name).read_text(encoding="utf-8"))


def overloads(body: Iterable[ast.stmt]) -> dict[str, list[ast.FunctionDef]]:
    found: dict[str, list[ast.FunctionDef]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.returns:
            found.setdefault(node.name, []).append(node)
    return found


def parameters_of(node: ast.FunctionDef) -> set[str]:
    return {arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}


def kinds_of(nodes: Iterable[ast.FunctionDef]) -> set[str]:
    return {result_kind(ast.unparse(node.returns)) for node in nodes if node.returns}


def stated_kind(function: object) -> str | None:
    """What the annotation says, else the docstring, else None."""
    with suppress(TypeError, ValueError):
        result = inspect.signature(typing.cast("Callable[..., object]", function)).return_annotation
        if result is not inspect.Signature.empty:
            return result_kind(result if isinstance(result, str) else inspect.formatannotation(result))
    said = re.search(r"->\s*(.+)", (inspect.getdoc(function) or "").split("\n\n")[0])
    return result_kind(said[1]) if said else None


# --- Functions -------------------------------------------------------------------------------------------------------


def public(space: object) -> Iterator[tuple[str, Any]]:
    for name in sorted(vars(space) if isinstance(space, ModuleType) else dir(space)):
        if not name.startswith("_"):
            yield name, getattr(space, name)


def function_tables() -> Tables:
    stated = overloads(stub("_VariableFunctions.pyi").body)
    kinds: dict[str, set[str]] = {}
    constructors = set()
    for home in FUNCTION_HOMES:
        for name, function in public(importlib.import_module(home)):
            path = f"{home}.{name}"
            if not callable(function) or inspect.isclass(function) or not belongs(function):
                continue
            nodes = stated.get(name, []) if function is getattr(torch._C._VariableFunctions, name, None) else []
            said = UNSTATED_FUNCTIONS.get(path)
            kinds[path] = {said} if said else kinds_of(nodes) or {stated_kind(function) or "?"}
            makes_leaf = any("requires_grad" in parameters_of(node) for node in nodes)
            if makes_leaf or name in CONSTRUCTOR_NAMES or "requires_grad=" in (function.__doc__ or "").split("\n\n")[0]:
                constructors.add(path)
    types = {f"torch.{kind}Tensor" for kind in TENSOR_TYPES} | {"torch.Tensor"}
    return {
        "TENSOR_FUNCTIONS": {path for path, kind in kinds.items() if "T" in kind},
        "TENSOR_TUPLE_FUNCTIONS": {path for path, kind in kinds.items() if kind == {"P"}},
        "TENSOR_OR_TUPLE_FUNCTIONS": {
            path for path, kind in kinds.items() if kind >= {"T", "P"} or path in OFTEN_TUPLES
        },
        "CONSTRUCTORS": constructors | types,
        "GRAPH_KEEPING_CONSTRUCTORS": {
            path
            for path in constructors | types
            if path.removeprefix("torch.").startswith(GRAPH_KEEPERS) or path in types
        },
    }


def belongs(function: object) -> bool:
    """Keep out what a module imported for its own use."""
    module = getattr(function, "__module__", None) or "torch"
    helpers = ("torch._jit_internal", "torch._ops", "torch.overrides")
    return module.startswith("torch") and not module.startswith(helpers)


# --- Methods of Tensor -----------------------------------------------------------------------------------------------


def method_tables() -> Tables:
    tensor_base = next(
        node for node in stub("__init__.pyi").body if isinstance(node, ast.ClassDef) and node.name == "TensorBase"
    )
    stated = overloads(tensor_base.body)
    kinds: dict[str, set[str]] = {}
    for name in dir(torch.Tensor):
        method = inspect.getattr_static(torch.Tensor, name)
        if not name.startswith("_") and callable(method) and not inspect.isclass(method):
            said = UNSTATED_METHODS.get(name)
            kinds[name] = {said} if said else kinds_of(stated.get(name, [])) or {stated_kind(method) or "-"}
    for name in LEFT_OUT_METHODS:
        kinds.pop(name, None)
    inplace = {name for name in kinds if name.endswith("_")}
    pure = {name for name, kind in kinds.items() if "T" in kind} - inplace
    return {
        "TENSOR_METHODS": pure,
        "TENSOR_TUPLE_METHODS": {name for name, kind in kinds.items() if kind == {"P"}},
        "TENSOR_OR_TUPLE_METHODS": {name for name, kind in kinds.items() if kind >= {"T", "P"} or name in OFTEN_TUPLES},
        "INPLACE_METHODS": inplace,
        "INPLACE_TWINS": {name for name in pure if f"{name}_" in inplace},
        "TENSOR_PLAIN_METHODS": {name for name, kind in kinds.items() if not kind & {"T", "P"}} - inplace,
    }


# --- Classes ---------------------------------------------------------------------------------------------------------


def classes(homes: Iterable[str], base: type) -> dict[str, type]:
    """Public path -> class, for each subclass of ``base``, ``base`` included, under its shortest path."""
    found: dict[type, list[str]] = {}
    for home in homes:
        module = importlib.import_module(home)
        for name, value in public(module):
            if inspect.isclass(value) and issubclass(value, base) and offers(module, name, value):
                found.setdefault(value, []).append(f"{home}.{name}")
    return {min(paths, key=brevity): value for value, paths in found.items()}


def offers(module: ModuleType, name: str, value: object) -> bool:
    """Does the module offer the name, or did it import it for its own use?"""
    defined_here = getattr(value, "__module__", None) == module.__name__
    return defined_here or hasattr(module, "__path__") or name in getattr(module, "__all__", ())


def brevity(path: str) -> tuple[int, int, str]:
    return path.count("."), len(path), path


def look_up(path: str) -> Any:
    home, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(home), name)
    except ModuleNotFoundError:
        return getattr(look_up(home), name)


def bases(role: str) -> dict[str, type]:
    return {path: look_up(path) for path, of in BASES.items() if of == role}


def defaults(cls: type) -> dict[str, Any]:
    """Parameter -> default, also those that a subclass hands on as ``*args, **kwargs``."""
    found: dict[str, Any] = {}
    for each in reversed(cls.__mro__):
        if "__init__" in vars(each):
            found |= {name: p.default for name, p in inspect.signature(each.__init__).parameters.items()}  # type: ignore[misc]
    return found


def asks_for_mode(cls: type) -> bool:
    """Does the class, or a base of it that is a layer, read ``self.training``?"""
    layers = [each for each in cls.__mro__ if each.__module__.startswith("torch.nn.modules") and each is not nn.Module]
    return any("self.training" in inspect.getsource(layer) for layer in layers)


def module_tables() -> Tables:
    loss = torch.nn.modules.loss._Loss
    modules = classes(MODULE_HOMES, nn.Module) | bases("module") | bases("loss")
    losses = {path for path, cls in modules.items() if issubclass(cls, loss)}
    layers = {path: cls for path, cls in modules.items() if path not in losses}
    always, sometimes = set(), {}
    for path, cls in layers.items():
        given = defaults(cls)
        switch = next((name for name in ("track_running_stats", "dropout", "p") if name in given), None)
        if not cls.__module__.startswith("torch.nn.modules"):
            continue  # wrappers do as their module does
        if not asks_for_mode(cls) and switch != "dropout":
            continue
        if switch is None or given[switch]:
            always.add(path)
        else:
            sometimes[path] = switch
    return {
        "MODULES": set(layers),
        "LOSS_FUNCTIONS": losses,
        "LOSS_CALLS": {
            f"torch.nn.functional.{name}"
            for name, function in public(torch.nn.functional)
            if callable(function) and (name.endswith("_loss") or name in LOSS_NAMES)
        },
        "MODE_DEPENDENT": always,
        "MODE_DEPENDENT_IF": sometimes,
        "BATCH_NORMS": {path for path, cls in layers.items() if issubclass(cls, torch.nn.modules.batchnorm._BatchNorm)},
    }


def training_tables() -> Tables:
    optimizers = classes(OPTIMIZER_HOMES, torch.optim.Optimizer)
    schedulers = classes(SCHEDULER_HOMES, torch.optim.lr_scheduler.LRScheduler) | bases("scheduler")
    return {
        "OPTIMIZERS": {
            path: {name: value for name, value in sorted(defaults(cls).items()) if name in HYPER_PARAMETERS}
            for path, cls in optimizers.items()
        },
        "SCHEDULERS": set(schedulers),
    }


# --- Signatures ------------------------------------------------------------------------------------------------------


def parameter_names(function: Any) -> tuple[str, ...]:
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind not in variadic and p.name != "self")


def signature_table(optimizers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    scaler_methods = [f"{scaler}.{name}" for scaler in SCALERS for name, _ in public(look_up(scaler))]
    table = dict(STATED_IN_PROSE)
    for path in (*SIGNED, *SCALERS, *scaler_methods, *optimizers):
        table[path] = ()
        with suppress(ValueError):  # a builtin without parameters
            table[path] = parameter_names(look_up(path))
    return table


# --- Other names for the same things ---------------------------------------------------------------------------------


def modules_under(name: str) -> Iterator[ModuleType]:
    with suppress(ImportError):
        module = importlib.import_module(name)
        yield module
        if name in PACKAGES_WALKED or name.startswith("torchvision"):
            for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
                if not found.name.startswith("_"):
                    yield from modules_under(f"{name}.{found.name}")


def alias_table(known: Iterable[str], homes: Iterable[str]) -> dict[str, str]:
    """Every other dotted path of what ``known`` names -> the shortest of its paths there."""
    names = set(known)
    home_of: dict[int, str] = {}
    for path in sorted(names, key=brevity, reverse=True):
        home_of[id(look_up(path))] = path
    found = {}
    for home in homes:
        for module in modules_under(home):
            for name, value in public(module):
                path = f"{module.__name__}.{name}"
                if path not in names and id(value) in home_of and offers(module, name, value):
                    found[path] = home_of[id(value)]
    return found


# --- torchvision -----------------------------------------------------------------------------------------------------

VISION_HOMES = tuple(
    "torchvision.models" + part
    for part in ("", ".detection", ".optical_flow", ".quantization", ".segmentation", ".video")
)
# Where a module has any of these and all of its are 0 or False, its mode makes no difference.
SWITCHES = ("p", "dropout", "attention_dropout", "drop_rate", "track_running_stats")


def vision_tables(folder: Path) -> Tables:
    """Build every model with weights and without, and look at its modules."""
    sys.path.insert(0, str(folder))
    registrations = "torchvision._meta_registrations"
    sys.modules[registrations] = ModuleType(registrations)  # it asks for the compiled operators, which we do not need
    vision = importlib.import_module("torchvision")
    builders = {vision.models.get_model_builder(name) for name in vision.models.list_models()}
    paths = {
        f"{home}.{name}": value
        for home in VISION_HOMES
        for name, value in public(importlib.import_module(home))
        if inspect.isfunction(value) and value in builders
    }
    weights = importlib.import_module("torchvision.models._api").WeightsEnum
    with (
        mock.patch.object(weights, "get_state_dict", return_value={}),  # nothing is downloaded
        mock.patch.object(nn.Module, "load_state_dict", return_value=None),
    ):
        variants = {path: list(vision_variants(builder)) for path, builder in paths.items()}
    normed = {path: set(map(has_batch_norm, models)) for path, models in variants.items()}
    moody = {path: set(map(depends_on_mode, models)) for path, models in variants.items()}
    return {
        "TORCHVISION_VERSION": vision.__version__.split("+")[0],
        "TORCHVISION_MODELS": set(paths),
        "TORCHVISION_BATCH_NORM_MODELS": {path for path, found in normed.items() if found == {True}},
        "TORCHVISION_MODE_DEPENDENT_MODELS": {path for path, found in moody.items() if found == {True}},
        "TORCHVISION_VARYING_MODELS": {path for path in paths if len(normed[path]) + len(moody[path]) > 2},
        "ALIASES": alias_table(paths, ["torchvision.models"]),
    }


def vision_variants(builder: Callable[..., nn.Module]) -> Iterator[nn.Module]:
    accepted = inspect.signature(builder).parameters
    for given in ({}, {"weights": None, "weights_backbone": None}, {"weights": "DEFAULT"}):
        options = {name: value for name, value in given.items() if name in accepted}
        try:
            with parameters_on_meta():
                model = builder(**options)
        except RuntimeError:  # it tries its backbone out
            model = builder(**options)
        yield model


def parameters_on_meta() -> AbstractContextManager[object]:
    """Let layers make their parameters without memory; ``torch.device("meta")`` would take in regnet's widths, too."""
    empty = torch.empty
    return mock.patch.object(torch, "empty", lambda *size, **options: empty(*size, **{**options, "device": "meta"}))


def has_batch_norm(model: nn.Module) -> bool:
    return any(isinstance(module, torch.nn.modules.batchnorm._BatchNorm) for module in model.modules())


def depends_on_mode(model: nn.Module) -> bool:
    return any(map(heeds_mode, model.modules()))


def heeds_mode(module: nn.Module) -> bool:
    own = [each for each in type(module).__mro__ if issubclass(each, nn.Module) and each is not nn.Module]
    if not any("self.training" in inspect.getsource(each) for each in own):
        return False
    switches = [getattr(module, name) for name in SWITCHES if isinstance(getattr(module, name, None), float | int)]
    return not switches or any(switches)


# --- Writing ---------------------------------------------------------------------------------------------------------

COMMENTS = {
    "ALIASES": "Another dotted path -> the one that the other tables use.",
    "MODULES": "Subclasses of nn.Module; loss functions stand apart.",
    "LOSS_FUNCTIONS": "Subclasses of nn.modules.loss._Loss.",
    "LOSS_CALLS": "Functions that return a loss.",
    "MODE_DEPENDENT": "Modules that behave differently in train and eval mode, built with their default arguments.",
    "MODE_DEPENDENT_IF": "Modules that do so only if this argument is given and not zero or False.",
    "BATCH_NORMS": "Modules with running statistics that move in train mode.",
    "OPTIMIZERS": "Optimizer -> default of each hyper-parameter that pitfalls ask about; absent: it has no such one.",
    "SCHEDULERS": "Subclasses of LRScheduler, itself included.",
    "TENSOR_FUNCTIONS": "Functions whose result is one tensor; a name that ends in _ changes its argument.",
    "TENSOR_TUPLE_FUNCTIONS": "Functions whose result is a tuple or list of tensors.",
    "TENSOR_OR_TUPLE_FUNCTIONS": "Those of TENSOR_FUNCTIONS whose result is a tuple for some arguments.",
    "CONSTRUCTORS": "What makes a fresh tensor that is on no graph.",
    "GRAPH_KEEPING_CONSTRUCTORS": "Those of CONSTRUCTORS that stay on the graph of a tensor given as data.",
    "TENSOR_METHODS": "Methods of Tensor that return one tensor and change nothing.",
    "TENSOR_TUPLE_METHODS": "Methods of Tensor that return a tuple or list of tensors.",
    "TENSOR_OR_TUPLE_METHODS": "Those of TENSOR_METHODS whose result is a tuple for some arguments.",
    "INPLACE_METHODS": "Methods of Tensor that change it.",
    "INPLACE_TWINS": "Those of TENSOR_METHODS with a twin in INPLACE_METHODS: clamp has clamp_.",
    "TENSOR_PLAIN_METHODS": "Methods of Tensor that return no tensor.",
    "SIGNATURES": "Parameter names in order, keyword-only ones last; without self, *args and **kwargs.",
    "TORCHVISION_MODELS": "Functions that build a model.",
    "TORCHVISION_BATCH_NORM_MODELS": "Those whose model holds an unfrozen BatchNorm, with weights and without.",
    "TORCHVISION_MODE_DEPENDENT_MODELS": "Those whose model behaves differently in the two modes, likewise.",
    "TORCHVISION_VARYING_MODELS": "Those for which one of these two depends on the weights asked for.",
}
TYPES = {
    "ALIASES": "dict[str, str]",
    "MODE_DEPENDENT_IF": "dict[str, str]",
    "OPTIMIZERS": "dict[str, dict[str, float | tuple[float, ...]]]",
    "SIGNATURES": "dict[str, tuple[str, ...]]",
}


def literal(value: object) -> str:
    return repr(value).replace("'", '"')


def entry(key: str, value: object) -> list[str]:
    line = f'    "{key}": {literal(value)},'
    if len(line) <= LINE_LENGTH or not isinstance(value, tuple):
        return [line]
    return [f'    "{key}": (', *(f"        {literal(item)}," for item in value), "    ),"]


def written(name: str, table: Mapping[str, object] | set[str]) -> list[str]:
    head = [f"# {COMMENTS[name]}"]
    if isinstance(table, Mapping):
        body = [line for key in sorted(table) for line in entry(key, table[key])]
        return [*head, f"{name}: {TYPES[name]} = {{", *body, "}", ""]
    words = textwrap.wrap(" ".join(sorted(table)), LINE_LENGTH, break_long_words=False, break_on_hyphens=False)
    return [*head, f"{name}: frozenset[str] = frozenset(", '    """', *words, '    """.split()', ")", ""]


def torch_tables() -> Tables:
    tables = {**module_tables(), **training_tables(), **function_tables(), **method_tables()}
    tables["SIGNATURES"] = signature_table(tables["OPTIMIZERS"])
    known = {path for table in tables.values() for path in table if path.startswith("torch.")}
    tables["ALIASES"] = alias_table(known, ALIAS_HOMES)
    return tables


def kept_tables() -> Tables:
    """What the present file says about torchvision."""
    kept: Tables = runpy.run_path(str(TARGET)) if TARGET.exists() else {}
    aliases = {path: target for path, target in kept.get("ALIASES", {}).items() if path.startswith("torchvision.")}
    names = {name: set(kept.get(name, ())) for name in COMMENTS if name.startswith("TORCHVISION_")}
    return {**names, "TORCHVISION_VERSION": kept.get("TORCHVISION_VERSION", ""), "ALIASES": aliases}


def generate(torchvision: Path | None = None) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated names are names too
        tables = torch_tables()
        vision = vision_tables(torchvision) if torchvision else kept_tables()
    tables["ALIASES"] |= vision.pop("ALIASES")
    tables |= vision
    version = torch.__version__.split("+")[0]
    lines = [
        f'"""What is in torch {version} and torchvision {tables["TORCHVISION_VERSION"]}.',
        "",
        "Written by tools/generate_torch_api.py, which see; not to be edited by hand.",
        '"""',
        "# ruff: noqa: E501",
        "",
        "from __future__ import annotations",
        "",
        f'TORCH_VERSION = "{version}"',
        f'TORCHVISION_VERSION = "{tables["TORCHVISION_VERSION"]}"',
        "",
    ]
    for name in COMMENTS:
        lines += written(name, tables[name])
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--torchvision", type=Path, metavar="FOLDER", help="where torchvision's Python packages lie")
    TARGET.write_text(generate(parser.parse_args().torchvision), encoding="utf-8")


if __name__ == "__main__":
    main()
