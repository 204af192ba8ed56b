"""Where a nan or inf comes from: one step is replayed, and the first thing that makes it is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.optim import LBFGS, Optimizer

from torchguard.causes import Finding, explain_backward, explain_forward, explain_norm
from torchguard.errors import MisuseError
from torchguard.replay import Backward, Forward
from torchguard.rng import RngState, rng_state, set_rng_state
from torchguard.tensors import NonFinite, describe, first_sample, tensors_in

Cause = Literal["data", "forward", "gradient", "fp16", "weights", "optimizer", "none"]


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose_nonfinite` found; prints as a few lines that end in what to write.

    Attributes:
        cause: ``"data"``: a sample that was nan, inf or out of all proportion before it met the model;
            ``"forward"``: an operation at the edge of its domain, in the forward pass or in its derivative;
            ``"gradient"``: gradients, or weights that they have driven, grew until they overflowed;
            ``"fp16"``: a value too large for float16 and not for float32; ``"weights"``: parameters that were nan or
            inf before the step; ``"optimizer"``: finite gradients of which its step makes nan; ``"none"``: all finite.
        what: one sentence.
        module: the path of the module where it happened, such as ``"Net.head.2"``; ``""``: in none.
        operation: the function of torch, such as ``"log"``; with ``"backward of "`` before it for a derivative.
        place: the line of your code that called it, as ``"train.py:14: loss = p.log()"``; ``""``: unknown.
        sample: the index of the first bad sample along the batch dimension; ``None``: not a matter of one sample.
        write: what to do about it.
    """

    cause: Cause
    what: str
    module: str = ""
    operation: str = ""
    place: str = ""
    sample: int | None = None
    write: str = ""

    def __str__(self) -> str:
        head = "all is finite" if self.cause == "none" else f"nonfinite-loss: {_TITLES[self.cause]}"
        rows = [("what", self.what), ("module", self.module), ("line", self.place)]
        if self.sample is not None:
            rows.append(("sample", f"{self.sample} of the batch is the first"))
        rows.append(("write", self.write))
        return "\n".join([head, *(f"  {name:<7} {text}" for name, text in rows if text)])


_TITLES = {
    "data": "dirty data",
    "forward": "an operation at the edge of its domain",
    "gradient": "an exploding gradient",
    "fp16": "too large for float16",
    "weights": "the weights were not finite before this step",
    "optimizer": "the optimizer's step",
}


def diagnose_nonfinite(
    fn: Callable[..., Tensor],
    *args: Any,
    optimizer: Optimizer | None = None,
    loss_scale: float = 1.0,
    rng: RngState | None = None,
) -> Diagnosis:
    """Replay one step and name what makes it nan or inf: the data, an operation, the gradient, or the optimizer.

    ``fn(*args)`` computes the loss as the failing step did::

        print(tg.diagnose_nonfinite(lambda x, y: F.cross_entropy(model(x), y), x, y, optimizer=optimizer))

    Nothing is changed by it: parameters, gradients, buffers, the optimizer's state and the global generators are
    afterwards what they were. It runs the step once, slowly, with every operation's result looked at; it is no tool
    for each step of a run. An inf that was written on purpose, such as ``masked_fill(mask, -inf)`` before a softmax,
    counts only once a nan comes of it.

    Args:
        fn: gives the loss, a tensor; it calls no ``backward()``.
        args: the batch, as tensors in any nesting, with the samples along dimension 0. What ``fn`` takes from
            elsewhere is seen when it is first used, without the index of the sample.
        optimizer: its state is looked at too, and its step is tried.
        loss_scale: ``scaler.get_scale()`` if the failing backward was a scaled one.
        rng: the state of the generators before the failing step, from `rng_state`, for dropout as it was.

    Raises:
        MisuseError: ``fn`` gives no tensor.

    Source: PyTorch notes, "Numerical accuracy"; `torch.autograd.graph.Node.register_hook`.
    """
    if dirty := _dirty_data(args):
        return dirty
    forward = Forward()
    with _nothing_changed(forward, rng):
        loss = _run(fn, args, forward)
        if not torch.isfinite(loss).all():
            return _diagnosis(explain_forward(forward, loss, args))
        if not loss.requires_grad:
            return Diagnosis("none", "the loss is finite, and no gradient can come from it")
        return _after_forward(forward, loss * loss_scale, optimizer, args)


