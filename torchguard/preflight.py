"""A look at model, optimizers and loader together before a run, for what would only show hours later, or never."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from torchguard import loader_checks, model_checks, optimizer_checks
from torchguard.errors import MisuseError
from torchguard.findings import Finding, Findings
from torchguard.keys import unwrapped
from torchguard.loader import ResumableLoader
from torchguard.loader_checks import Loading, last_batch_of_one, too_little_shared_memory


def preflight(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    loader: DataLoader[Any] | ResumableLoader | None = None,
) -> Findings:
    """Look for what is wrong between a model, its optimizers and its training loader, before the first step.

    ::

        print(tg.preflight(model, optimizer, loader))

    It draws one sample from the data set and puts the generators back; no worker is started and nothing is changed.

    Args:
        model: wrapped or not, in the mode in which it will be trained.
        optimizer: one, or all that train this model together.
        loader: of the training data; ``None``: leave it out.

    Raises:
        MisuseError: an argument is of another kind.

    Prevents: batchnorm-single-sample, frozen-batchnorm-updates, frozen-params-in-optimizer, hard-coded-device,
        missing-distributed-sampler, missing-train-after-eval, params-missing-from-optimizer, requires-grad-on-module,
        shared-memory-workers, shared-worker-generator, stale-optimizer, unregistered-buffer, unregistered-submodules,
        unshuffled-training.
    """
    optimizers = [optimizer] if isinstance(optimizer, Optimizer) else list(optimizer)
    _check_kinds(model, optimizers, loader)
    inner = unwrapped(model)
    found = [finding for check in model_checks.CHECKS for finding in check(inner)]
    found += [finding for check in optimizer_checks.CHECKS for finding in check(inner, optimizers)]
    if loader is not None:
        found += _of_loader(inner, loader)
    values = sum(parameter.numel() for parameter in inner.parameters())
    return Findings(found, f"{type(inner).__name__}, {values:,} parameters")


def _of_loader(model: nn.Module, loader: DataLoader[Any] | ResumableLoader) -> Iterator[Finding]:
    """A ResumableLoader has its own order, generators and split over ranks, so these need no look."""
    loading = Loading.of(loader)
    yield from too_little_shared_memory(loading)
    if isinstance(loader, DataLoader):
        yield from (finding for check in loader_checks.CHECKS for finding in check(loader))
    yield from last_batch_of_one(model, loading)


def _check_kinds(model: object, optimizers: Sequence[object], loader: object) -> None:
    for wanted, kind, found in (
        ("model", nn.Module, [model]),
        ("optimizer", Optimizer, optimizers),
        ("loader", (DataLoader, ResumableLoader), [] if loader is None else [loader]),
    ):
        for one in found:
            if not isinstance(one, kind):
                name = kind[0].__name__ if isinstance(kind, tuple) else kind.__name__
                raise MisuseError(
                    f"the {wanted} is a {type(one).__name__} and no {name}; write preflight(model, optimizer, "
                    "loader), and leave out a loader of another kind"
                )
