"""Compares what two runs wrote down, and says what differs first and which state was missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torchguard.words import some

Line = dict[str, Any]  # what `recorder` writes at one moment
Moment = tuple[int, int]  # which Checkpointer, and its step
Record = Sequence[Line]  # of one run, on one rank

# In the order in which one follows from the other.
_ASPECTS = (
    ("batches", "the order of samples, or their augmentation"),
    ("losses", "the loss"),
    ("rates", "the learning rate"),
    ("state", "the weights or other saved state"),
)
_SHOWN = 6  # variables


@dataclass(frozen=True)
class Verdict:
    """What came out; prints as what the user reads.

    Attributes:
        same: is the resumed run the whole one, bit for bit?
        lines: what to tell.
        place: how many steps of the whole run come before the one that differs first, of none all; and how many aspects
            of that step are the same before the first that is not.
    """

    same: bool
    lines: tuple[str, ...]
    place: tuple[int, int]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def judge_ranks(whole: Sequence[Record], killed: Sequence[Record], resumed: Sequence[Record]) -> Verdict:
    """The verdict on the rank that differs first; on all of them, if none does."""
    verdicts = [judge(*records) for records in zip(whole, killed, resumed, strict=True)]
    if len(verdicts) == 1:
        return verdicts[0]
    worst = min(range(len(verdicts)), key=lambda rank: (verdicts[rank].same, verdicts[rank].place))
    *lines, last = verdicts[worst].lines
    if verdicts[worst].same:
        return Verdict(True, (*lines, f"each of {len(verdicts)} ranks: {last}"), verdicts[worst].place)
    others = [f"rank {rank}" for rank, verdict in enumerate(verdicts) if not verdict.same and rank != worst]
    also = f", then {', '.join(others)}" if others else ", and no other rank does"
    head = f"rank {worst} differs first{also}"
    return Verdict(False, (head, *lines, last), verdicts[worst].place)


def judge(whole: Record, killed: Record, resumed: Record) -> Verdict:
    """Compare a run that was left alone with one that was killed and its resumption."""
    straight = _Steps(whole)
    before = straight.first_difference(_Steps(killed))
    if before is not None:
        told = straight.told(_Steps(killed), before)
        return Verdict(False, (*told, _UNSEEDED), straight.depth(_Steps(killed), before))
    reports = [line for line in resumed if line["what"] == "resumed"]
    if not reports:
        return Verdict(
            False, ("the script never calls resume(), so the second run starts afresh; write", _CALL), (0, 0)
        )
    beginnings, after = [line["report"] for line in reports], _Steps(resumed)
    first = straight.first_difference(after)
    if first is not None:
        causes = _Causes(straight, resumed, after, first)
        lines = (*beginnings, *straight.told(after, first), *causes.told())
        return Verdict(False, lines, straight.depth(after, first))
    end = (len(straight.moments), 0)
    lacking = _other_end(straight, after, reports) or _other_state(whole, resumed)
    if lacking:
        return Verdict(False, (*beginnings, lacking), end)
    same = f"bit for bit the same: order of samples, losses, learning rates, weights ({straight.span(after)})"
    return Verdict(True, (*beginnings, same), end)


_UNSEEDED = (
    "the two runs differ before anything was killed, so the script is not deterministic by itself; write "
    "torchguard.seed_everything(seed) at its beginning, and see torch.use_deterministic_algorithms(True)"
)
_CALL = "  checkpoints = torchguard.Checkpointer(folder, ...); checkpoints.resume()"


class _Steps:
    """The steps of one run, in their order."""

    def __init__(self, lines: Record) -> None:
        self.lines: dict[Moment, Line] = {moment(line): line for line in lines if line["what"] == "step"}
        self.moments = list(self.lines)
        self._is_one = len({which for which, _ in self.moments}) < 2

    def place(self, of: Moment) -> int:
        """How many steps come before."""
        return self.moments.index(of)

    def depth(self, other: _Steps, first: Moment) -> tuple[int, int]:
        """Where the two differ first: the place of the step, and that of the aspect."""
        differing = (self.lines[first][aspect] != other.lines[first][aspect] for aspect, _ in _ASPECTS)
        return self.place(first), list(differing).index(True)

    def name(self, of: Moment) -> str:
        """``step 12``; where there are several Checkpointers, ``step 12 of runs/b``."""
        return f"step {of[1]}" if self._is_one else f"step {of[1]} of {self.lines[of]['folder']}"

    def first_difference(self, other: _Steps) -> Moment | None:
        both = (moment for moment in self.moments if moment in other.lines)
        return next((m for m in both if any(self.lines[m][key] != other.lines[m][key] for key, _ in _ASPECTS)), None)

    def told(self, other: _Steps, first: Moment) -> Iterator[str]:
        """The aspects of the first step that differs, the first of them first."""
        own, others = self.lines[first], other.lines[first]
        differing = [(aspect, words) for aspect, words in _ASPECTS if own[aspect] != others[aspect]]
        yield f"{self.name(first)} is the first that differs, first in {differing[0][1]}:"
        for aspect, words in differing:
            yield f"  {words}: {_shown(aspect, own, others)}"

    def span(self, other: _Steps) -> str:
        """``steps 5 to 12``, of those that both runs have; for each Checkpointer."""
        spans = []
        for number in sorted({which for which, _ in other.moments}):
            steps = [step for which, step in other.moments if which == number]
            of = "" if self._is_one else f" of {other.lines[number, steps[0]]['folder']}"
            spans.append(f"{steps[0]} to {steps[-1]}{of}")
        return f"steps {', '.join(spans)}" if spans else "no step was left to compare"


def moment(line: Line) -> Moment:
    """When a line was written."""
    return line["which"], line["step"]


def _other_end(straight: _Steps, after: _Steps, reports: Sequence[Line]) -> str:
    """Does one run go further than the other?"""
    begun = {line["which"]: line["step"] for line in reports}
    lost = [m for m in straight.moments if m not in after.lines and m[1] > begun.get(m[0], 0)]
    if lost:
        return f"the resumed run ended before {straight.name(lost[-1])}, where the whole one did"
    if later := [m for m in after.moments if m not in straight.lines]:
        end = straight.name(straight.moments[-1])
        return f"the resumed run went on to {after.name(later[-1])}, the whole one to {end}"
    return ""


def _other_state(whole: Record, resumed: Record) -> str:
    one, other = _end(whole), _end(resumed)
    if one and other and one["state"] != other["state"]:
        paths = _differing(one["state"], other["state"])
        return f"after the last step {some(paths, 'value')} ends up otherwise"
    return ""


def _end(lines: Record) -> Line | None:
    return next((line for line in lines if line["what"] == "end"), None)


def _shown(aspect: str, one: Line, other: Line) -> str:
    if aspect == "state":
        return some(_differing(one["state"], other["state"]), "value")
    if aspect == "batches":
        return _batches(one[aspect], other[aspect])
    return f"{_numbers(one[aspect])} in the whole run, {_numbers(other[aspect])} in the resumed one"


def _batches(one: Sequence[int], other: Sequence[int]) -> str:
    if len(one) != len(other):
        return f"the whole run took {len(one)} from its loaders since the step before, the resumed one {len(other)}"
    index = next(i for i, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
    return f"batch {index + 1} since the step before holds other numbers"


def _numbers(values: Sequence[str]) -> str:
    return ", ".join(f"{float.fromhex(value):.9g}" for value in values) or "none"


def _differing(one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]) -> list[str]:
    names = sorted(one.keys() & other.keys())
    return [f"{name}.{path}" for name in names for path in one[name] if one[name][path] != other[name].get(path)]


class _Causes:
    """Why: what right after the resume was not as it had been, and is not among what is saved.

    Args:
        straight: the whole run.
        resumed: what the resumed run wrote.
        after: its steps.
        first: the first that differs.
    """

    def __init__(self, straight: _Steps, resumed: Record, after: _Steps, first: Moment) -> None:
        self._straight, self._after = straight, after
        until = next(i for i, line in enumerate(resumed) if line is after.lines[first])
        self._reports = [line for line in resumed[:until] if line["what"] == "resumed"]

    def told(self) -> Iterator[str]:
        then = max(map(self._place, self._reports))
        if then < 0:
            yield "there was no checkpoint to resume from, so the whole run was repeated, and came out otherwise"
        elif apart := [line for line in self._reports if self._is_behind(line, then)]:
            yield from self._apart(apart[0], self._straight.moments[then])
        else:
            yield from self._restored_otherwise(self._straight.lines[self._straight.moments[then]])

    def _place(self, report: Line) -> int:
        """Which step of the whole run it brought back; -1: none."""
        return self._straight.place(moment(report)) if report["step"] else -1

    def _is_behind(self, report: Line, then: int) -> bool:
        """Did this Checkpointer make steps between its checkpoint and the newest one of the others?"""
        between = self._straight.moments[self._place(report) + 1 : then + 1]
        return any(which == report["which"] for which, _ in between)

    def _apart(self, behind: Line, newest: Moment) -> Iterator[str]:
        yield (
            f"why: {behind['folder']} was resumed at step {behind['step']}, and another Checkpointer at "
            f"{self._straight.name(newest)}, since each commits by itself and the run was killed between the two;"
        )
        yield "  give all objects to one Checkpointer, which commits them together"

    def _restored_otherwise(self, then: Line) -> Iterator[str]:
        now = self._reports[-1]
        causes = [*_not_restored(then, now), *_not_given(then, now), *_random(then, now)]
        yield f"why: right after resume() this is not what it was at step {then['step']}:" if causes else _NO_CAUSE
        yield from causes
        first = next((m for m in self._after.moments if m in self._straight.lines), None)
        if first is None:
            return
        one, other = self._straight.lines[first], self._after.lines[first]
        if values := _values(one, other):
            yield f"variables of the script that differ at {self._straight.name(first)}, and that no checkpoint holds:"
            yield from values
        if not causes and one["batches"] != other["batches"]:
            yield _ORDER


_NO_CAUSE = "right after resume() all that is saved, and the random state, were as they had been"
_ORDER = (
    "  so the position of the data loader is what was missing; write loader = torchguard.ResumableLoader.wrap(loader, "
    "seed=0) and Checkpointer(folder, ..., loader=loader)"
)


def _not_restored(then: Line, now: Line) -> Iterator[str]:
    for name, state in then["state"].items():
        if paths := [path for path in state if now["state"].get(name, {}).get(path) != state[path]]:
            yield f"  {name}, which is saved: {some(paths, 'value')}; its load_state_dict() does not restore it"


def _not_given(then: Line, now: Line) -> Iterator[str]:
    for name, thing in then["others"].items():
        there = now["others"].get(name)
        if there is None or there["state"] != thing["state"]:
            yield f"  {name}, a {thing['kind']} that is not saved; write Checkpointer(folder, ..., {name}={name})"


def _random(then: Line, now: Line) -> Iterator[str]:
    kinds = {
        path.partition(".")[0].partition("[")[0]
        for path, crc32 in then["random"].items()
        if now["random"].get(path) != crc32
    }
    if kinds:
        yield f"  the random state of {', '.join(sorted(kinds))}; call resume() after everything else was built"


def _values(one: Line, other: Line) -> list[str]:
    names = [
        name for name, value in one["values"].items() if name in other["values"] and other["values"][name] != value
    ]
    return [f"  {name} is {other['values'][name]!r} and was {one['values'][name]!r}" for name in sorted(names)[:_SHOWN]]
