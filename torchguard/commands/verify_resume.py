"""``python -m torchguard verify-resume train.py ...``: is a killed and resumed run, bit for bit, the whole one?"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torchguard.commands.verdict import Line, judge

_DESCRIPTION = """Runs a training script whole; runs it again and kills it (SIGKILL) at a random step; runs it a third
time, which resumes. Compares the order of samples, losses, learning rates and weights of every step, bit by bit, and
says what differs first and which state was missing. The script has to make one torchguard.Checkpointer, whose
checkpoints go to a folder of the command's own, and to be short: let its arguments choose little data, few epochs."""


class _NoAnswerError(Exception):
    """The script gives no answer; the message says why and what to do."""


def main(arguments: Sequence[str]) -> int:
    """0 if the resumed run is the same, 1 if it is not, 2 if that cannot be said."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="verify-resume-") as name:
        try:
            verdict = judge(*_three_runs(options, Path(options.keep or name)))
        except _NoAnswerError as error:
            print(error, file=sys.stderr)
            return 2
    print(verdict)
    return 0 if verdict.same else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torchguard verify-resume", description=_DESCRIPTION)
    parser.add_argument("--kill-at", type=int, help="the step to kill at (at random)")
    parser.add_argument("--every", type=int, default=0, help="save once in so many steps (as the script says)")
    parser.add_argument("--seed", type=int, help="of the random step")
    parser.add_argument("--keep", metavar="DIR", help="keep records, logs and checkpoints there")
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


@dataclass(frozen=True)
class _Script:
    """The user's script, and where its runs leave what they leave."""

    path: str
    arguments: Sequence[str]
    every: int
    folder: Path

    def run(self, name: str, checkpoints: str, kill_at: int = 0) -> list[Line]:
        """What the recorder wrote."""
        record, log = self.folder / f"{name}.jsonl", self.folder / f"{name}.log"
        own = [str(record), str(self.folder / checkpoints), str(kill_at), str(self.every)]
        command = [sys.executable, "-m", "torchguard.commands.recorder", *own, self.path, *self.arguments]
        with log.open("w", encoding="utf-8") as output:
            run = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=_environment(), check=False)
        if run.returncode != (-signal.SIGKILL if kill_at else 0):
            told = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
            raise _NoAnswerError(f"{self.path} ended with status {run.returncode} in its {name} run:\n{told}")
        return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def _three_runs(options: argparse.Namespace, folder: Path) -> tuple[list[Line], list[Line], list[Line]]:
    if not Path(options.script).is_file():
        raise _NoAnswerError(f"{options.script} does not exist; write the path of a training script")
    folder.mkdir(parents=True, exist_ok=True)
    script = _Script(options.script, options.arguments, options.every, folder)
    whole = _told("whole run", lambda: script.run("whole", "whole"))
    kill_at = _moment(whole, options)
    killed = _told(f"run to be killed at step {kill_at}", lambda: script.run("killed", "killed", kill_at))
    return whole, killed, _told("resumed run", lambda: script.run("resumed", "killed"))


def _told(what: str, run: Callable[[], list[Line]]) -> list[Line]:
    print(f"{what} ...", file=sys.stderr, flush=True)
    return run()


def _moment(whole: Sequence[Line], options: argparse.Namespace) -> int:
    """A step after the first checkpoint and before the end."""
    steps = [line for line in whole if line["what"] == "step"]
    if not steps:
        raise _NoAnswerError(
            f"{options.script} never calls tick() of a torchguard.Checkpointer, so there is no step to kill at"
        )
    first = next((line["step"] for line in steps if line["saved"]), None)
    last: int = steps[-1]["step"]
    if first is None or first >= last:
        raise _NoAnswerError(
            f"{options.script} saves no checkpoint before its last step, {last}, so there is nothing to resume from; "
            f"write --every {max(1, last // 4)}"
        )
    if options.kill_at is None:
        return random.Random(options.seed).randint(first, last - 1)
    if not first <= options.kill_at < last:
        raise _NoAnswerError(
            f"--kill-at {options.kill_at} is not between the first checkpoint and the end; write {first} to {last - 1}"
        )
    chosen: int = options.kill_at
    return chosen


def _environment() -> dict[str, str]:
    """Finds the same torchguard as this process did, wherever that lies."""
    root = str(Path(__file__).parents[2])
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
