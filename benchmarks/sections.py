"""The parts of the report: what each runs, and the table that it writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TypedDict

import generated
from environment import OWN_PASS, Environment
from linters import Tool, cache, peer_tools, pylint, pylint_with_plugin, pylint_with_stand_ins, torchcheck
from measure import Cost, run
from messages import comparison
from tables import number, percent, ratio, spread, table

_COST_HEADS = ("CPU s (median)", "min", "max", "peak MB", "findings")
_PITFALLS_ONLY = ("--disable=all", "--enable=torchcheck")
_FLAT_LIMIT = 10_000  # lines in one file without functions; the tree and the file of functions go further
_FILE_LIMIT = 30_000  # lines in one file: more than any that people write


@dataclass(frozen=True)
class Task:
    """What to measure, with what, how often."""

    paths: tuple[str, ...]
    environment: Environment
    torch: Environment | None
    repeat: int
    largest: int  # lines of the largest generated tree
    scratch: Path  # an empty folder


class OwnTime(TypedDict):
    """What ``own_pass.py`` writes."""

    whole_s: float
    own_s: float
    files: dict[str, tuple[int, float]]


# Against other tools


def peers(task: Task) -> Iterator[str]:
    """Every tool over the same files, one process each."""
    tools = peer_tools(task.environment)
    costs = _rounds(tools, task)
    yield _cost_table(tools, costs)


def _rounds(tools: Sequence[Tool], task: Task) -> dict[str, list[Cost]]:
    """Run the tools in turn, so that a load that comes and goes meets them all."""
    for tool in tools:
        tool.warm_up(task.scratch, task.paths)
    costs: dict[str, list[Cost]] = {tool.name: [] for tool in tools}
    for _ in range(task.repeat):
        for tool in tools:
            costs[tool.name].append(tool.check(task.paths))
    return costs


def _cost_table(tools: Sequence[Tool], costs: dict[str, list[Cost]]) -> str:
    ours = [cost.cpu_s for cost in costs[tools[0].name]]
    heads = ("tool", *_COST_HEADS, f"CPU against {tools[0].name}")
    return table(heads, (_cost_row(tool, costs[tool.name], ours) for tool in tools))


def _cost_row(tool: Tool, costs: Sequence[Cost], ours: Sequence[float]) -> list[str]:
    seconds = [cost.cpu_s for cost in costs]
    failures = [cost.failure for cost in costs if cost.failure]
    findings = f"failed: {failures[0]}" if failures else str(tool.findings(costs[-1].output))
    peak = f"{max(cost.peak_mb for cost in costs):.0f}"
    return [tool.name, *spread(seconds), peak, findings, ratio(seconds, ours)]


# Our own pass


def own(task: Task) -> Iterator[str]:
    """What our checker takes of Pylint's time, alone and beside Pylint's own checks, in a first and in a second run."""
    rows = []
    for name, options in (("only torchcheck", _PITFALLS_ONLY), ("default checks and torchcheck", ())):
        times = [_own_time(task, task.paths, options) for _ in range(task.repeat)]
        rows.append(_own_row(name, times))
        remembered = [_own_time(task, task.paths, options, again=True) for _ in range(task.repeat + 1)]
        rows.append(_own_row(f"{name}, again", remembered[1:]))
    yield table(("pylint with", "whole CPU s (median)", "own pass s (median)", "min", "max", "beside the rest"), rows)


def _own_row(name: str, times: Sequence[OwnTime]) -> list[str]:
    share = median(time["own_s"] / (time["whole_s"] - time["own_s"]) for time in times)
    own_times = [time["own_s"] for time in times]
    return [name, number(median(time["whole_s"] for time in times)), *spread(own_times), percent(share, 1)]


def _own_time(
    task: Task, paths: Sequence[str], options: Sequence[str] = _PITFALLS_ONLY, *, again: bool = False
) -> OwnTime:
    result = task.scratch / "own.json"
    settings = ("--load-plugins=pylint_torchcheck", "--persistent=n", "--recursive=y", cache(again))
    arguments = (*settings, *options, *paths)
    command = [str(task.environment.python), str(OWN_PASS), str(result), *arguments]
    cost = run(command, task.environment.folder, task.environment.variables)
    if not result.exists():
        raise RuntimeError(f"the measured run failed: {cost.errors.strip()[-2000:]}")
    times: OwnTime = json.loads(result.read_text(encoding="utf-8"))
    result.unlink()
    return times


def slowest(task: Task) -> Iterator[str]:
    """The ten files that our pass takes longest for."""
    files = _own_time(task, task.paths)["files"]
    total = sum(seconds for _, seconds in files.values())
    ranked = sorted(files.items(), key=lambda item: item[1][1], reverse=True)
    rows = [_file_row(task, *item, total) for item in ranked[:10]]
    yield table(("file", "lines", "own pass s", "share of all"), rows)


def _file_row(task: Task, file: str, measured: tuple[int, float], total: float) -> list[object]:
    lines, seconds = measured
    return [_shortened(file, task.paths), lines, number(seconds), percent(seconds, total)]


def _shortened(file: str, paths: Sequence[str]) -> str:
    for path in paths:
        if Path(file).is_relative_to(path):
            return str(Path(file).relative_to(Path(path).parent))
    return file


# Where torch is installed


def with_torch(task: Task) -> Iterator[str]:
    """What the plugin adds to Pylint's default checks, or takes off, in time and in messages, where there is torch."""
    if task.torch is None:
        yield "Not measured: name an interpreter with `--with-torch`."
        return
    plain, stand_ins = pylint(task.torch), pylint_with_stand_ins(task.torch)
    first, again = (pylint_with_plugin(task.torch, again=again) for again in (False, True))
    tools = [plain, first, again, stand_ins, torchcheck(task.torch)]
    yield _cost_table(tools, _rounds(tools, task))
    yield comparison(plain, stand_ins, task.paths)
    yield f"torch {task.torch.versions.get('torch', 'is not installed there')}"


