"""A method that is named and not called."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Attribute, Program


class TorchMethodNotCalled(Pitfall):
    """Without its parentheses a method is only looked up.

    ``optimizer.step`` on a line of its own steps nothing, ``model.eval`` leaves dropout on, and
    ``torch.save(model.state_dict, path)`` pickles the method, and with it the whole model.
    """

    msgid = "E7709"
    symbol = "torch-method-not-called"
    message = "%s only names the method, so %s; write %s()"
    signs = signs([Sign.UNCALLED_METHOD])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find methods as statements, in arithmetic and texts, and among what is saved; a callback is none of these."""
        for attribute in program.uncalled_methods():
            harm = _harm(program, attribute)
            if harm:
                guessed = any(value.guessed for value in attribute.receivers)
                yield Finding(attribute, (attribute.text, harm, attribute.text), guessed)


def _harm(program: Program, attribute: Attribute) -> str:
    if attribute.is_statement:
        return "nothing happens"
    if attribute.is_computed_with:
        return "it is no number or tensor"
    if attribute.name == "state_dict" and attribute.is_entry:
        return "it is the method that is kept"
    return "it is the method that is saved" if program.is_handed_to(attribute, "torch.save") else ""
