"""How the gradients of the ranks come together: by DDP, by FSDP2, or not at all in a single process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from torchguard.errors import MisuseError
from torchguard.model_ranks import ModelRanks, world_size


class Sync(Protocol):
    """What `TrainStep` asks of a model whose gradients are averaged over ranks."""

    ranks: ModelRanks

    def forward(self, closes: bool) -> AbstractContextManager[Any]:
        """The context of a micro-batch's forward.

        Args:
            closes: it is the window's last, so that its backward may bring the ranks together.
        """

    def average(self, parameters: Sequence[Tensor]) -> None:
        """Make each gradient the mean over the ranks, unless the window's backward passes did."""

    def whole(self, norm: Tensor) -> Tensor:
        """The norm over all ranks' shards."""


def sync_of(model: nn.Module) -> Sync | None:
    """How this model's ranks come together; ``None`` in a single process.

    Raises:
        MisuseError: there are several ranks, and nothing brings them together.
    """
    if world_size() == 1:
        return None
    replicas = [module for module in model.modules() if isinstance(module, DistributedDataParallel)]
    if replicas:
        return Replicated(replicas)
    if group := _group_of_shards(model):
        return Sharded(group)
    raise MisuseError(
        f"there are {world_size()} ranks and the model is a plain {type(model).__name__}, so each rank would train its "
        "own; write model = torchguard.ddp(model), or torchguard.fsdp(model), before the optimizer is made"
    )


class Replicated:
    """DDP: gradients stay on the rank until the window's last backward, which averages them while it runs."""

    def __init__(self, modules: Sequence[DistributedDataParallel]) -> None:
        self._modules = modules
        self._group: dist.ProcessGroup = modules[0].process_group
        self._is_local = False  # did the last forward leave DDP out?
        self.ranks = ModelRanks.of(self._group)

    def forward(self, closes: bool) -> AbstractContextManager[Any]:
        self._refuse_join()
        self._is_local = not closes
        return nullcontext() if closes else self._on_this_rank()

    @contextmanager
    def _on_this_rank(self) -> Iterator[None]:
        with ExitStack() as contexts:
            for module in self._modules:
                contexts.enter_context(module.no_sync())
            yield

    def average(self, parameters: Sequence[Tensor]) -> None:
        """Only for a window that ends before its last micro-batch: there was no backward that DDP could join."""
        if not self._is_local:
            return
        used = torch.tensor([float(parameter.grad is not None) for parameter in parameters])
        used = used.to(parameters[0].device)
        dist.all_reduce(used, group=self._group)
        for parameter, ranks in zip(parameters, used.tolist(), strict=True):
            if ranks:
                parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                dist.all_reduce(parameter.grad, group=self._group)
                parameter.grad /= self.ranks.size
        self._is_local = False

    def whole(self, norm: Tensor) -> Tensor:
        return norm

    def _refuse_join(self) -> None:
        if any(module._join_config.enable for module in self._modules):  # pylint: disable=protected-access
            raise MisuseError(
                "the model is inside model.join(), whose stand-in messages do not match those of TrainStep; write "
                "for batch in step.join(loader): instead"
            )


class Sharded:
    """FSDP2: each backward reduces its gradients at once and adds them to the shards.

    ``set_requires_gradient_sync(False)`` would save the reduction of all but the last micro-batch. But it keeps whole
    gradients outside of ``parameter.grad`` until a later backward, so that a window that ends early would lose them, a
    checkpoint inside a window would lack them, and memory would hold what sharding is to spare.
    """

    def __init__(self, group: dist.ProcessGroup) -> None:
        self.ranks = ModelRanks.of(group)

    def forward(self, closes: bool) -> AbstractContextManager[Any]:  # pylint: disable=unused-argument
        """The same for all micro-batches."""
        return nullcontext()

    def average(self, parameters: Sequence[Tensor]) -> None:
        """Every backward did."""

    def whole(self, norm: Tensor) -> Tensor:
        complete: Tensor = norm.full_tensor() if is_sharded(norm) else norm  # type: ignore[attr-defined]
        return complete


def _group_of_shards(model: nn.Module) -> dist.ProcessGroup | None:
    """The ranks that hold the shards of a model; ``None`` if it is not sharded."""
    from torch.distributed.tensor import DTensor

    mesh = next((parameter.device_mesh for parameter in model.parameters() if isinstance(parameter, DTensor)), None)
    if mesh is None:
        return None
    if mesh.ndim > 1:
        raise MisuseError(
            f"the parameters lie on a mesh of {mesh.ndim} dimensions, and which of them hold other samples cannot be "
            "told; shard over one dimension, as torchguard.fsdp(model) does"
        )
    return mesh.get_group()


def is_sharded(tensor: Tensor) -> bool:
    """Is it a DTensor? Without importing what most runs do not need, and what exists wherever there is one."""
    module = sys.modules.get("torch.distributed.tensor")
    return module is not None and isinstance(tensor, module.DTensor)
