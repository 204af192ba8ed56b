"""Autocast around a call of ``nn.DataParallel``, whose replicas run in threads of their own."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Event, Program
from pylint_torchcheck.pitfalls.vocabulary import Forward


class AutocastOutsideReplica(Pitfall):
    """``nn.DataParallel`` runs each replica in a thread, and autocast belongs to the thread that opened it.

    Before torch 1.7 the replicas do not see it at all. From 1.7 on (pull request 43102) they are told that it is on,
    and not its type, up to torch 2.13 at least: bfloat16 outside, which autocast on CUDA has since 1.10, is float16
    inside, with its narrow range and no gradient scaler to make up for it. That shows with two devices or more only.
    """

    msgid = "W7762"
    symbol = "autocast-outside-replica"
    message = "%s runs its replicas in threads that %s; write %s inside the module's forward, or call torchguard.dp"
    guard = "torchguard.dp"
    torch_versions = "< 1.7: no autocast in the replicas; >= 1.10: float16 whatever the type"
    signs = signs(["autocast"], ["DataParallel"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find calls of data-parallel modules under autocast of a type that the replicas do not get."""
        for trace in program.traces:
            for event in trace.events(Forward):
                place = program.place_of(event) if _is_parallel(program, event) else None
                lost = _what_is_lost(program, event) if place is not None else None
                if place is not None and lost is not None:
                    yield Finding(place, (place.text, *lost), any(value.guessed for value in event.subjects))


def _is_parallel(program: Program, event: Event) -> bool:
    goes_round = event.place.text.partition("(")[0].endswith(".module")
    return (
        not goes_round
        and bool(event.subjects)
        and all(
            program.is_wrapped_by(module, "torch.nn.DataParallel") and not program.opens_autocast(module)
            for module in event.subjects
        )
    )


def _what_is_lost(program: Program, event: Event) -> tuple[str, str] | None:
    """Return what the replicas do not get, and what to write; ``None`` if they compute as they are meant to."""
    if program.torch_range.is_before("1.7") and event.autocast not in {None, "off"}:
        return "autocast does not reach before torch 1.7", "with torch.cuda.amp.autocast():"
    if event.autocast == "bfloat16":
        return "compute in float16 and not in bfloat16", 'with torch.autocast("cuda", dtype=torch.bfloat16):'
    return None
