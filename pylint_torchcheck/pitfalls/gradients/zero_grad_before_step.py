"""``zero_grad()`` between ``backward()`` and ``step()``."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Backward, Escaped, Kind, OptimizerStep, ZeroGrad


class ZeroGradBeforeStep(Pitfall):
    """Gradients that are cleared before the optimizer has used them train nothing.

    The step then finds no gradient at all and leaves every parameter as it is, without a word.
    """

    msgid = "E7712"
    symbol = "zero-grad-before-step"
    message = (
        "%s finds no gradients, because zero_grad() cleared them after backward(); "
        "call zero_grad() before backward(), or after step()"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="clear",
        moves={
            ("clear", Backward): "full",
            ("full", ZeroGrad): "wiped",
            ("full", OptimizerStep): "clear",
            ("wiped", Backward): "full",
            ("wiped", Escaped): "full",  # the code that got hold of the model or the loss may call backward
            ("wiped", OptimizerStep): BROKEN,
        },
    )
