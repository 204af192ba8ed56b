"""A variable of the environment that is nearly called like one that torchrun sets."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Program

_SET = (
    "LOCAL_RANK RANK GROUP_RANK ROLE_RANK LOCAL_WORLD_SIZE WORLD_SIZE ROLE_WORLD_SIZE MASTER_ADDR MASTER_PORT "
    "TORCHELASTIC_RESTART_COUNT TORCHELASTIC_MAX_RESTARTS TORCHELASTIC_RUN_ID"
).split()
# Those that other launchers set, or that scripts are told by.
_OF_OTHERS = frozenset(
    "NODE_RANK GLOBAL_RANK WORLD_RANK MASTER_IP MASTER_HOST LOCAL_SIZE GLOBAL_SIZE NODE_SIZE LOCAL_RANKS RANKS "
    "MASTER_PORTS MASTER_ADDRS MASTER_ADDRESS CROSS_RANK CROSS_SIZE".split()
)
_SHORTEST = 6  # letters, below which one letter more or less makes another word


class MisspeltRankVariable(Pitfall):
    """``torchrun`` tells each process its place in variables of the environment, under fixed names.

    Another name is simply not there: ``os.environ[...]`` raises, and ``os.getenv`` with a default gives every process
    the default, so that each of them takes itself for rank 0 and uses the first GPU.
    """

    msgid = "E7770"
    symbol = "misspelt-rank-variable"
    message = (
        "%s reads a variable that torchrun does not set, so it is missing or every rank gets the default; write "
        "%s, or with torchguard.distributed() as env:"
    )
    guard = "torchguard.distributed"
    signs = signs(["environ", "getenv", ".environ", ".getenv"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find names that miss one of torchrun's by a letter or an underscore, and that the program does not set."""
        for place, name in program.variables_read():
            meant = _meant(name)
            if meant and name not in program.variables_set:
                yield Finding(place, (place.text, f'os.environ["{meant}"]'))


def _meant(name: str) -> str:
    """Return the variable of torchrun's that a name nearly is; empty if it is one, or far from all of them."""
    if name in _SET or name in _OF_OTHERS or len(name) < _SHORTEST or not name.replace("_", "").isalpha():
        return ""
    return next((known for known in _SET if _is_near(name, known)), "")


def _is_near(name: str, known: str) -> bool:
    """Are they the same but for one letter, two that have changed places, underscores, or the case?"""
    one, other = name.upper().replace("_", ""), known.replace("_", "")
    if one == other:
        return True
    if len(known) < _SHORTEST or abs(len(one) - len(other)) > 1:
        return False
    if sorted(one) == sorted(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 2
    matching = sum(block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks())
    return matching >= max(len(one), len(other)) - 1
