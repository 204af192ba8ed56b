"""A GPU's work, timed by the host's clock."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program


class TimingWithoutSynchronize(Pitfall):
    """On CUDA a call only puts its work in a queue, and comes back at once, long before the work is done.

    A clock that is read then has timed the queueing. The figure hardly depends on the module or the batch size, and
    the work that is still to do is charged to whatever waits for it first, such as an ``.item()`` further down.
    A call on a CPU comes back when its work is done, so the harm, and that of the example, shows on a GPU only.
    """

    msgid = "W7728"
    symbol = "timing-without-synchronize"
    message = (
        "%s reads the clock while a GPU may still be at work on %s, so only the queueing of that is timed; call "
        "torch.cuda.synchronize() before each look at the clock"
    )
    signs = signs(["time", "perf_counter", "monotonic", "default_timer"], [".cuda", ".to"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find looks at the clock with nothing that waits between them."""
        for clock, work in program.unsynchronized_timings():
            yield Finding(clock, (clock.text, work.text))
