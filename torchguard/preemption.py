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

    Of several in one process all remember a signal. They then act one after the other, in the order in which they were
    made and so within one round of the loop, and the last one stops the run.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.came = 0  # the signal's number
        self.earlier: StopSignals | None = None
        self.later: StopSignals | None = None
        self._told = 0  # so many steps know of the signal
        self.acted = False
        self.replaced: dict[int, Any] = {}
        numbers = [_number(name) for name in names]
        try:
            for number in numbers:
                self.replaced[number] = signal.signal(number, self.see)
                self._follow(self.replaced[number])
        except ValueError:
            raise MisuseError(
                "signals can only be handled in the main thread; make the Checkpointer there, or leave signals= out"
            ) from None

    def is_turn(self) -> bool:
        """Called once a step after a signal came, on any rank: is this the step to save at?

        It is when the earlier ones have; or a step later, since they may have no steps any more.
        """
        self._told += 1
        self.acted = self.earlier is None or self.earlier.acted or self._told > 1
        return self.acted

    def is_last(self) -> bool:
        """Is the run to be stopped, or will others save before?"""
        return self.later is None or self.later.acted or self._told > 1

    def retire(self) -> None:
        """Let the others wait for this one no longer."""
        self.acted = True

    def restore(self) -> None:
        """Let the signals do again what they did before."""
        for number, handler in self.replaced.items():
            if signal.getsignal(number) == self.see:
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
            elif self.later is not None and number in self.later.replaced:
                self.later.replaced[number] = handler
        if self.earlier is not None:
            self.earlier.later = self.later
        if self.later is not None:
            self.later.earlier = self.earlier
        self.replaced, self.earlier, self.later = {}, None, None

    def _follow(self, handler: object) -> None:
        """The handler that ours replaces may be that of an earlier one."""
        earlier = getattr(handler, "__self__", None)
        if isinstance(earlier, StopSignals):
            self.earlier, earlier.later = earlier, self

    def see(self, number: int, frame: FrameType | None) -> None:
        """The handler."""
        if number == signal.SIGINT and self.came == signal.SIGINT:
            self.restore()
            signal.raise_signal(number)
        self.came = number
        if self.earlier is not None:
            self.earlier.see(number, frame)


def _number(name: str) -> int:
    number = getattr(signal, name, None) if name.startswith("SIG") else None
    if not isinstance(number, signal.Signals) or name in ("SIGKILL", "SIGSTOP"):
        raise MisuseError(
            f'signals={name!r} cannot be handled; write the name of one that can, as "SIGTERM", "SIGUSR1"'
        )
    return int(number)
