"""``scheduler.step()`` before the first ``optimizer.step()``."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Escaped, Kind, OptimizerStep, SchedulerSet, SchedulerStep


class SchedulerBeforeOptimizer(Pitfall):
    """A scheduler sets its first learning rate when it is built; its first ``step()`` already moves on from that.

    Stepped before the optimizer, it skips the first value of the schedule, and every later change comes one epoch,
    or one batch, too early. Since torch 1.1 that is the wrong order; older tutorials show it.
    """

    msgid = "W7714"
    symbol = "scheduler-before-optimizer"
    message = (
        "%s first runs when scheduler.step() already has, so the schedule's first learning rate is skipped; "
        "call scheduler.step() after it"
    )
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
