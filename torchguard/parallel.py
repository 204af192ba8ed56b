"""One module on several GPUs or ranks, by torch's own wrappers, with what they leave to the user."""

from __future__ import annotations

import warnings
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from torchguard.errors import MisuseError
from torchguard.model_ranks import ModelRanks, world_size

_CARRIES = "_torchguard_carries_autocast"


def ddp(model: nn.Module, **options: Any) -> nn.Module:
    """`DistributedDataParallel` over all ranks; in a single process the model as it is.

    Args:
        model: on this rank's device already. Every rank goes on with rank 0's parameters and buffers.
        options: of ``DistributedDataParallel``, such as ``find_unused_parameters=True``.

    Raises:
        MisuseError: no parameter is trainable, they lie on more than one device, two ranks share a GPU, the model is
            wrapped already, or there are several processes and no process group.

    Prevents: unset-device.
    """
    if world_size() == 1:
        _refuse_wrapped(model, "ddp")
        return model
    device = _checked(model, "ddp")
    return DistributedDataParallel(model, device_ids=[device.index] if device.type == "cuda" else None, **options)


def fsdp(model: nn.Module, *, blocks: tuple[type[nn.Module], ...] = (), **options: Any) -> nn.Module:
    """FSDP2 (``fully_shard``) over all ranks; in a single process the model as it is.

    Build the optimizer afterwards: sharding replaces the parameters.

    Args:
        model: on this rank's device already; is changed in place, and sharded from rank 0's parameters.
        blocks: classes of submodules that are gathered and freed one by one, such as ``(TransformerBlock,)``. Without
            them the whole model is gathered for each forward, which saves memory for optimizer state only.
        options: of ``fully_shard``, such as ``mp_policy`` or ``reshard_after_forward``.

    Raises:
        MisuseError: as `ddp`; or no submodule is one of ``blocks``.
    """
    parts = [module for module in model.modules() if blocks and isinstance(module, blocks)]
    if blocks and not parts:
        raise MisuseError(
            f"no submodule is a {' or '.join(block.__name__ for block in blocks)}, so nothing would be sharded block "
            "by block; name the classes of the model's own layers in blocks=(...)"
        )
    if world_size() == 1:
        return model
    device = _checked(model, "fsdp")
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    for tensor in (*model.parameters(), *model.buffers()):
        dist.broadcast(tensor.detach(), src=0)
    mesh = init_device_mesh(device.type, (world_size(),))
    for part in (*parts, model):
        fully_shard(part, mesh=mesh, **options)
    return model


def dp(model: nn.Module) -> nn.Module:
    """`DataParallel` over this process's GPUs, whose replicas compute in the dtype that autocast was asked for.

    It spreads each batch over the GPUs by threads, and torch starts those with float16, whatever the outer autocast
    says. With fewer than two GPUs there is nothing to spread over: it says so in a warning and returns the model as it
    is. `ddp` is faster and should be preferred.

    Raises:
        MisuseError: the model is wrapped already.
    """
    _refuse_wrapped(model, "dp")
    if (gpus := torch.cuda.device_count()) < 2:
        warnings.warn(
            f"DataParallel has {gpus} GPUs here and nothing to spread the batch over, so the model runs as it is, on "
            "the device where it is; start several processes with torchguard.ddp to compute in parallel on CPUs",
            stacklevel=2,
        )
        return model
    return carry_autocast(DataParallel(model.to("cuda:0")))  # pylint: disable=data-parallel  # this was asked for


def carry_autocast(model: DataParallel[nn.Module]) -> nn.Module:
    """Let the replicas' threads compute in the dtype of the thread that calls the model; a second call does nothing."""
    if _CARRIES in vars(model):
        return model
    asked: dict[str, torch.dtype] = {}

    def ask(_module: nn.Module, _inputs: object) -> None:
        asked.update({kind: torch.get_autocast_dtype(kind) for kind in ("cuda", "cpu")})

    def obey(_replica: nn.Module, _inputs: object) -> None:
        for kind, dtype in asked.items():
            torch.set_autocast_dtype(kind, dtype)

    model.register_forward_pre_hook(ask)
    model.module.register_forward_pre_hook(obey)
    vars(model)[_CARRIES] = True
    return model


def _checked(model: nn.Module, name: str) -> torch.device:
    """The one device of a model that can be wrapped."""
    _refuse_wrapped(model, name)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise MisuseError(
            f"the {type(model).__name__} has no trainable parameter, so ranks have nothing to average; leave out "
            f"{name}()"
        )
    devices = {parameter.device for parameter in model.parameters()}
    if len(devices) > 1:
        raise MisuseError(
            f"the parameters lie on {len(devices)} devices ({', '.join(sorted(map(str, devices)))}); write "
            f"{name}(model.to(env.device))"
        )
    ranks = ModelRanks.of(_world())
    ranks.refuse_shared_devices(*devices)
    ranks.close()
    return devices.pop()


def _world() -> dist.ProcessGroup:
    world = dist.group.WORLD
    assert world is not None  # there are several ranks
    return world


def _refuse_wrapped(model: nn.Module, name: str) -> None:
    if not isinstance(model, nn.Module):
        raise MisuseError(f"{name}() was given a {type(model).__name__}; pass the nn.Module")
    if isinstance(model, (DataParallel, DistributedDataParallel)):
        raise MisuseError(f"the model is a {type(model).__name__} already; write {name}(model.module)")
