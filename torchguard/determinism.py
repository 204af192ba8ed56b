"""Bit-identical runs: what torch needs for them, set together and put back, and what it cannot give, said."""

from __future__ import annotations

import os
import re
import sys
from types import TracebackType

import torch

from torchguard.errors import MisuseError, NoDeterministicKernelError

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
_FITTING_WORKSPACES = (":4096:8", ":16:8")
_NO_KERNEL = re.compile(r"(\S+) does not have a deterministic implementation")
# What does the same with kernels that are deterministic, by the beginning of the name that torch gives the operation.
_INSTEAD = {
    "put_": "x.index_put_(..., accumulate=True), or index_copy_ with indices that differ",
    "upsample": 'F.interpolate(x, mode="nearest"), or the resizing in the dataset',
    "grid_sampler": "the sampling on the CPU, or in the dataset",
    "adaptive_avg_pool": "nn.AvgPool2d with a fixed kernel size, or x.mean((2, 3)) for an output size of 1",
    "adaptive_max_pool": "nn.MaxPool2d with a fixed kernel size, or x.amax((2, 3)) for an output size of 1",
    "nll_loss2d": "the loss on logits.permute(0, 2, 3, 1).reshape(-1, classes) and target.reshape(-1)",
    "max_unpool": "nn.Upsample or a transposed convolution",
    "reflection_pad": 'F.pad(x, pad, mode="constant"), or the padding in the dataset',
    "replication_pad": 'F.pad(x, pad, mode="constant"), or the padding in the dataset',
    "kthvalue": "x.sort(dim).values.select(dim, k - 1)",
    "histc": "torch.bincount of integer bins on the CPU",
    "ctc_loss": "the loss on the CPU: F.ctc_loss(log_probs.cpu(), targets.cpu(), ...)",
    "cumsum": "the sum on the CPU, x.cpu().cumsum(dim)",
}


def deterministic(*, warn_only: bool = False) -> Deterministic:
    """Let torch use deterministic kernels alone, on the CPU and on CUDA.

    As a statement, at the head of a script, it is for good; as a context manager it puts everything back at the end,
    and an operation that has no deterministic kernel raises with what to write instead::

        tg.seed_everything(0)
        print(tg.deterministic())

    It sets ``torch.use_deterministic_algorithms``, ``torch.backends.cudnn.deterministic``, switches
    ``torch.backends.cudnn.benchmark`` off, which picks kernels by their speed on that day, and sets
    ``CUBLAS_WORKSPACE_CONFIG`` where it is not set. Seeds are another matter: `seed_everything`.

    Args:
        warn_only: warn of an operation that has no deterministic kernel, and run it.

    Raises:
        MisuseError: CUDA is in use already, and ``CUBLAS_WORKSPACE_CONFIG`` was not set before it.

    Source: PyTorch notes, "Reproducibility".
    Prevents: late-determinism, benchmark-with-determinism.
    """
    _check_workspace()
    return Deterministic(warn_only=warn_only)


class Deterministic:
    """What `deterministic` set; prints what remains up to you.

    Attributes:
        remaining: what this process cannot make deterministic, each with what to do.
    """

    def __init__(self, *, warn_only: bool) -> None:
        self._before = (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.backends.cudnn.deterministic,
            torch.backends.cudnn.benchmark,
            os.environ.get(_WORKSPACE),
        )
        os.environ.setdefault(_WORKSPACE, _FITTING_WORKSPACES[0])
        torch.use_deterministic_algorithms(True, warn_only=warn_only)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        self.remaining = _remaining()

    def __str__(self) -> str:
        head = "deterministic kernels only; the same bits need the same versions, devices and number of threads"
        return "\n".join([head, *(f"  {line}" for line in self.remaining)])

    def restore(self) -> None:
        """Put every setting back to what it was."""
        enabled, warn_only, cudnn_deterministic, cudnn_benchmark, workspace = self._before
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        torch.backends.cudnn.deterministic = cudnn_deterministic
        torch.backends.cudnn.benchmark = cudnn_benchmark
        if workspace is None:
            os.environ.pop(_WORKSPACE, None)

    def __enter__(self) -> Deterministic:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.restore()
        if isinstance(error, RuntimeError) and (found := _NO_KERNEL.search(str(error))):
            raise NoDeterministicKernelError(_no_kernel(found[1])) from error


def _check_workspace() -> None:
    workspace = os.environ.get(_WORKSPACE)
    if workspace is not None and workspace not in _FITTING_WORKSPACES:
        raise MisuseError(
            f'{_WORKSPACE}="{workspace}" lets cuBLAS choose by what is running beside it; write '
            f'{_WORKSPACE}="{_FITTING_WORKSPACES[0]}" into the environment, or leave it unset'
        )
    if workspace is None and torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        raise MisuseError(
            f"CUDA is in use already, and cuBLAS reads {_WORKSPACE} once, when it starts; call deterministic() before "
            f"the first tensor goes to a GPU, or start the script with {_WORKSPACE}={_FITTING_WORKSPACES[0]}"
        )


def _remaining() -> list[str]:
    lines = [
        f"threads: {torch.get_num_threads()} now; sums differ by their number: torch.set_num_threads(1) or as here"
    ]
    if sys.flags.hash_randomization:
        lines.append("the order of sets of strings changes from run to run: start with PYTHONHASHSEED=0, or sort them")
    if torch.cuda.is_available() and torch.cuda.device_count() > 1:
        lines.append("several GPUs: their sums come in another order at another world size")
    return lines


def _no_kernel(operation: str) -> str:
    instead = next((cure for name, cure in _INSTEAD.items() if operation.startswith(name)), "")
    cure = f"write {instead}" if instead else "run it on the CPU"
    return (
        f"{operation} has no deterministic kernel on this device, so two runs would differ in it; {cure}, or accept it "
        "with deterministic(warn_only=True)"
    )
