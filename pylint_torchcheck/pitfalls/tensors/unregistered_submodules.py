"""Modules in a plain list, tuple or dict."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, Sign, signs
from pylint_torchcheck.pitfalls.questions import Program
from pylint_torchcheck.pitfalls.vocabulary import Trait


class UnregisteredSubmodules(Pitfall):
    """A module knows the modules that are its attributes, and does not look into lists, tuples and dicts.

    Those in there are not in ``parameters()``, so no optimizer trains them; not in ``state_dict()``, so they are not
    saved; and ``to()``, ``train()`` and ``eval()`` pass them by.
    """

    msgid = "E7780"
    symbol = "unregistered-submodules"
    message = (
        "%s holds modules in a plain %s, so parameters(), state_dict(), to() and train() of this one pass them by; "
        "write %s"
    )
    signs = signs([Sign.KEPT_COLLECTION])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find collections of modules that have something to learn, and that are registered nowhere else."""
        for assignment in program.assignments():
            hidden = program.hidden_modules(assignment)
            if any(program.has(module, Trait.PARAMETERS) for module in hidden):
                is_dict = assignment.value_text.startswith(("{", "dict"))
                kind, holder = ("dict", "nn.ModuleDict") if is_dict else ("list or tuple", "nn.ModuleList")
                name = assignment.text
                yield Finding(assignment, (name, kind, f"{name} = {holder}(...)"))
