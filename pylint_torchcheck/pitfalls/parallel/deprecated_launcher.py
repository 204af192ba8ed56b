"""The launcher from before ``torchrun``, and the argument by which it says the rank."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program

_ARGUMENT = re.compile(r"add_argument\(\s*'--local[_-]rank'")


class DeprecatedLauncher(Pitfall):
    """``torch.distributed.launch`` is deprecated since torch 1.9; ``torchrun`` has taken its place since 1.10.

    The old launcher passes the rank as an argument, spelt ``--local_rank`` before torch 2.0 and ``--local-rank``
    since (pull request 94505), which a script that declares the other one refuses. ``torchrun`` passes none: the
    argument keeps its default on every rank.
    """

    msgid = "W7769"
    symbol = "deprecated-launcher"
    message = (
        "%s is how torch.distributed.launch says the rank, deprecated since torch 1.9%s, while %s sets a "
        'variable; write int(os.environ["LOCAL_RANK"]), or with torchguard.distributed() as env:'
    )
    guard = "torchguard.distributed"
    torch_versions = ">= 1.9"
    signs = signs([".add_argument"], [".local_rank"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find the argument, where it is made use of and torchrun's variables are not read, too."""
        if not {"LOCAL_RANK", "RANK"}.isdisjoint(program.variables_known) or program.uses_library("deepspeed"):
            return
        is_used = any(True for _ in program.attributes("local_rank"))
        if program.torch_range.is_before("1.9") or not is_used:
            return
        for call in program.method_calls("add_argument"):
            if _ARGUMENT.search(call.text):
                yield Finding(call, (call.text, _respelt(program, call), _launcher(program)))


def _respelt(program: Program, call: Call) -> str:
    """Say what the newer launcher calls the argument, where the script does not take it so."""
    is_known = "--local-rank" in call.text or program.torch_range.is_before("2.0")
    return "" if is_known else " and spelling it --local-rank since 2.0"


def _launcher(program: Program) -> str:
    return "torch.distributed.run" if program.torch_range.is_before("1.10") else "torchrun"
