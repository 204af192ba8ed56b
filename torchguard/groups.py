"""Parameter groups for an optimizer: only what is trained, each parameter once, and weight decay where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Literal, TypedDict, get_args

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from torchguard.errors import MisuseError
from torchguard.words import one_of, some

Exempt = Literal["norm", "bias", "embedding"]
_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.LocalResponseNorm)
_EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)


class Group(TypedDict):
    """One group as every ``torch.optim`` optimizer takes it."""

    params: list[Tensor]
    weight_decay: float


def param_groups(
    model: nn.Module,
    *,
    weight_decay: float,
    exempt: tuple[Exempt, ...] = ("norm", "bias"),
    exempt_names: str | tuple[str, ...] = (),
) -> list[Group]:
    """The trainable parameters of a module, those that weight decay pulls towards 0 apart from those that it leaves.

    ::

        optimizer = torch.optim.AdamW(tg.param_groups(model, weight_decay=0.05), lr=3e-4)

    Frozen parameters are left out: an optimizer that holds them goes on moving them, by momentum and weight decay,
    as soon as they have a gradient again. A parameter that two modules share is there once.

    Args:
        model: frozen parts are left out as they are now, so freeze before this and build the optimizer after it.
        weight_decay: of the first group; the second has 0.
        exempt: the kinds that are not decayed. ``"norm"``: weights and biases of normalizations, by their class, and
            any other parameter of at most one dimension, which is a scale or a shift; ``"bias"``: what is called
            ``bias``; ``"embedding"``: tables of ``nn.Embedding``.
        exempt_names: patterns of further names that are not decayed, such as ``"*.pos_embed"``.

    Returns:
        One or two groups, the decayed one first; an empty one is left out.

    Raises:
        MisuseError: nothing is trainable, an option is not known, or a pattern matches no parameter.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization"; `torch.optim.Optimizer`, parameter groups.
    Prevents: frozen-params-in-optimizer, decayed-unused-params.
    """
    _check(model, weight_decay, exempt)
    exempt_names = (exempt_names,) if isinstance(exempt_names, str) else exempt_names
    named = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    _check_patterns(model, exempt_names)
    left = set(_exempt(model, exempt, exempt_names))
    groups: list[Group] = [
        {"params": [named[name] for name in named if name not in left], "weight_decay": weight_decay},
        {"params": [named[name] for name in named if name in left], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def _exempt(model: nn.Module, exempt: tuple[Exempt, ...], patterns: tuple[str, ...]) -> Iterator[str]:
    """Names of the parameters that are not decayed; of a shared one, the name that ``named_parameters`` gives it."""
    first_name = {id(parameter): name for name, parameter in model.named_parameters()}
    for path, module in model.named_modules():
        for own_name, parameter in module.named_parameters(recurse=False):
            name = f"{path}.{own_name}" if path else own_name
            by_kind = any(_IS[kind](module, own_name, parameter) for kind in exempt)
            if by_kind or any(fnmatchcase(name, pattern) for pattern in patterns):
                yield first_name[id(parameter)]


_IS: dict[str, Callable[[nn.Module, str, Tensor], bool]] = {
    "norm": lambda module, name, parameter: isinstance(module, _NORMS) or (parameter.ndim <= 1 and name != "bias"),
    "bias": lambda module, name, parameter: name == "bias" or name.endswith("_bias"),
    "embedding": lambda module, name, parameter: isinstance(module, _EMBEDDINGS),
}


def _check(model: nn.Module, weight_decay: float, exempt: tuple[Exempt, ...]) -> None:
    if not weight_decay >= 0:
        raise MisuseError(
            f"weight_decay={weight_decay} would push weights away from 0; write weight_decay=0.0 for none"
        )
    if unknown := [kind for kind in exempt if kind not in get_args(Exempt)]:
        raise MisuseError(
            f"exempt={unknown[0]!r} is not known; write {one_of(get_args(Exempt))}, and patterns of names as "
            f"exempt_names=({unknown[0]!r},)"
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        held = sum(1 for _ in model.parameters())
        raise MisuseError(
            f"none of the {held} parameters of the {type(model).__name__} is trainable, so there is nothing to "
            "optimize; call this before the module is frozen as a whole, or release it"
        )


def _check_patterns(model: nn.Module, patterns: tuple[str, ...]) -> None:
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise MisuseError(f'exempt_names: "{pattern}" matches no parameter; the model has {some(names)}')
