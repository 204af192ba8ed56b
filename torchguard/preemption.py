"""Being told to stop: a signal only sets a flag, and the run ends at its next step, with a checkpoint."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from types import FrameType
from typing import Any

from torchguard.errors import MisuseError


class Preempted(SystemExit):
    """Raised by ``tick()`` after the run was told to stop and the checkpoint is on the disk.

    Not caught, it ends the process with status 128 + the signal's number, as the signal itself would have, so that
    whoever started the run knows that it did not come to its end.

    Attributes:
        step: the step of the checkpoint.
        path: the checkpoint.
        signal: the number of the signal.
    """

    def __init__(self, step: int, path: object, number: int) -> None:
        super().__init__(128 + number)
        self.step, self.path, self.signal = step, path, number


class StopSignals:
    """Remembers the last of some signals that came, instead of what they do otherwise, until `restore`.

    A second SIGINT does what it did before, so that Ctrl-C twice ends a run that never comes to its next step.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.came = 0  # the signal's number
        numbers = [_number(name) for name in names]
        try:
            self._replaced: dict[int, Any] = {number: signal.signal(number, self._see) for number in numbers}
        except ValueError:
            raise MisuseError(
                "signals can only be handled in the main thread; make the Checkpointer there, or leave signals= out"
            ) from None

    def restore(self) -> None:
        """Let the signals do again what they did before."""
        for number, handler in self._replaced.items():
            if signal.getsignal(number) == self._see:
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._replaced = {}

    def _see(self, number: int, frame: FrameType | None) -> None:  # pylint: disable=unused-argument
        if number == signal.SIGINT and self.came == signal.SIGINT:
            self.restore()
            signal.raise_signal(number)
        self.came = number


def _number(name: str) -> int:
    number = getattr(signal, name, None) if name.startswith("SIG") else None
    if not isinstance(number, signal.Signals) or name in ("SIGKILL", "SIGSTOP"):
        raise MisuseError(
            f'signals={name!r} cannot be handled; write the name of one that can, as "SIGTERM", "SIGUSR1"'
        )
    return int(number)
