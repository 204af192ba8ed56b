"""What `torchguard.TrainStep` refuses, and why: options, objects that do not belong together, losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from torchguard.errors import LossError, MisuseError, NonFiniteLossError
from torchguard.words import one_of

Amp = Literal["off", "bf16", "fp16"]
OnNonfinite = Literal["skip", "raise"]


def refuse_options(amp: str, accumulate: int, clip_norm: float | None, on_nonfinite: str) -> None:
    if amp not in get_args(Amp):
        raise MisuseError(f"amp={amp!r} is not known; write amp={one_of(get_args(Amp))}")
    if on_nonfinite not in get_args(OnNonfinite):
        raise MisuseError(f"on_nonfinite={on_nonfinite!r} is not known; write {one_of(get_args(OnNonfinite))}")
    if amp == "fp16" and on_nonfinite == "raise":
        raise MisuseError(
            'amp="fp16" finds its loss scale by overflowing now and then, which on_nonfinite="raise" would turn into '
            'an error; write on_nonfinite="skip"'
        )
    if accumulate < 1:
        raise MisuseError(
            f"accumulate={accumulate} micro-batches make no window; write accumulate=1 to step on each one"
        )
    if clip_norm is not None and not clip_norm > 0:
        raise MisuseError(
            f"clip_norm={clip_norm} would turn every gradient into zeros; write clip_norm=None for no cap"
        )


def refuse_objects(
    model: nn.Module, optimizers: Sequence[Optimizer], schedulers: Sequence[LRScheduler], amp: str
) -> None:
    _refuse_optimizers(model, optimizers, amp)
    for scheduler in schedulers:
        if isinstance(scheduler, ReduceLROnPlateau):
            raise MisuseError(
                "ReduceLROnPlateau steps on a metric that TrainStep does not know; leave the scheduler out here and "
                "write scheduler.step(validation_loss) after each validation"
            )
        if not any(scheduler.optimizer is optimizer for optimizer in optimizers):
            raise MisuseError(
                "the scheduler was made for another optimizer, so it would not change this one's learning rate; write "
                f"{type(scheduler).__name__}(optimizer, ...) with the optimizer that you pass here"
            )


def refuse_lbfgs(optimizers: Sequence[Optimizer], amp: str, accumulate: int, clip_norm: float | None) -> None:
    """L-BFGS compares losses and gradients of several evaluations, so they must be the loss's own, and of one batch."""
    if not any(isinstance(optimizer, LBFGS) for optimizer in optimizers):
        return
    if amp == "fp16" or accumulate > 1 or clip_norm is not None or len(optimizers) > 1:
        raise MisuseError(
            "LBFGS compares the losses and gradients of several evaluations, which a loss scale, a window of several "
            "micro-batches, a cap on the norm, or a second optimizer would falsify; write TrainStep(model, optimizer) "
            'with amp="off" or "bf16", and without accumulate and clip_norm'
        )


def refuse_search_in_backward(optimizers: Sequence[Optimizer]) -> None:
    if isinstance(optimizers[0], LBFGS):  # it is alone, see refuse_lbfgs
        raise MisuseError(
            "LBFGS calls the forward itself, several times a step, so it cannot step from one loss; write "
            "step.minimize(lambda: loss_function(model(x), y)) in place of step.backward(loss)"
        )


def refuse_minimize(optimizers: Sequence[Optimizer], amp: str, accumulate: int) -> None:
    if amp == "fp16" or accumulate > 1 or len(optimizers) > 1:
        raise MisuseError(
            f'minimize() steps one optimizer, once a call, and this TrainStep has {len(optimizers)}, amp="{amp}" and '
            f'accumulate={accumulate}; write TrainStep(model, optimizer) with amp="off" or "bf16", or '
            "step.backward(loss)"
        )


def _refuse_optimizers(model: nn.Module, optimizers: Sequence[Optimizer], amp: str) -> None:
    if not optimizers:
        raise MisuseError("there is no optimizer, so nothing would be trained; write TrainStep(model, optimizer)")
    held = [parameter for optimizer in optimizers for parameter in parameters_of(optimizer)]
    if len(optimizers) > 1 and len({id(parameter) for parameter in held}) < len(held):
        raise MisuseError(
            "a parameter is held by two optimizers, so it would be stepped twice; give each optimizer parameters of "
            "its own"
        )
    trainable = {id(parameter) for parameter in model.parameters() if parameter.requires_grad}
    for optimizer in optimizers:
        _refuse_foreign(optimizer, trainable)
    if amp == "fp16" and any(parameter.dtype == torch.float16 for parameter in held):
        raise MisuseError(
            'the parameters are float16 already, whose gradients amp="fp16" cannot unscale; leave out model.half(), '
            "since autocast converts where it is safe"
        )


def _refuse_foreign(optimizer: Optimizer, trainable: set[int]) -> None:
    held = parameters_of(optimizer)
    if not any(id(parameter) in trainable for parameter in held):
        raise MisuseError(
            f"the optimizer holds {len(held)} parameters and none of the {len(trainable)} trainable ones of the "
            f"model, so steps would not train it; write {type(optimizer).__name__}(model.parameters(), ...) after "
            "the model was moved or wrapped"
        )


def refuse_loss(loss: Tensor) -> None:
    if not isinstance(loss, Tensor):
        raise LossError(f"the loss is a {type(loss).__name__}, no tensor; pass the tensor itself, without .item()")
    if loss.numel() != 1:
        raise LossError(
            f"the loss has shape {tuple(loss.shape)}, and only one number can be minimized; write loss.mean()"
        )
    if not loss.requires_grad:
        raise LossError(
            "the loss is not on the autograd graph (requires_grad=False), so no gradient can come from it; compute "
            "it outside torch.no_grad() and without .detach()"
        )
    if not math.isfinite(value := loss.item()):
        raise NonFiniteLossError(
            f"the loss is {value} before backward(), so the step would write it into every weight; see why: "
            "write print(torchguard.diagnose_nonfinite(lambda x, y: loss_fn(model(x), y), x, y))"
        )


def parameters_of(optimizer: Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
