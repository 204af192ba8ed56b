"""The names under which a module's tensors are saved, with and without the wrappers that put words into them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from torch import nn

Rename = Callable[[str], str]
WRAPPERS = ("module.", "_orig_mod.")  # DataParallel and DistributedDataParallel; torch.compile
BATCH_COUNT = "num_batches_tracked"  # newer than BatchNorm itself, and used by no forward with a momentum


def unwrapped(module: nn.Module) -> nn.Module:
    """The module inside DataParallel, DistributedDataParallel and ``torch.compile``."""
    while True:
        if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            module = module.module
        elif isinstance(inner := vars(module).get("_modules", {}).get("_orig_mod"), nn.Module):
            module = inner
        else:
            return module


def plain(key: str) -> str:
    """A key without the marks of compiled submodules."""
    return key.replace("_orig_mod.", "")


def is_batch_count(key: str) -> bool:
    return key.rpartition(".")[2] == BATCH_COUNT


def renamings(source: Collection[str], target: Collection[str]) -> Iterator[tuple[str, Rename]]:
    """Ways to make the keys of a state dict those of a module, with a word for each; as they are comes first."""
    yield "", _same
    yield "unwrapped", _bare
    own_key = {_bare(key): key for key in target}
    yield "wrapped as the module is", lambda key: own_key.get(_bare(key), key)
    if shared := common_prefix(source):
        yield f'without "{shared}"', lambda key: key.removeprefix(shared)
    if own := common_prefix(target):
        yield f'with "{own}"', lambda key: own + key


def common_prefix(keys: Collection[str]) -> str:
    """The dotted beginning that all keys share: ``"backbone."``, or ``""``."""
    if not keys:
        return ""
    first, last = min(keys).split(".")[:-1], max(keys).split(".")[:-1]
    shared = []
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        shared.append(f"{one}.")
    return "".join(shared)


def _same(key: str) -> str:
    return key


def _bare(key: str) -> str:
    key = plain(key)
    while key.startswith(WRAPPERS):
        key = key.partition(".")[2]
    return key
