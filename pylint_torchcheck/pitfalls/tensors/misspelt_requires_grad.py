"""``requires_grad`` under a name that is nearly right."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Kind

_RIGHT = "requires_grad"
_ALIKE = 0.85  # the least likeness of what is taken for it on a tensor
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
    signs = signs([Sign.LIKE_REQUIRES_GRAD, *(f".{name} =" for name in _MISSPELT)])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find assignments to tensors, parameters and modules; an object's own option may be called anything."""
        for assignment in program.assignments():
            kinds = {value.kind for value in assignment.receivers}
            meant = _MEANT if assignment.name in _MISSPELT else _TENSORS if _is_alike(assignment.name) else frozenset()
            if kinds and kinds <= meant and not assignment.is_own:
                seen = f"{assignment.receiver_text}.{assignment.name} = {assignment.value_text}"
                is_module = Kind.MODULE in kinds
                right = "requires_grad_(%s)" if is_module else "requires_grad = %s"
                guessed = any(value.guessed for value in assignment.receivers)
                yield Finding(assignment, (seen, assignment.receiver_text, right % assignment.value_text), guessed)


def _is_alike(name: str) -> bool:
    return name != _RIGHT and name[:2] == "re" and SequenceMatcher(None, name, _RIGHT).ratio() > _ALIKE


_TENSORS = frozenset({Kind.TENSOR, Kind.PARAMETER})
_MEANT = _TENSORS | {Kind.MODULE}
