"""What a pitfall may ask of what is around a program: releases, libraries, processes, the environment."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.questions import Subject
from pylint_torchcheck.pitfalls.releases import TorchRange
from pylint_torchcheck.torch_api import effects
from pylint_torchcheck.trace import ranks
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.reading import Reading
from pylint_torchcheck.trace.requirements import torch_range
from pylint_torchcheck.trace.values import values_among


class AboutSurroundings(Reading):
    """What a pitfall may ask of what is around a program: releases, libraries, processes, the environment."""

    @cached_property
    def torch_range(self) -> TorchRange:
        """The releases of torch that the project around the file declares."""
        return torch_range(self._tree.file)

    def calls_anywhere(self, *paths: str) -> bool:
        """Is one of these functions called, in the file or in those of the project that it leads to?"""
        return not self._called.isdisjoint(paths)

    def uses_library(self, name: str) -> bool:
        """Is anything of a library called?"""
        return any(path.partition(".")[0] == name for path in self._called)

    @property
    def is_test(self) -> bool:
        """Is the file one of tests, by its name?"""
        name = os.path.basename(self._tree.file or "").removesuffix(".py")
        return name == "conftest" or name.startswith("test_") or name.endswith("_test")

    def variables_read(self) -> Iterator[tuple[Place, str]]:
        """Return the variables of the environment that are read, each with where that is done."""
        yield from self._variables_read

    def rests_on_rank(self, subjects: Iterable[Subject]) -> bool:
        """Is any of them a rank, or computed or built from one?"""
        return bool(ranks.carried(self.origins(subjects)))

    @staticmethod
    def are_private_files(subjects: Iterable[Subject]) -> bool:
        """Are they files in memory, or temporary ones, that no other process sees?"""
        paths = {subject.path for subject in subjects}
        return bool(paths) and paths <= effects.OWN_FILES

    @staticmethod
    def items(subjects: Collection[Subject]) -> list[object]:
        """Return the items of a list or tuple that is written out, ``None`` for one that is no constant."""
        (site,) = {value.site for value in values_among(subjects)} if len(subjects) == 1 else (None,)
        if not isinstance(site, nodes.List | nodes.Tuple):
            return []
        return [item.value if isinstance(item, nodes.Const) else None for item in site.elts]
