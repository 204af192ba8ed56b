"""Starts a script under torchrun, and tells torch's own abort at exit from a failure of ours."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ATTEMPTS = 3
# About 3 in 100 gloo processes of torch 2.13's CPU build abort while a finished interpreter exits, with and without
# torchguard.
ABORT_AT_EXIT = "terminate called without an active exception"


@dataclass(frozen=True)
class Launch:
    """What torchrun ended with, and what each rank wrote in its last attempt."""

    returncode: int
    out: dict[int, str]
    err: dict[int, str]
    summary: str

    @property
    def aborted_at_exit(self) -> bool:
        """Did ranks abort that had said that they were finished, and no rank fail otherwise?"""
        aborted = [rank for rank, text in self.err.items() if ABORT_AT_EXIT in text]
        failed = {int(rank) for rank in re.findall(r"rank +: (\d+)", self.summary)}
        return (
            bool(aborted) and all(f"finished {rank}" in self.out[rank] for rank in aborted) and failed <= set(aborted)
        )


def launch(folder: Path, ranks: int, script: Path, *arguments: object, restarts: int = 0) -> Launch:
    """Run until no rank aborted at exit, at most three times. The script's last line is ``print("finished", rank)``."""
    for attempt in range(ATTEMPTS):
        result = _launch(folder / f"attempt-{attempt}", ranks, restarts, [str(script), *map(str, arguments)])
        if not result.aborted_at_exit:
            break
        print(f"attempt {attempt} of {script.name}: torch aborted at exit, after all work was done")
    return result


def _launch(logs: Path, ranks: int, restarts: int, command: list[str]) -> Launch:
    elastic = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={ranks}", f"--max-restarts={restarts}"]
    place = ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0", f"--log-dir={logs}", "--redirects=3"]
    variables = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "0"}
    done = subprocess.run(
        [*elastic, *place, *command], env=variables, capture_output=True, text=True, timeout=240, check=False
    )
    return Launch(done.returncode, _written(logs, "stdout", ranks), _written(logs, "stderr", ranks), done.stderr)


def _written(logs: Path, stream: str, ranks: int) -> dict[int, str]:
    files = {rank: sorted(logs.glob(f"*/attempt_*/{rank}/{stream}.log")) for rank in range(ranks)}
    return {rank: "".join(file.read_text(encoding="utf-8") for file in found) for rank, found in files.items()}
