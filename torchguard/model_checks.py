"""What can be wrong with a module before it is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.dropout import _DropoutNd

from torchguard.findings import Finding
from torchguard.freeze import asked_mode
from torchguard.words import count, some


def _batch_norm_of_frozen_parameters(model: nn.Module) -> Iterator[Finding]:
    moving = [
        name
        for name, module in model.named_modules()
        if isinstance(module, _NormBase) and module.training and module.track_running_stats and _is_frozen(module)
    ]
    if moving:
        yield Finding(
            "frozen-batchnorm-updates",
            f"{some(moving, 'norm')} frozen and in train mode, so running statistics go on moving",
            "torchguard.freeze(module)",
        )


def _is_frozen(module: nn.Module) -> bool:
    parameters = list(module.parameters())
    return bool(parameters) and not any(parameter.requires_grad for parameter in parameters)


def _left_in_eval(model: nn.Module) -> Iterator[Finding]:
    """Dropout and norms that no one asked to be in eval mode, inside a model that is in it as a whole."""
    if model.training:
        return
    modal = [name for name, module in model.named_modules() if isinstance(module, (_BatchNorm, _DropoutNd))]
    still = [name for name in modal if not asked_mode(model.get_submodule(name))]
    if still:
        yield Finding(
            "missing-train-after-eval",
            f"the model is in eval mode, so {some(still, 'layer')} would not train as meant",
            "model.train()",
        )


def _attribute_instead_of_method(model: nn.Module) -> Iterator[Finding]:
    for name, module in model.named_modules():
        if "requires_grad" in vars(module) and any(parameter.requires_grad for parameter in module.parameters()):
            yield Finding(
                "requires-grad-on-module",
                f"{_called(name)}.requires_grad is a plain attribute, and its parameters are trained all the same",
                f"{_called(name)}.requires_grad_(False)",
            )


def _modules_out_of_sight(model: nn.Module) -> Iterator[Finding]:
    registered = set(map(id, model.modules()))
    for name, module in model.named_modules():
        for attribute, value in vars(module).items():
            if attribute.startswith("_") or not isinstance(value, (list, tuple, dict)):
                continue
            inside = value.values() if isinstance(value, dict) else value
            hidden = [one for one in inside if isinstance(one, nn.Module) and id(one) not in registered]
            if len(hidden) > 1 and any(any(True for _ in one.parameters()) for one in hidden):
                kind = "nn.ModuleDict" if isinstance(value, dict) else "nn.ModuleList"
                yield Finding(
                    "unregistered-submodules",
                    f"{_called(name)}.{attribute} is a plain {type(value).__name__} of {count(len(hidden), 'module')}, "
                    "which are not trained, moved or saved",
                    f"{kind}({attribute})",
                )


def _tensors_out_of_sight(model: nn.Module) -> Iterator[Finding]:
    devices = {parameter.device for parameter in model.parameters()}
    for name, module in model.named_modules():
        for attribute, value in vars(module).items():
            if isinstance(value, Tensor) and not value.requires_grad and value.device not in devices and devices:
                yield Finding(
                    "unregistered-buffer",
                    f"{_called(name)}.{attribute} is a plain tensor on {value.device}, and the parameters are on "
                    f"{', '.join(sorted(map(str, devices)))}",
                    f'self.register_buffer("{attribute}", tensor, persistent=False)',
                )


def _several_devices(model: nn.Module) -> Iterator[Finding]:
    by_device: dict[str, list[str]] = {}
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        by_device.setdefault(tensor.device.type, []).append(name)
    if len(by_device) > 1:
        where = ", ".join(f"{some(names, 'tensor', shown=1)} on {device}" for device, names in by_device.items())
        yield Finding("hard-coded-device", f"the model is spread over kinds of devices: {where}", "model.to(device)")


def _called(name: str) -> str:
    return f"model.{name}" if name else "model"


CHECKS: tuple[Callable[[nn.Module], Iterator[Finding]], ...] = (
    _batch_norm_of_frozen_parameters,
    _left_in_eval,
    _attribute_instead_of_method,
    _modules_out_of_sight,
    _tensors_out_of_sight,
    _several_devices,
)