# How it grows


def scale(task: Task) -> Iterator[str]:
    """Our pass over code that grows: more files, or a longer file."""
    sizes = [size for size in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000) if size <= task.largest]
    yield _growth(task, "a tree of files of 400 lines", generated.tree, sizes)
    yield _growth(task, "one file of many functions", generated.functions, [s for s in sizes if s <= _FILE_LIMIT])
    yield _growth(task, "one file without functions", generated.flat, [s for s in sizes if s <= _FLAT_LIMIT])


def _growth(task: Task, name: str, make: Callable[[Path, int], Path], sizes: Sequence[int]) -> str:
    rows = []
    for size in sizes:
        folder = make(task.scratch / f"{make.__name__}_{size}", size)
        times = _own_time(task, [str(folder)])
        rows.append(_growth_row(times))
    return table((name + ": lines", "whole CPU s", "own pass s", "own share", "own pass, ms for 1,000 lines"), rows)


def _growth_row(times: OwnTime) -> list[str]:
    lines = sum(count for count, _ in times["files"].values())
    own_s, whole_s = times["own_s"], times["whole_s"]
    return [f"{lines:,}", number(whole_s), number(own_s), percent(own_s, whole_s), number(1e6 * own_s / lines)]


def jobs(task: Task) -> Iterator[str]:
    """Time on the clock with one process and with four, over the given paths or a generated tree."""
    paths = task.paths or (str(generated.tree(task.scratch / "tree", min(task.largest, 100_000))),)
    tools = [torchcheck(task.environment, jobs=count) for count in (1, 4)]
    costs = _rounds(tools, replace(task, paths=paths))
    one = [cost.wall_s for cost in costs[tools[0].name]]
    yield table(
        ("", "clock s (median)", "min", "max", "CPU s (median)", "speed-up"),
        (_jobs_row(tool.name, costs[tool.name], one) for tool in tools),
    )
    yield "over the given paths" if task.paths else "over a generated tree"


def _jobs_row(name: str, costs: Sequence[Cost], one: Sequence[float]) -> list[str]:
    walls = [cost.wall_s for cost in costs]
    return [name, *spread(walls), number(median(cost.cpu_s for cost in costs)), ratio(one, walls)]
