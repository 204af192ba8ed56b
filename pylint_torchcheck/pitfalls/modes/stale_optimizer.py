"""An optimizer that was built before a layer of its module was replaced."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import Escaped, Kind, OptimizerStep, ParametersAdded, PartReplaced


class StaleOptimizer(Pitfall):
    """An optimizer holds the parameters that the module had when it was built, and never looks again.

    A layer that is put in place afterwards, such as a new head, is in no optimizer: it keeps its random weights
    through all of the training, while the optimizer goes on to step a layer that nobody calls any more.
    """

    msgid = "W7738"
    symbol = "stale-optimizer"
    message = (
        "%s does not train the layer that was replaced after the optimizer was built, which still holds the old one; "
        "write the replacement before the optimizer"
    )
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="current",
        moves={
            ("current", PartReplaced): "stale",
            ("stale", ParametersAdded): "current",
            ("stale", Escaped): "current",
            ("stale", OptimizerStep): BROKEN,
        },
    )
