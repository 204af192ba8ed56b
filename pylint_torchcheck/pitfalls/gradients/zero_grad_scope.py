"""Gradients of another optimizer's loss that nobody has cleared."""

from __future__ import annotations

from pylint_torchcheck.pitfalls.pitfall import ANY, BROKEN, Pitfall, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    Freeze,
    FreezePart,
    Kind,
    OptimizerStep,
    StepElsewhere,
    ZeroElsewhere,
    ZeroGrad,
)


class ZeroGradScope(Pitfall):
    """A loss that runs through two modules fills the gradients of both, whichever of their optimizers steps next.

    ``optimizer.zero_grad()`` clears only its own parameters. What one optimizer's loss leaves in the parameters of
    another stays there until that one steps, which then follows the sum of two losses, one of which is not its own:
    a discriminator that is also trained to be fooled.
    """

    msgid = "W7713"
    symbol = "zero-grad-scope"
    message = (
        "%s also follows the gradients that another optimizer's loss left in these parameters before it stepped; "
        "call zero_grad() on this optimizer right before its own backward()"
    )
    guard = "torchguard.TrainStep"
    protocol = Protocol(
        of=Kind.OPTIMIZER,
        start="clear",
        moves={
            (ANY, ZeroGrad): "clear",
            ("clear", Backward): "full",
            ("full", OptimizerStep): "spent",  # to clear them now is up to missing-zero-grad
            ("full", StepElsewhere): "foreign",
            ("foreign", OptimizerStep): "spent",
            ("foreign", ZeroElsewhere): "left",  # of this loss, only the other optimizer's part is cleared
            ("left", OptimizerStep): "spent",
            ("left", Backward): "mixed",
            ("mixed", OptimizerStep): BROKEN,
        },
        known_only=(Backward,),
        unless_seen=(Freeze, FreezePart),  # a frozen discriminator gets no gradients from the generator's loss
    )
