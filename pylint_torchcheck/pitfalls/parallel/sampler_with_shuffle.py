"""A loader that is given a sampler and told to shuffle."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind

_OF_TORCH = re.compile(r"torch\.utils\.data\.(?:\w+\.)*\w*Sampler")


class SamplerWithShuffle(Pitfall):
    """A sampler decides the order, and so does ``shuffle=True``; a ``DataLoader`` that is given both raises.

    ``DistributedSampler`` shuffles by itself, unless it is told ``shuffle=False``.
    """

    msgid = "E7771"
    symbol = "sampler-with-shuffle"
    message = "%s has a sampler and shuffle=True, of which a DataLoader takes only one, and raises ValueError; write %s"
    signs = signs(["DataLoader", "StatefulDataLoader"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find loaders that get both for certain."""
        for call in program.constructions(Kind.LOADER):
            if _is(call, "shuffle", True) and _is_sampler(program, call):
                yield Finding(call, (call.text, "shuffle=False"))


def _is(call: Call, parameter: str, constant: object) -> bool:
    given = call.argument(parameter)
    return bool(given) and all(value.kind is Kind.CONSTANT and value.constant is constant for value in given)


def _is_sampler(program: Program, call: Call) -> bool:
    """Is there a sampler, and for certain not ``None``?"""
    given = call.argument("sampler")
    return bool(given) and all(
        value.kind in {Kind.SAMPLER, Kind.INSTANCE}
        or value.path == "sampler"
        or _OF_TORCH.fullmatch(program.path_of(value))
        for value in given
    )
