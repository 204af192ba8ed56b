"""``requires_grad`` under a name that is nearly right."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Kind

_MISSPELT = frozenset(
    "require_grad require_grads requires_grads requires_gradient requires_gradients require_gradient "
    "require_gradients required_grad requiers_grad requries_grad requred_grad reqires_grad requies_grad "
    "requires_gard requires_grd requiresgrad requiregrad requires_Grad requiresGrad require_Grad requireGrad "
    "needs_grad need_grad requires_grad_".split()
)


class MisspeltRequiresGrad(Pitfall):
    """Python lets any attribute be set on a tensor, one that is misspelt as well.

    ``parameter.require_grad = False`` freezes nothing and raises nothing: the parameter goes on learning.
    """

    msgid = "E7704"
    symbol = "misspelt-requires-grad"
    message = "%s sets an attribute that torch never reads, so nothing is frozen or thawed; write %s.%s"
    guard = "torchguard.freeze"
    signs = signs([f".{name} =" for name in _MISSPELT])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find assignments to tensors, parameters and modules; an object's own option may be called anything."""
        for assignment in program.assignments(*_MISSPELT):
            kinds = {value.kind for value in assignment.receivers}
            if kinds and kinds <= _MEANT and not assignment.is_own:
                seen = f"{assignment.receiver_text}.{assignment.name} = {assignment.value_text}"
                is_module = Kind.MODULE in kinds
                meant = "requires_grad_(%s)" if is_module else "requires_grad = %s"
                guessed = any(value.guessed for value in assignment.receivers)
                yield Finding(assignment, (seen, assignment.receiver_text, meant % assignment.value_text), guessed)


_MEANT = frozenset({Kind.TENSOR, Kind.PARAMETER, Kind.MODULE})
