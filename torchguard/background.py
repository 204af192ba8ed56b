"""Work in the background, one piece at a time: no failure is silent, and no wait without end."""

from __future__ import annotations

import atexit
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from threading import Thread

from torchguard.errors import CheckpointError


class Background:
    """Runs a save in a thread of its own.

    The interpreter waits for the thread before it ends, so that a save that has begun is not torn off. A failure is
    raised by `settle`; what nobody asked for by the end of the process is written to stderr.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._current: Future[Path] | None = None
        self._what = ""
        own = weakref.ref(self)
        atexit.register(lambda: _tell_unheard(own()))

    @property
    def failed(self) -> bool:
        """Did the last one fail, and nobody has heard of it?"""
        return self._current is not None and self._current.done() and self._current.exception() is not None

    def start(self, what: str, work: Callable[[], Path]) -> Future[Path]:
        """Begin; the one before must be settled."""
        future: Future[Path] = Future()
        self._current, self._what = future, what
        Thread(target=_run, args=(future, work), name=f"torchguard: {what}").start()
        return future

    def settle(self) -> None:
        """Wait for the end of what runs.

        Raises:
            CheckpointError: it failed, or takes longer than the timeout (then it still runs).
        """
        if self._current is None:
            return
        try:
            error = self._current.exception(timeout=self._timeout)
        except FutureTimeoutError:
            raise CheckpointError(
                f"{self._what} in the background has not come to its end in {self._timeout:g} s, so the next one is "
                "not begun; look at the disk, save less often, or write Checkpointer(..., timeout=...)"
            ) from None
        self._current = None
        if error is not None:
            raise CheckpointError(f"{self._what} failed in the background: {error}") from error

    def tell_unheard(self) -> None:
        """To stderr, since an exception at the end of the process has nobody to go to."""
        if self.failed and self._current is not None:
            sys.stderr.write(
                f"torchguard: {self._what} failed in the background, and the run ended before tick() or close() could "
                f"raise it: {self._current.exception()}\n"
            )


def _run(future: Future[Path], work: Callable[[], Path]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # pylint: disable=broad-exception-caught  # the future raises it in the main thread
        future.set_exception(error)


def _tell_unheard(background: Background | None) -> None:
    if background is not None:
        background.tell_unheard()
