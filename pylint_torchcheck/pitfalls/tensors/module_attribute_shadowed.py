"""An attribute that hides a method of ``nn.Module``."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Kind


class ModuleAttributeShadowed(Pitfall):
    """An attribute hides the method of the same name, for torch as well.

    ``model.train = True`` puts nothing in train mode, and the next ``model.train()`` fails; a submodule under the name
    ``modules`` cannot be reached at all, since the method is found in its place.
    """

    msgid = "E7785"
    symbol = "module-attribute-shadowed"
    message = "%s hides the method .%s() of nn.Module, which torch and its users call; write another name, or %s.%s()"
    signs = signs([f".{name} =" for name in ("train", "eval", "modules", "children", "parameters", "buffers", "apply")])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find methods that are hidden behind what cannot be called in their place."""
        for assignment in program.shadowed_methods():
            if assignment.values and all(value.kind in _UNCALLABLE for value in assignment.values):
                seen = f"{assignment.text} = {assignment.value_text}"
                guessed = any(value.guessed for value in assignment.receivers)
                yield Finding(assignment, (seen, assignment.name, assignment.receiver_text, assignment.name), guessed)


_UNCALLABLE = frozenset(
    {Kind.CONSTANT, Kind.DATA, Kind.COLLECTION, Kind.TENSOR, Kind.PARAMETER, Kind.PARAMETERS, Kind.MODULE}
)
