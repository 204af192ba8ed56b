"""Which of the causes of a nan or inf it is, told from what a replay saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from torchguard.replay import Backward, Call, Forward, Origin
from torchguard.tensors import NonFinite, first_sample, largest, tensors_in

# Weights of a working net are of the order of 1: one of these is on its way out.
_BLOWN_UP = 1e3
# The operations whose value or derivative is infinite at the edge of their domain, and what keeps them off it.
_KEEP_OFF = {
    "log": "torch.log(x.clamp_min(1e-8)), or a loss that takes logits, such as F.cross_entropy",
    "sqrt": "torch.sqrt(x.clamp_min(1e-8)), since the derivative is infinite at 0 as well",
    "rsqrt": "torch.rsqrt(x + 1e-8)",
    "div": "x / y.clamp_min(1e-8), or x / (y + 1e-8)",
    "pow": "x.clamp_min(1e-8).pow(exponent)",
    "norm": "x.square().sum(dim).add(1e-12).sqrt(), since the derivative of a norm is not defined at 0",
    "arc": "torch.acos(x.clamp(-1 + 1e-6, 1 - 1e-6))",
    "exp": "torch.exp(x.clamp_max(80)), or torch.logsumexp and F.softplus, which do not overflow",
    "softmax": "a mask that leaves at least one position of each row, since a row of -inf alone gives nan",
    "var": "x.var(dim, correction=0), or .clamp_min(1e-8) before a square root or division",
}
_FAMILIES = {
    "log": "log log2 log10 log1p xlogy logit binary_cross_entropy kl_div nll_loss",
    "sqrt": "sqrt",
    "rsqrt": "rsqrt",
    "div": "div truediv divide true_divide reciprocal rtruediv itruediv rdiv idiv floor_divide fmod remainder",
    "pow": "pow rpow ipow float_power",
    "norm": "norm vector_norm cdist pairwise_distance dist normalize cosine_similarity matrix_norm",
    "arc": "acos asin acosh atanh arccos arcsin arctanh atan2 erfinv",
    "exp": "exp expm1 exp2 sinh cosh logaddexp",
    "softmax": "softmax log_softmax scaled_dot_product_attention",
    "var": "var std var_mean std_mean",
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}


@dataclass(frozen=True)
class Finding:
    """One cause, with all that a `Diagnosis` says of it."""

    cause: str
    what: str
    operation: str = ""
    call: Origin | None = None
    module: str = ""
    sample: int | None = None
    write: str = ""


def explain_forward(forward: Forward, loss: Tensor, args: object) -> Finding:
    """Why the loss is not finite."""
    last = forward.call_that_made(loss)
    if last is None:
        return Finding("forward", "the loss is not finite, and was made where this cannot look (another thread?)")
    call = last.origin()
    if call.given:
        return _was_there_before(forward, call)
    if call.dtype == torch.float16 and call.fits_float32:
        return _too_large_for_half(call)
    if call.largest_input >= _huge(call.dtype):
        return _grown(forward, call, args)
    return Finding(
        "forward",
        f"{call.operation} made {call.found}{_of_what(call)}",
        operation=call.operation,
        call=call,
        sample=call.sample if call.rows in _batch_sizes(args) else None,
        write=_cure(call.operation),
    )


def explain_backward(
    forward: Forward, backward: Backward, grads: Sequence[Tensor | None], args: object
) -> Finding | None:
    """Why a gradient of a finite loss is not finite; ``None`` if all are."""
    if not any(grad is not None and NonFinite.of(grad) for grad in grads):
        return None
    if backward.first is None:  # each summand was finite, and their sum was not
        return _exploding(backward, None, "gradients that are finite one by one overflow where they are added")
    first = backward.first
    origin = forward.node_origin(first.node)
    operation = origin.operation if origin else first.node.name()
    if first.dtype == torch.float16:
        return Finding(
            "fp16",
            f"the gradient of {operation} holds {first.found} in float16, whose largest value is 65504, after "
            f"{first.came:.3g}",
            operation=f"backward of {operation}",
            call=origin,
            write="with a GradScaler now and then one is expected: scaler.step skips it and lowers the scale; if every "
            "step does it, the loss itself is too large: divide it, or use bfloat16",
        )
    if first.came >= _huge(first.dtype):
        return _exploding(backward, origin, f"the gradient had grown to {first.came:.3g} before {operation}")
    return Finding(
        "forward",
        f"the loss is finite, but the derivative of {operation} gives {first.found}",
        operation=f"backward of {operation}",
        call=origin,
        sample=first.sample if first.rows in _batch_sizes(args) else None,
        write=_cure(operation),
    )


def explain_norm(forward: Forward, parameters: Sequence[Tensor], grads: Sequence[Tensor | None]) -> Finding | None:
    """Finite gradients whose norm is not, so that clipping to it gives zeros or nan."""
    there = [(parameter, grad) for parameter, grad in zip(parameters, grads, strict=True) if grad is not None]
    if not there or bool(torch.isfinite(nn.utils.get_total_norm([grad for _, grad in there]))):
        return None
    parameter, grad = max(there, key=lambda pair: largest(pair[1]))
    name = forward.name_of(parameter)
    return Finding(
        "gradient",
        f"every gradient is finite, and their norm overflows; the largest is {largest(grad):.3g}, in {name}",
        module=name.rpartition(".")[0],
        write=_SMALLER_STEPS,
    )


def _was_there_before(forward: Forward, call: Call) -> Finding:
    tensor = call.given[0]
    found = NonFinite.of(tensor)
    if isinstance(tensor, nn.Parameter):
        name = forward.name_of(tensor)
        return Finding(
            "weights",
            f"{name} holds {found} before this step, so an earlier one wrote it there",
            operation=call.operation,
            call=Origin(call.operation, name.rpartition(".")[0], call.place),
            write="load the newest checkpoint from before it, and diagnose the first step that gives nan; with "
            "torchguard.TrainStep no such step is taken",
        )
    return Finding(
        "data",
        f"{forward.name_of(tensor)}, which came into the step from outside, holds {found}",
        operation=call.operation,
        call=call,
        sample=first_sample(tensor),
        write="leave such samples out where the dataset is made: assert torch.isfinite(x).all()",
    )


def _too_large_for_half(call: Call) -> Finding:
    return Finding(
        "fp16",
        f"{call.operation} made {call.found} in float16, whose largest value is 65504; in float32 it is finite",
        operation=call.operation,
        call=call,
        sample=call.sample,
        write="with torch.autocast(device, enabled=False): around this line, on x.float(); or autocast to bfloat16",
    )


def _grown(forward: Forward, call: Call, args: object) -> Finding:
    """Finite and too large already when it came here: by the data, by the weights, or from layer to layer."""
    where = f"{call.operation} overflows: its input was {call.largest_input:.3g} already"
    path, tensor, size = max(
        ((path, tensor, largest(tensor)) for path, tensor in tensors_in(args, "args")),
        key=lambda found: found[2],
        default=("", None, 0.0),
    )
    if tensor is not None and size >= _huge(torch.float32):
        sample = int(tensor.flatten(1).abs().amax(dim=1).argmax()) if tensor.ndim > 1 else int(tensor.abs().argmax())
        return Finding(
            "data",
            f"{where}, because {path} holds {size:.3g}",
            operation=call.operation,
            call=call,
            sample=sample,
            write="look at this sample; normalize the data where the dataset is made",
        )
    weights = {forward.name_of(parameter): largest(parameter) for parameter in forward.parameters()}
    name = max(weights, key=weights.__getitem__, default="")
    if name and weights[name] >= _BLOWN_UP:
        what = f"{where}, because earlier steps have driven the weights up, {name} to {weights[name]:.3g}"
        return Finding("gradient", what, operation=call.operation, call=call, write=_SMALLER_STEPS)
    return Finding(
        "forward",
        f"{where}; it grew from layer to layer: {_path_of_growth(forward.growth)}",
        operation=call.operation,
        call=call,
        write="a normalization between the layers, nn.LayerNorm or nn.BatchNorm, or smaller initial weights",
    )


def _exploding(backward: Backward, origin: Origin | None, what: str) -> Finding:
    growth = _path_of_growth(backward.growth)
    return Finding(
        "gradient",
        what + (f"; from the loss down: {growth}" if growth else ""),
        operation=f"backward of {origin.operation}" if origin else "",
        call=origin,
        write=_SMALLER_STEPS,
    )


_SMALLER_STEPS = (
    "torchguard.TrainStep(model, optimizer, clip_norm=1.0) from the start of the run, with a smaller lr or a warm-up"
)


def _path_of_growth(growth: Mapping[str, float]) -> str:
    """At most five stations, in the order in which they were passed."""
    stations = [(path, size) for path, size in growth.items() if size > 0]
    stride = max(1, -(-len(stations) // 5))
    return ", ".join(f"{path} {size:.2g}" for path, size in stations[::stride])


def _of_what(call: Call) -> str:
    family = _FAMILY.get(call.operation.rstrip("_"), "")
    if any(parent.on_purpose for parent in call.parents):
        return f" of the -inf that {call.parents[0].operation} wrote on purpose ({call.parents[0].place})"
    if family in {"arc", "exp"}:
        return f" of a value of size {call.largest_input:.4g}"
    if family and call.smallest_input <= 1e-30:
        return " of a value that is 0"
    return " of values below 0" if family in {"log", "sqrt", "pow"} else ""


def _batch_sizes(args: object) -> set[int]:
    """Where a result's first dimension is one of these, its index is taken for that of a sample."""
    return {tensor.shape[0] for _, tensor in tensors_in(args, "args") if tensor.ndim > 0}


def _cure(operation: str) -> str:
    family = _FAMILY.get(operation.rstrip("_"))
    return _KEEP_OFF[family] if family else "an epsilon or a clamp on what goes into it"


def _huge(dtype: torch.dtype) -> float:
    """From here on a product of two such values overflows, with room for a sum over ten thousand of them."""
    return float(torch.finfo(dtype if dtype.is_floating_point else torch.float32).max ** 0.5 / 1e4)
