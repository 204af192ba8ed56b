"""``nn.DataParallel``: several devices in one process."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program


class DataParallel(Pitfall):
    """``nn.DataParallel`` drives all devices from one process, with one thread each under one interpreter lock.

    It copies the model to every device for every batch, gathers all outputs on the first one, which runs out of memory
    before the others, and computes BatchNorm's statistics on each part of a batch. torch advises to use
    ``DistributedDataParallel`` even on one machine.
    """

    msgid = "R7768"
    symbol = "data-parallel"
    message = (
        "%s copies the model to every device for each batch and loads the first one most; start one process for "
        "each device with torchrun; write DistributedDataParallel(%s), or call torchguard.ddp"
    )
    guard = "torchguard.ddp"
    signs = signs(["DataParallel", "data_parallel"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find modules that are wrapped so."""
        for path in ("torch.nn.DataParallel", "torch.nn.parallel.data_parallel"):
            for call in program.calls(path):
                if not call.function.startswith("test_"):  # it tries what is done with such a module
                    yield Finding(call, (call.text, call.argument_text("module") or "model"))
