"""Freezing a module so that it stays frozen: no gradients, no statistics that move, whatever is called later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Literal, get_args

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase  # the one base of every norm that keeps running statistics
from torch.nn.modules.dropout import _DropoutNd

from torchguard.errors import MisuseError
from torchguard.words import one_of

Mode = Literal["eval", "train"]
_ASKED = "_torchguard_asked_mode"  # in the object itself, so that a copy has its own


def freeze(module: nn.Module, *, batch_norm: Mode = "eval", dropout: Mode = "train") -> Frozen:
    """Stop a module from learning, until the handle's ``release()``.

    As a statement it freezes a backbone for a whole run; as a context manager it keeps one loss's gradients out of a
    module, as in the generator's part of a GAN::

        backbone = tg.freeze(model.backbone)
        ...
        backbone.release()

    Its parameters need no gradient and have none, so that no optimizer moves them, not by momentum or weight decay
    either. Norms with running statistics (BatchNorm, SyncBatchNorm, InstanceNorm with them) use those and leave them as
    they are, through any later ``model.train()`` and in deep copies. What was frozen already is left to whoever
    froze it.

    Args:
        module: is changed in place, with all its submodules.
        batch_norm: ``"eval"``: running statistics, which stand still; ``"train"``: those of the batch, which move.
        dropout: ``"eval"``: off, so that frozen features are the same every time; ``"train"``: follows the model.

    Raises:
        MisuseError: an option is not known, or there is nothing to freeze.

    Prevents: frozen-batchnorm-updates, thawed-batchnorm.
    """
    for name, mode in (("batch_norm", batch_norm), ("dropout", dropout)):
        if mode not in get_args(Mode):
            raise MisuseError(f"{name}={mode!r} is not known; write {name}={one_of(get_args(Mode))}")
    held = [
        _Held(submodule, name, parameter.grad)
        for submodule in module.modules()
        for name, parameter in submodule.named_parameters(recurse=False)
        if parameter.requires_grad
    ]
    kept = [submodule for submodule in module.modules() if _stays_in_eval(submodule, batch_norm, dropout)]
    if not held and not kept:
        raise MisuseError(
            f"the {type(module).__name__} has no trainable parameter and no running statistics, so there is nothing to "
            "freeze; freeze the module that has them, and only once"
        )
    return Frozen(module, held, kept)


@dataclass(frozen=True)
class _Held:
    """A parameter by its place, since wrapping and sharding put others there."""

    owner: nn.Module
    name: str
    grad: Tensor | None

    @property
    def parameter(self) -> nn.Parameter | None:
        return getattr(self.owner, self.name, None)


class Frozen:
    """What `freeze` froze. Releasing it gives back every ``requires_grad``, gradient and mode."""

    def __init__(self, root: nn.Module, held: list[_Held], kept: list[nn.Module]) -> None:
        self._root, self._held, self._kept = root, held, kept
        self._hid = vars(root).get("train")  # of another handle on the same module
        for one in held:
            if one.parameter is not None:
                one.parameter.requires_grad_(False)
                one.parameter.grad = None
        for submodule in kept:
            _keep_in_eval(submodule)
        if kept and root not in kept:
            vars(root)["train"] = partial(_train_all_but_replaced, root, self._hid)

    def release(self) -> None:
        """Undo the freeze; a second call does nothing.

        Modes become what they would be had nothing been frozen: what ``train()`` and ``eval()`` asked for since then.
        """
        for one in self._held:
            if (parameter := one.parameter) is not None:
                parameter.requires_grad_(True)
                parameter.grad = _fitting(parameter, one.grad)
        if self._kept:
            self._release_modes()
        self._held, self._kept = [], []

    def _release_modes(self) -> None:
        if self._root not in self._kept:
            vars(self._root).pop("train")
            if self._hid is not None:
                vars(self._root)["train"] = self._hid
            for replacement in _replaced_norms(self._root):
                replacement.train(self._root.training)
        for submodule in self._kept:
            _let_go(submodule)

    def __enter__(self) -> Frozen:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()


def asked_mode(submodule: nn.Module) -> bool:
    """The mode that ``train()`` and ``eval()`` asked for, which a frozen norm remembers and does not obey."""
    return bool(vars(submodule).get(_ASKED, submodule.training))


def _stays_in_eval(submodule: nn.Module, batch_norm: Mode, dropout: Mode) -> bool:
    if _ASKED in vars(submodule):  # frozen by another handle
        return False
    if isinstance(submodule, _NormBase):
        return batch_norm == "eval" and submodule.track_running_stats
    return isinstance(submodule, _DropoutNd) and dropout == "eval"


def _keep_in_eval(submodule: nn.Module) -> None:
    """Let this one object's ``train()`` only remember what it was asked for; ``nn.Module.train`` calls it for children.

    A partial in the object's own ``__dict__`` is bound anew to the copy by ``copy.deepcopy`` and by pickle, which a
    closure and a bound method are not.
    """
    vars(submodule)[_ASKED] = submodule.training
    vars(submodule)["train"] = partial(_remember_mode, submodule)
    submodule.training = False


def _remember_mode(submodule: nn.Module, mode: bool = True) -> nn.Module:
    vars(submodule)[_ASKED] = mode
    return submodule


def _train_all_but_replaced(root: nn.Module, hid: Callable[..., nn.Module] | None, mode: bool = True) -> nn.Module:
    """``convert_sync_batchnorm`` puts new norms in the place of the frozen ones, which know nothing of it."""
    if hid is None:
        type(root).train(root, mode)
    else:
        hid(mode)
    for replacement in _replaced_norms(root):
        replacement.training = False
    return root


def _replaced_norms(root: nn.Module) -> Iterator[nn.Module]:
    for submodule in root.modules():
        if isinstance(submodule, nn.SyncBatchNorm) and submodule.track_running_stats and _ASKED not in vars(submodule):
            yield submodule


def _let_go(submodule: nn.Module) -> None:
    del vars(submodule)["train"]
    submodule.train(vars(submodule).pop(_ASKED))


def _fitting(parameter: Tensor, grad: Tensor | None) -> Tensor | None:
    """The gradient that was set aside, moved along if the module was moved meanwhile; none if it was sharded."""
    if grad is None or type(grad) is not type(parameter.data) or grad.shape != parameter.shape:
        return None
    return grad.to(parameter.device, parameter.dtype)
