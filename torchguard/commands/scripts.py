"""Runs the user's training script under `recorder`, in one process or by torchrun, to its end or to its killing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torchguard.commands.verdict import Line, Moment, moment

_TOLD = 8  # lines of what the script wrote


class NoAnswerError(Exception):
    """The script gives no answer; the message says why and what to do."""


@dataclass(frozen=True)
class Script:
    """A training script, and where its runs leave what they leave.

    Attributes:
        path: of the script.
        arguments: it gets these.
        ranks: processes that torchrun starts; ``None``: one process, without torchrun.
        every: save once in so many steps; 0: as the script says.
        folder: for records, logs and checkpoints.
    """

    path: str
    arguments: Sequence[str]
    ranks: int | None
    every: int
    folder: Path

    def run(self, name: str, checkpoints: str, kill_at: Moment = (0, 0)) -> list[list[Line]]:
        """What the recorder wrote, on each rank."""
        record, log = self.folder / name, self.folder / f"{name}.log"
        own = [str(record), str(self.folder / checkpoints), f"{kill_at[0]}:{kill_at[1]}", str(self.every)]
        command = [*self._launcher(name), "-m", "torchguard.commands.recorder", *own, self.path, *self.arguments]
        with log.open("w", encoding="utf-8") as output:
            run = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=_environment(), check=False)
        records = [_lines(file) for file in self._records(name)]
        if not self._ended_well(run.returncode, records, kill_at):
            raise NoAnswerError(
                f"{self.path} ended with status {run.returncode} in its {name} run:\n{self._told(name)}"
            )
        return records

    def _launcher(self, name: str) -> list[str]:
        if self.ranks is None:
            return [sys.executable]
        place = ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0", f"--nproc-per-node={self.ranks}"]
        logs = [f"--log-dir={self.folder / f'{name}.ranks'}", "--redirects=3"]
        return [sys.executable, "-m", "torch.distributed.run", *place, *logs]

    def _records(self, name: str) -> list[Path]:
        return sorted(self.folder.glob(f"{name}-*.jsonl"), key=lambda file: int(file.stem.rpartition("-")[2]))

    def _ended_well(self, status: int, records: Sequence[Sequence[Line]], kill_at: Moment) -> bool:
        """Under torchrun by what the ranks wrote down: its own status is 1 after a kill, and it may be 1 too where a
        rank aborts in gloo's destructors after all its work was done."""
        if self.ranks is None:
            return status == (-signal.SIGKILL if kill_at[1] else 0)
        if len(records) != self.ranks or not all(records):
            return False
        last = [record[-1] for record in records]
        return all(moment(line) == kill_at if kill_at[1] else line["what"] == "end" for line in last)

    def _told(self, name: str) -> str:
        """The last that the script wrote; under torchrun, on the rank that failed first."""
        log = _text(self.folder / f"{name}.log")
        failed = re.search(r"Root Cause.*?rank +: (\d+)", log, re.DOTALL)
        of_rank = f"*/attempt_0/{failed[1]}/stderr.log" if failed else ""
        found = list((self.folder / f"{name}.ranks").glob(of_rank)) if failed else []
        return "\n".join((_text(found[0]) if found else log).splitlines()[-_TOLD:])


def _lines(file: Path) -> list[Line]:
    return [json.loads(line) for line in _text(file).splitlines()]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _environment() -> dict[str, str]:
    """Finds the same torchguard as this process did, wherever that lies."""
    root = str(Path(__file__).parents[2])
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
