"""``scheduler.step()`` before the first ``optimizer.step()``."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Finding, Pitfall, Protocol
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Escaped, Kind, OptimizerStep, SchedulerSet, SchedulerStep

_SINCE = "1.1"  # before it, the first step() set the first learning rate


class SchedulerBeforeOptimizer(Pitfall):
    """A scheduler sets its first learning rate when it is built; its first ``step()`` already moves on from that.

    Stepped before the optimizer, it skips the first value of the schedule, and every later change comes one epoch,
    or one batch, too early. Since torch 1.1 that is the wrong order (issue 20124), and since 1.2 it warns; older
    tutorials show it.
    """

    msgid = "W7714"
    symbol = "scheduler-before-optimizer"
    message = (
        "%s first runs when scheduler.step() already has, so the schedule's first learning rate is skipped; "
        "call scheduler.step() after it"
    )
    torch_versions = f">= {_SINCE}"
    protocol = Protocol(
        of=Kind.SCHEDULER,
        start="fresh",
        moves={
            ("fresh", SchedulerStep): "early",
            ("fresh", SchedulerSet): "fresh",  # told where to go, it skips nothing
            ("fresh", OptimizerStep): "running",
            ("fresh", Escaped): "running",
            ("early", Escaped): "running",
            ("early", OptimizerStep): BROKEN,
        },
    )

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find the broken order, but where the project declares releases for which it is right."""
        if not program.torch_range.is_before(_SINCE):
            yield from super().check(program)
