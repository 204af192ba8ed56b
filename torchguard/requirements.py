"""What `torchguard.Checkpointer` refuses at construction: options and state that cannot be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch.optim.lr_scheduler import LRScheduler

from torchguard.errors import MisuseError
from torchguard.restore import RNG
from torchguard.step import TrainStep


def refuse_options(
    every_steps: int | None,
    every_seconds: float | None,
    keep_last: int | None,
    keep_best: int,
    best: str | None,
    timeout: float,
) -> None:
    if every_steps is not None and every_steps < 1:
        raise MisuseError(f"every_steps={every_steps} is never due; write every_steps=None to save by hand")
    if every_seconds is not None and not every_seconds > 0:
        raise MisuseError(f"every_seconds={every_seconds} is always due; write every_seconds=None to save by hand")
    if keep_last is not None and keep_last < 1:
        raise MisuseError(
            f"keep_last={keep_last} would delete every checkpoint; write keep_last=1 or more, or None for all"
        )
    if keep_best < 0 or (keep_best > 0) != (best is not None) or best not in (None, "lowest", "highest"):
        raise MisuseError(
            f"keep_best={keep_best} and best={best!r} do not say which ones to keep; write keep_best=1, "
            'best="highest" for an accuracy, best="lowest" for a loss'
        )
    if not timeout > 0:
        raise MisuseError(f"timeout={timeout} waits for nobody; write the seconds that a slow save may take")


def refuse_incomplete(stateful: Mapping[str, object]) -> None:
    """State that is only right together with other state must come with it."""
    if not stateful:
        raise MisuseError("there is nothing to save; write Checkpointer(folder, model=model, optimizer=optimizer, ...)")
    if RNG in stateful:
        raise MisuseError(f"{RNG} is the name of the random number generators' state; give the object another name")
    given = {id(subject) for subject in stateful.values()}
    for name, subject in stateful.items():
        for kind, needed in _needs(subject):
            if id(needed) not in given:
                raise MisuseError(
                    f"{name} was given without the {kind} that it works on, so a resumed run would go on with a "
                    f"fresh one; write Checkpointer(folder, {kind}={kind}, {name}={name}, ...)"
                )


def _needs(subject: object) -> Iterator[tuple[str, object]]:
    if isinstance(subject, TrainStep):
        yield from (("optimizer", optimizer) for optimizer in subject.optimizers)
        yield from (("scheduler", scheduler) for scheduler in subject.schedulers)
    elif isinstance(subject, LRScheduler):
        yield "optimizer", subject.optimizer
