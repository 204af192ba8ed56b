"""``ReduceLROnPlateau.step()`` with no metric."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program

_PLATEAU = "torch.optim.lr_scheduler.ReduceLROnPlateau"


class PlateauWithoutMetric(Pitfall):
    """``ReduceLROnPlateau`` looks at a metric, which its ``step`` must be given; every other scheduler counts calls.

    ``step()`` alone raises a ``TypeError``, often only at the end of the first epoch.
    """

    msgid = "E7715"
    symbol = "plateau-without-metric"
    message = "%s gives ReduceLROnPlateau no metric to look at, so it raises TypeError; write %s.step(validation_loss)"
    signs = signs(["ReduceLROnPlateau", "lr_scheduler"], [".step"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find steps of what is a ReduceLROnPlateau for certain, without arguments."""
        for call in program.method_calls("step"):
            if _is_plateau(call) and not call.gives("metrics") and not call.argument_text("metrics"):
                yield Finding(call, (call.text, call.receiver_text))


def _is_plateau(call: Call) -> bool:
    return bool(call.receivers) and all(value.path == _PLATEAU for value in call.receivers)
