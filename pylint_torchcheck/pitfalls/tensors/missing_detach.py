"""A backward pass through a model that is not trained by it."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Backward, OptimizerStep, ZeroGrad


class MissingDetach(Pitfall):
    """What a model gave is still on its graph, so ``backward()`` goes all the way back through the model.

    A discriminator's step on live fakes works out every gradient of the generator as well, keeps the generator's
    activations for it, and throws the result away at the next ``zero_grad()``.
    """

    msgid = "W7708"
    symbol = "missing-detach"
    message = (
        "%s also goes back through %s, whose gradients are cleared before they are used; "
        "pass %s(...).detach() on to the other model"
    )
    signs = signs([Backward], [OptimizerStep], [ZeroGrad])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find models that are trained by another optimizer, and by another loss."""
        for event, module in program.wasted_gradients():
            place, name = program.place_of(event), program.name_of(module)
            if place is not None and name:
                yield Finding(place, (place.text, name, name), guessed=module.guessed)
