"""One source file, read: what a pitfall may ask. See ``pylint_torchcheck.pitfalls.questions.Program``."""

from __future__ import annotations

from collections.abc import Iterator

from astroid import nodes

from pylint_torchcheck.pitfalls.pitfall import Protocol
from pylint_torchcheck.trace.about_modules import AboutModules
from pylint_torchcheck.trace.about_saved import AboutFiles
from pylint_torchcheck.trace.about_surroundings import AboutSurroundings
from pylint_torchcheck.trace.about_tensors import AboutTensors
from pylint_torchcheck.trace.survey import statements
from pylint_torchcheck.trace.typestate import Breach, all_breaches


class Program(AboutTensors, AboutModules, AboutFiles, AboutSurroundings):
    """The values, calls and events of one file."""

    def breaches(self, protocol: Protocol) -> Iterator[Breach]:
        """Return where a protocol is broken on every way that leads there."""
        return all_breaches(self._followers, protocol)


def mentions_torch(tree: nodes.Module) -> bool:
    """Does the file import torch, or something built on it? A file that does not costs nothing."""
    for node in statements(tree):
        names: list[str] = []
        if isinstance(node, nodes.ImportFrom):
            names = [node.modname]
        elif isinstance(node, nodes.Import):
            names = [name for name, _ in node.names]
        if any(name.partition(".")[0] in _TORCH for name in names):
            return True
    return False


_TORCH = frozenset("torch torchvision torchaudio timm lightning pytorch_lightning accelerate torch_geometric".split())
