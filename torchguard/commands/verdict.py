"""Compares what two runs wrote down, and says what differs first and which state was missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torchguard.words import some

Line = dict[str, Any]  # what `recorder` writes at one moment

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
    """What came out; prints as what the user reads."""

    same: bool
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def judge(whole: Sequence[Line], killed: Sequence[Line], resumed: Sequence[Line]) -> Verdict:
    """Compare a run that was left alone with one that was killed and its resumption."""
    straight = _steps(whole)
    before = _first_difference(straight, _steps(killed))
    if before is not None:
        return Verdict(False, (*_told(straight[before], _steps(killed)[before], before), _UNSEEDED))
    beginning = next((line for line in resumed if line["what"] == "resumed"), None)
    if beginning is None:
        return Verdict(False, ("the script never calls resume(), so the second run starts afresh; write", _CALL))
    after = _steps(resumed)
    first = _first_difference(straight, after)
    lines = [beginning["report"]]
    if first is not None:
        told = _told(straight[first], after[first], first)
        return Verdict(False, (*lines, *told, *_missing(straight, beginning, after)))
    if missing_steps := straight.keys() - after.keys() - set(range(beginning["step"] + 1)):
        return Verdict(
            False, (*lines, f"the resumed run ended before step {max(missing_steps)}, where the whole one did")
        )
    if later := after.keys() - straight.keys():
        return Verdict(
            False, (*lines, f"the resumed run went on to step {max(later)}, the whole one to {max(straight)}")
        )
    return _judge_end(lines, whole, resumed, sorted(after))


_UNSEEDED = (
    "the two runs differ before anything was killed, so the script is not deterministic by itself; write "
    "torchguard.seed_everything(seed) at its beginning, and see torch.use_deterministic_algorithms(True)"
)
_CALL = "  checkpoints = torchguard.Checkpointer(folder, ...); checkpoints.resume()"


def _judge_end(lines: list[str], whole: Sequence[Line], resumed: Sequence[Line], steps: list[int]) -> Verdict:
    one, other = _end(whole), _end(resumed)
    if one and other and one["state"] != other["state"]:
        paths = _differing(one["state"], other["state"])
        return Verdict(False, (*lines, f"after the last step {some(paths, 'value')} ends up otherwise"))
    compared = f"steps {steps[0]} to {steps[-1]}" if steps else "no step was left to compare"
    return Verdict(
        True, (*lines, f"bit for bit the same: order of samples, losses, learning rates, weights ({compared})")
    )


def _steps(lines: Sequence[Line]) -> dict[int, Line]:
    return {line["step"]: line for line in lines if line["what"] == "step"}


def _end(lines: Sequence[Line]) -> Line | None:
    return next((line for line in lines if line["what"] == "end"), None)


def _first_difference(one: Mapping[int, Line], other: Mapping[int, Line]) -> int | None:
    return next((step for step in sorted(one.keys() & other.keys()) if _differs(one[step], other[step])), None)


def _differs(one: Line, other: Line) -> bool:
    return any(one[aspect] != other[aspect] for aspect, _ in _ASPECTS)


def _told(one: Line, other: Line, step: int) -> Iterator[str]:
    """The aspects of the first step that differs, the first of them first."""
    differing = [(aspect, words) for aspect, words in _ASPECTS if one[aspect] != other[aspect]]
    yield f"step {step} is the first that differs, first in {differing[0][1]}:"
    for aspect, words in differing:
        yield f"  {words}: {_shown(aspect, one, other)}"


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


def _missing(straight: Mapping[int, Line], beginning: Line, after: Mapping[int, Line]) -> Iterator[str]:
    """Why: what right after the resume was not as it had been, and is not among what is saved."""
    then = straight.get(beginning["step"])
    if then is None:
        yield "there was no checkpoint to resume from, so the whole run was repeated, and came out otherwise"
        return
    causes = [*_not_restored(then, beginning), *_not_given(then, beginning), *_random(then, beginning)]
    yield f"why: right after resume() this is not what it was at step {beginning['step']}:" if causes else _NO_CAUSE
    yield from causes
    first = min(after, default=None)
    if first is not None and (values := _values(straight[first], after[first])):
        yield f"variables of the script that differ at step {first}, and that no checkpoint holds:"
        yield from values
    if not causes and straight.get(first or 0, {}).get("batches") != after.get(first or 0, {}).get("batches"):
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
