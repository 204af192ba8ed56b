"""The arguments of a call, evaluated once, and how they meet the parameters of a function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from astroid import nodes

from pylint_torchcheck.trace.values import NOTHING, Values


@dataclass(slots=True)
class Arguments:
    """What a call hands over."""

    positional: list[Values] = field(default_factory=list)
    keywords: dict[str, Values] = field(default_factory=dict)
    starred: list[Values] = field(default_factory=list)  # *args and **kwargs

    def get(self, parameter: str, signature: Sequence[str]) -> Values:
        """Return the argument for a parameter; empty if it is not given in plain sight."""
        if parameter in self.keywords:
            return self.keywords[parameter]
        if parameter in signature and not self.starred:
            index = signature.index(parameter)
            return self.positional[index] if index < len(self.positional) else NOTHING
        return NOTHING

    def and_then(self, later: Arguments) -> Arguments:
        """Return what a call gets of ``functools.partial``, of which these are the arguments."""
        return Arguments(
            [*self.positional[1:], *later.positional],
            {**self.keywords, **later.keywords},
            [*self.starred, *later.starred],
        )

    def everything(self) -> Values:
        """Return all that is handed over."""
        return NOTHING.union(*self.positional, *self.keywords.values(), *self.starred)

    def bound(self, function: nodes.FunctionDef | nodes.Lambda) -> Iterator[tuple[str, Values]]:
        """Return each parameter of ``function`` that is given, with its argument."""
        in_order = [parameter.name for parameter in (*function.args.posonlyargs, *(function.args.args or ()))]
        yield from zip(in_order, self.positional, strict=False)
        named = {*in_order, *(parameter.name for parameter in function.args.kwonlyargs)}
        yield from ((name, values) for name, values in self.keywords.items() if name in named)

    def rest(self, function: nodes.FunctionDef | nodes.Lambda) -> tuple[list[Values], dict[str, Values]]:
        """Return what no parameter of ``function`` takes, and so goes to its ``*args`` and ``**kwargs``."""
        named = {parameter.name for parameter in parameters(function)}
        count = len(function.args.posonlyargs) + len(function.args.args or ())
        keywords = {name: values for name, values in self.keywords.items() if name not in named}
        return self.positional[count:], keywords


def defaults(function: nodes.FunctionDef | nodes.Lambda) -> Iterator[tuple[str, nodes.NodeNG]]:
    """Return each parameter that has a default, with the default's node."""
    positional = [*function.args.posonlyargs, *(function.args.args or ())]
    given = function.args.defaults or []
    yield from (
        (parameter.name, node)
        for parameter, node in zip(positional[len(positional) - len(given) :], given, strict=True)
    )
    for parameter, node in zip(function.args.kwonlyargs, function.args.kw_defaults or [], strict=False):
        if node is not None:
            yield parameter.name, node


def parameters(function: nodes.FunctionDef | nodes.Lambda) -> list[nodes.AssignName]:
    """Return all parameters, those after ``*`` included."""
    return [*function.args.posonlyargs, *(function.args.args or ()), *function.args.kwonlyargs]
