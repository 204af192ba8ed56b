"""A Pylint plugin that finds the PyTorch mistakes that raise no error.

Use it with ``pylint --load-plugins=pylint_torchcheck`` or by its own command, ``torchcheck``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pylint.lint import PyLinter

__version__ = "0.1.0"


def register(linter: PyLinter) -> None:
    """Add the checker to Pylint, which calls this when it loads the plugin."""
    from pylint_torchcheck.checker import TorchChecker  # late: the catalogue alone needs no Pylint

    linter.register_checker(TorchChecker(linter))


def load_configuration(linter: PyLinter) -> None:
    """Obey the options; Pylint calls this once it has read them, in each of its processes."""
    from pylint_torchcheck import stand_ins

    stand_ins.use(linter.config.torch_stand_ins)
