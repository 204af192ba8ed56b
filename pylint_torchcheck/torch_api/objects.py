"""What the classes and functions of torch make, by their dotted path."""

from __future__ import annotations

from functools import lru_cache

from pylint_torchcheck.pitfalls.vocabulary import Kind, Trait
from pylint_torchcheck.torch_api import effects, frameworks, generated
from pylint_torchcheck.torch_api.effects import Effect

# Modules that are made of the modules handed to them, or assigned to them, and of nothing else.
HOLDERS = (
    frozenset(
        "torch.nn.Module torch.jit.ScriptModule torch.nn.Sequential torch.nn.ModuleList torch.nn.ModuleDict "
        "torch.nn.TransformerEncoder torch.nn.TransformerDecoder torch.nn.DataParallel "
        "torch.nn.parallel.DistributedDataParallel torch.distributed.fsdp.FullyShardedDataParallel "
        "torch.optim.swa_utils.AveragedModel".split()
    )
    | frameworks.MODULES
)
# Attributes under which the models of torchvision keep submodules, whatever their architecture.
_TORCHVISION_CHILDREN = frozenset(
    "fc classifier features head heads encoder layer1 layer2 layer3 layer4 conv1 bn1 avgpool backbone".split()
)
_LOADERS = frozenset({"torch.utils.data.DataLoader", "torchdata.stateful_dataloader.StatefulDataLoader"})
_SCALERS = frozenset(
    {"torch.amp.GradScaler", "torch.cuda.amp.GradScaler", "torch.cuda.amp.grad_scaler.GradScaler"}
    | {"torch.amp.grad_scaler.GradScaler", "torch.cpu.amp.GradScaler"}
)
_MODELS = generated.TORCHVISION_MODELS | effects.MODEL_FACTORIES
AUTOCASTS = frozenset(
    {"torch.autocast", "torch.amp.autocast", "torch.cuda.amp.autocast", "torch.cpu.amp.autocast"}
    | frameworks.AUTOCASTS.keys()
)
_MOST_PATHS = 16_384  # of which is remembered what they name
# Optimizers of other well-known libraries; what follows the last dot is the class's name there.
_OPTIMIZER_PACKAGES = ("torch.optim.", "torch_optimizer.", "apex.optimizers.", "bitsandbytes.optim.", "timm.optim.")


@lru_cache(_MOST_PATHS)
def canonical(path: str) -> str:
    """Return the shortest public path of what ``path`` names."""
    return generated.ALIASES.get(path) or frameworks.ALIASES.get(path, path)


@lru_cache(_MOST_PATHS)
def made_by(path: str) -> Kind | None:
    """Return the kind of what a call of ``path`` makes; ``None`` if nothing is known of it."""
    for kind, paths in _CONSTRUCTORS:
        if path in paths:
            return kind
    if path.startswith("torch.nn.") and path.rpartition(".")[2][:1].isupper():
        return Kind.MODULE if path.count(".") == 2 else None
    if path.startswith(_OPTIMIZER_PACKAGES) and path.rpartition(".")[2][:1].isupper():
        return Kind.SCHEDULER if ".lr_scheduler." in path else Kind.OPTIMIZER
    return None


_CONSTRUCTORS: tuple[tuple[Kind, frozenset[str]], ...] = (
    (Kind.LOSS_FUNCTION, generated.LOSS_FUNCTIONS),
    (Kind.MODULE, generated.MODULES | _MODELS | frameworks.MODULES),
    (Kind.FRAMEWORK, frozenset(frameworks.METHODS) - frameworks.MODULES),
    (Kind.OPTIMIZER, frozenset(generated.OPTIMIZERS)),
    (Kind.SCHEDULER, generated.SCHEDULERS),
    (Kind.SCALER, _SCALERS),
    (Kind.LOADER, _LOADERS),
    (Kind.SAMPLER, frozenset(effects.DISTRIBUTED_SAMPLERS)),
    (Kind.PARAMETER, frozenset({"torch.nn.Parameter", "torch.nn.parameter.Parameter"})),
    (Kind.CONTEXT, AUTOCASTS | frozenset(effects.GRAD_CONTEXTS) | frozenset({"contextlib.nullcontext"})),
    (Kind.TENSOR, generated.CONSTRUCTORS | generated.TENSOR_FUNCTIONS | generated.LOSS_CALLS),
)


# With parameters or without, by how they are built.
_PERHAPS_PARAMETRIC = frozenset(
    path for path in generated.MODULES if path.endswith(("Base", "Norm1d", "Norm2d", "Norm3d", "Loss", "List", "Dict"))
)


def trait_of(path: str, trait: Trait) -> bool | None:
    """Has what a call of ``path`` makes the trait? ``None``: not known, or it depends on an argument."""
    if path in HOLDERS or path in generated.TORCHVISION_VARYING_MODELS:
        return None
    if trait is Trait.PARAMETERS:
        has, unsure = effects.PARAMETRIC | generated.TORCHVISION_MODELS, _PERHAPS_PARAMETRIC
    elif trait is Trait.BATCH_NORM:
        has, unsure = generated.BATCH_NORMS | generated.TORCHVISION_BATCH_NORM_MODELS, frozenset[str]()
    else:
        has = generated.MODE_DEPENDENT | generated.TORCHVISION_MODE_DEPENDENT_MODELS
        unsure = frozenset(generated.MODE_DEPENDENT_IF)
    if path in has:
        return True
    known = path in generated.MODULES or path in generated.LOSS_FUNCTIONS or path in generated.TORCHVISION_MODELS
    return False if known and path not in unsure else None


def is_child(path: str, name: str) -> bool:
    """Is ``name`` a submodule of what a call of ``path`` makes?"""
    return path in _MODELS and name in _TORCHVISION_CHILDREN


@lru_cache(_MOST_PATHS)
def is_method(kind: Kind, name: str) -> bool:
    """Do objects of a kind have a method of this name from torch?"""
    if kind in {Kind.TENSOR, Kind.PARAMETER}:
        return name in effects.TENSOR_ACTIONS or name in effects.METHODS[Kind.TENSOR]
    return name in effects.METHODS.get(kind, ())


def signature(path: str) -> tuple[str, ...] | None:
    """Return the parameters of a function in order, without ``self``; ``None`` if they are not known."""
    return generated.SIGNATURES.get(path) or effects.SIGNATURES.get(path) or frameworks.SIGNATURES.get(path)


def function_effect(path: str) -> Effect | None:
    """Return what a function of a library does; ``None`` if that is not known, or if it only makes something."""
    return effects.FUNCTIONS.get(path) or frameworks.FUNCTIONS.get(path)


_OWNERS = {
    Kind.MODULE: "torch.nn.Module",
    Kind.LOSS_FUNCTION: "torch.nn.Module",
    Kind.OPTIMIZER: "torch.optim.Optimizer",
    Kind.SCALER: "torch.amp.GradScaler",
    Kind.TENSOR: "torch.Tensor",
    Kind.SCHEDULER: "torch.optim.lr_scheduler.LRScheduler",
}


def method_path(kind: Kind, name: str) -> str:
    """Return the dotted path under which the signature of a method stands."""
    return f"{_OWNERS.get(kind, 'torch.nn.Module')}.{name}"


def is_harmless(path: str) -> bool:
    """Does the function leave the objects handed to it as they are?"""
    return path.partition(".")[0] in effects.HARMLESS_LIBRARIES and path not in effects.UNKNOWN_FUNCTIONS