def _after_forward(forward: Forward, loss: Tensor, optimizer: Optimizer | None, args: object) -> Diagnosis:
    parameters = forward.parameters(also=_held(optimizer))
    backward = Backward(loss, forward)
    grads = backward.run(parameters)
    if finding := explain_backward(forward, backward, grads, args) or explain_norm(forward, parameters, grads):
        return _diagnosis(finding)
    if optimizer is not None and (tried := _try_step(optimizer, forward, dict(zip(parameters, grads, strict=True)))):
        return tried
    return Diagnosis(
        "none",
        f"the loss is {loss.sum().item():.4g}, and it, every gradient and every weight after the step are finite",
        write="replay the step that failed: the same batch, weights as they were before it, and rng= for its dropout",
    )


def _run(fn: Callable[..., Tensor], args: tuple[Any, ...], forward: Forward) -> Tensor:
    with torch.enable_grad(), forward:
        loss = fn(*args)
    if not isinstance(loss, Tensor):
        raise MisuseError(
            f"fn gave a {type(loss).__name__}, and the loss itself is needed; return it as a tensor, without .item()"
        )
    return loss


def _dirty_data(args: tuple[Any, ...]) -> Diagnosis | None:
    for path, tensor in tensors_in(args, "args"):
        if found := NonFinite.of(tensor):
            return Diagnosis(
                "data",
                f"{path}, shape {tuple(tensor.shape)}, holds {found} before any operation",
                sample=first_sample(tensor),
                write="leave such samples out where the dataset is made: assert torch.isfinite(x).all()",
            )
    return None


def _diagnosis(finding: Finding) -> Diagnosis:
    call = finding.call
    return Diagnosis(
        finding.cause,  # type: ignore[arg-type]  # the causes are named there as plain words
        finding.what,
        module=call.module if call else finding.module,
        operation=finding.operation,
        place=call.place if call else "",
        sample=finding.sample,
        write=finding.write,
    )


def _held(optimizer: Optimizer | None) -> Sequence[Tensor]:
    return [] if optimizer is None else [p for group in optimizer.param_groups for p in group["params"]]


def _try_step(optimizer: Optimizer, forward: Forward, grads: Mapping[Tensor, Tensor | None]) -> Diagnosis | None:
    """Step on these gradients, see whether a weight is finite no more, and take it all back."""
    if isinstance(optimizer, LBFGS):  # calls the forward itself
        return None
    held = _held(optimizer)
    dirty = _dirty_state(optimizer, forward)
    with _taken_back(optimizer, held):
        for parameter in held:
            parameter.grad = grads.get(parameter)
        optimizer.step()
        bad = [(parameter, found) for parameter in held if (found := NonFinite.of(parameter))]
    if not bad:
        return None
    parameter, found = bad[0]
    name, kind = forward.name_of(parameter), type(optimizer).__name__
    return Diagnosis(
        "optimizer",
        f"the gradients are finite, and {kind}.step() writes {found} into {name}"
        + (f"; its state held {dirty} before" if dirty else ""),
        module=name.rpartition(".")[0],
        operation=f"{kind}.step",
        write=f"load the last good checkpoint, whose {kind} state is finite"
        if dirty
        else f"give {kind} a larger eps and a smaller lr; it has {_settings(optimizer)}",
    )


@contextmanager
def _taken_back(optimizer: Optimizer, held: Sequence[Tensor]) -> Iterator[None]:
    """Lend the optimizer a copy of its state, and give weights and gradients back their values."""
    state, groups = optimizer.state, optimizer.param_groups
    before = [(parameter, parameter.detach().clone(), parameter.grad) for parameter in held]
    optimizer.state = defaultdict(dict, {parameter: deepcopy(entry) for parameter, entry in state.items()})
    optimizer.param_groups = [
        {key: value if key == "params" else deepcopy(value) for key, value in group.items()} for group in groups
    ]
    try:
        yield
    finally:
        optimizer.state, optimizer.param_groups = state, groups
        with torch.no_grad():
            for parameter, value, grad in before:
                parameter.copy_(value)
                parameter.grad = grad


def _dirty_state(optimizer: Optimizer, forward: Forward) -> str:
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            if isinstance(value, Tensor) and (found := NonFinite.of(value)):
                return f"{found} in {key} of {forward.name_of(parameter)}"
    return ""


def _settings(optimizer: Optimizer) -> str:
    group = optimizer.param_groups[0]
    return ", ".join(f"{name}={describe(group[name])}" for name in ("lr", "eps") if name in group)


@contextmanager
def _nothing_changed(forward: Forward, rng: RngState | None) -> Iterator[None]:
    replaced = rng_state()
    try:
        if rng is not None:
            set_rng_state(rng)
        yield
    finally:
        forward.restore_buffers()
        set_rng_state(replaced)
