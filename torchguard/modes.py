"""Evaluation that leaves no trace: eval mode and no gradients inside, every submodule's own mode afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from torchguard.errors import MisuseError
from torchguard.freeze import asked_mode


@contextmanager
def eval_mode(*modules: nn.Module) -> Iterator[None]:
    """Eval mode and no gradients for the block; then each submodule's mode as it was, also after an exception.

    ``model.train()`` at the end of an evaluation puts *every* submodule into train mode, also the one that you had
    put into eval mode on purpose. This remembers each one's own.

    Gradients are off by ``torch.no_grad``, not by ``torch.inference_mode``: a tensor made under inference mode can
    never be saved for backward, so a module that fills a cache on its first forward (masks, rotary tables) would
    fail in the next training step. Nothing of that kind can happen here, at the cost of a few microseconds an
    operation.

    Args:
        modules: all modules that the block runs, one or more.

    Raises:
        MisuseError: no module was given, or something else than a module.

    Source: PyTorch notes, "Autograd mechanics", section "Locally disabling gradient computation".
    Prevents: missing-eval, missing-no-grad, missing-train-after-eval.
    """
    _check(modules)
    modes = [(submodule, asked_mode(submodule)) for module in modules for submodule in module.modules()]
    try:
        for module in modules:
            module.eval()
        with torch.no_grad():
            yield
    finally:
        for submodule, training in modes:  # parents first: most often one call restores them all
            if asked_mode(submodule) != training:
                submodule.train(training)  # not by the attribute, since some modules do more than set it


def _check(modules: tuple[object, ...]) -> None:
    if not modules:
        raise MisuseError("eval_mode() was given no module, so nothing would be in eval mode; write eval_mode(model)")
    for module in modules:
        if not isinstance(module, nn.Module):
            raise MisuseError(f"eval_mode() was given a {type(module).__name__}, which has no mode; pass the nn.Module")
