"""Freezing a module so that it stays frozen: no gradients, no statistics that move, whatever is called later."""

from __future__ import annotations

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
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    kept = [submodule for submodule in module.modules() if _stays_in_eval(submodule, batch_norm, dropout)]
    if not parameters and not kept:
        raise MisuseError(
            f"the {type(module).__name__} has no trainable parameter and no running statistics, so there is nothing to "
            "freeze; freeze the module that has them, and only once"
        )
    return Frozen(parameters, kept)


class Frozen:
    """What `freeze` froze. Releasing it gives back every ``requires_grad``, gradient and mode."""

    def __init__(self, parameters: list[nn.Parameter], kept: list[nn.Module]) -> None:
        self._grads = [(parameter, parameter.grad) for parameter in parameters]
        self._kept = kept
        for parameter in parameters:
            parameter.requires_grad_(False)
            parameter.grad = None
        for submodule in kept:
            _keep_in_eval(submodule)

    def release(self) -> None:
        """Undo the freeze; a second call does nothing.

        Modes become what they would be had nothing been frozen: what ``train()`` and ``eval()`` asked for since then.
        """
        for parameter, grad in self._grads:
            parameter.requires_grad_(True)
            parameter.grad = _fitting(parameter, grad)
        for submodule in self._kept:
            _let_go(submodule)
        self._grads, self._kept = [], []

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


def _let_go(submodule: nn.Module) -> None:
    del vars(submodule)["train"]
    submodule.train(vars(submodule).pop(_ASKED))


def _fitting(parameter: Tensor, grad: Tensor | None) -> Tensor | None:
    """The gradient that was set aside, moved along if the module was moved meanwhile."""
    return None if grad is None else grad.to(parameter.device, parameter.dtype)
