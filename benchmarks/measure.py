"""Runs a command and says what it cost: CPU seconds of its whole process tree, peak memory, time on the clock."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


@dataclass(frozen=True)
class Cost:
    """What one run of a command cost, and what it wrote."""

    cpu_s: float  # user and system, of the command and of every process that it started and waited for
    wall_s: float
    peak_mb: float  # of the largest single process, not their sum
    output: str
    errors: str
    status: int

    @property
    def failure(self) -> str | None:
        """Why the figures are not those of a whole run: a signal, or the last line of a traceback."""
        if self.status < 0:
            return f"killed by signal {-self.status}"
        if "Traceback (most recent call last)" in self.errors:
            return self.errors.strip().splitlines()[-1]
        return None


def run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a command in ``folder`` to its end, with ``environment`` added to the variables that are set."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        variables = {**os.environ, **(environment or {})}
        begun = time.perf_counter()
        process = subprocess.Popen(  # pylint: disable=consider-using-with  # its own waiting gives no figures
            command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for, which Popen cannot know
        return Cost(
            cpu_s=usage.ru_utime + usage.ru_stime,
            wall_s=wall_s,
            peak_mb=usage.ru_maxrss * _BYTES_PER_UNIT / 1e6,
            output=_content(output),
            errors=_content(errors),
            status=process.returncode,
        )


def _content(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
