"""``python -m torchguard verify-resume train.py ...``: is a killed and resumed run, bit for bit, the whole one?"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from torchguard.commands.scripts import NoAnswerError, Script
from torchguard.commands.verdict import Line, Moment, Verdict, judge_ranks, moment

_DESCRIPTION = """Runs a training script whole; runs it again and kills it, on all ranks by SIGKILL, at a random step;
runs it a third time, which resumes. Compares the order of samples, losses, learning rates and weights of every step,
bit by bit, on each rank, and says what differs first and which state was missing. The checkpoints of the script's
torchguard.Checkpointer, or of several, go to a folder of the command's own. The script has to be short: let its
arguments choose little data, few epochs."""


def main(arguments: Sequence[str]) -> int:
    """0 if the resumed run is the same, 1 if it is not, 2 if that cannot be said."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="verify-resume-") as name:
        try:
            whole, killed, resumed = _three_runs(options, Path(options.keep or name))
            verdict = judge_ranks(whole, killed, resumed)
            _refuse_unproven(verdict, resumed[0])
        except NoAnswerError as error:
            print(error, file=sys.stderr)
            return 2
    print(verdict)
    return 0 if verdict.same else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torchguard verify-resume", description=_DESCRIPTION)
    parser.add_argument("--kill-at", type=int, help="the step to kill at (at random)")
    parser.add_argument("--every", type=int, default=0, help="save once in so many steps (as the script says)")
    parser.add_argument("--seed", type=int, help="of the random step")
    parser.add_argument("--nproc-per-node", type=int, metavar="N", help="start the script by torchrun, on N ranks")
    parser.add_argument("--keep", metavar="DIR", help="keep records, logs and checkpoints there")
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


Records = list[list[Line]]  # of each rank


def _three_runs(options: argparse.Namespace, folder: Path) -> tuple[Records, Records, Records]:
    _refuse(options, folder)
    folder.mkdir(parents=True, exist_ok=True)
    script = Script(options.script, options.arguments, options.nproc_per_node, options.every, folder)
    whole = _told("whole run", lambda: script.run("whole", "whole"))
    kill_at = _moment(whole[0], options)
    killed = _told(f"run to be killed at step {kill_at[1]}", lambda: script.run("killed", "killed", kill_at))
    return whole, killed, _told("resumed run", lambda: script.run("resumed", "killed"))


def _refuse(options: argparse.Namespace, folder: Path) -> None:
    if not Path(options.script).is_file():
        raise NoAnswerError(f"{options.script} does not exist; write the path of a training script")
    if folder.is_dir() and any(folder.iterdir()):
        raise NoAnswerError(f"--keep {folder} is not empty, and its files would mix with these; choose a new folder")
    if options.nproc_per_node is not None and options.nproc_per_node < 1:
        raise NoAnswerError(f"--nproc-per-node {options.nproc_per_node} starts nothing; write 1 or more")


def _refuse_unproven(verdict: Verdict, resumed: Sequence[Line]) -> None:
    """A run that was repeated from its beginning shows nothing of the resume."""
    if verdict.same and not any(line["path"] for line in resumed if line["what"] == "resumed"):
        raise NoAnswerError(
            "the run was killed before its first checkpoint was on the disk, so nothing was resumed; write --kill-at "
            "with a later step"
        )


def _told(what: str, run: Callable[[], Records]) -> Records:
    print(f"{what} ...", file=sys.stderr, flush=True)
    return run()


def _moment(whole: Sequence[Line], options: argparse.Namespace) -> Moment:
    """A step after the first checkpoint and before the end; by its number, one of the first Checkpointer's."""
    steps = [line for line in whole if line["what"] == "step"]
    if not steps:
        raise NoAnswerError(
            f"{options.script} never calls tick() of a torchguard.Checkpointer, so there is no step to kill at"
        )
    first = next((place for place, line in enumerate(steps) if line["saved"]), None)
    last = steps[-1]["step"]
    if first is None or first == len(steps) - 1:
        raise NoAnswerError(
            f"{options.script} saves no checkpoint before its last step, {last}, so there is nothing to resume from; "
            f"write --every {max(1, last // 4)}"
        )
    moments = [moment(line) for line in steps[first:-1]]
    if options.kill_at is None:
        return random.Random(options.seed).choice(moments)
    chosen = (steps[0]["which"], options.kill_at)
    if chosen not in moments:
        possible = [step for which, step in moments if which == chosen[0]]
        raise NoAnswerError(
            f"--kill-at {options.kill_at} is not between the first checkpoint and the end; write "
            + (f"{possible[0]} to {possible[-1]}" if possible else "no --kill-at")
        )
    return chosen
