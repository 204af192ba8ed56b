"""An NCCL process group in which every rank uses the first GPU."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Call, Program
from pylint_torchcheck.pitfalls.vocabulary import Kind, Ranks

_CHOOSING = (
    *("torch.cuda.set_device", "torch.cuda.device", "torch.accelerator.set_device_index"),
    *("torch.set_default_device", "torch.cuda.device_of"),
)


class MissingSetDevice(Pitfall):
    """NCCL wants one GPU for each rank, and a process that chooses none has the first one.

    ``model.cuda()`` then puts every rank's copy there: NCCL refuses with "Duplicate GPU detected", or the ranks share
    the memory of one GPU while the others idle. The harm shows only where there are GPUs: on a CPU the examples print
    no figure, and say so.
    """

    msgid = "W7772"
    symbol = "missing-set-device"
    message = (
        "%s joins an NCCL group in a process that has not chosen a GPU, so %s means the first one on every rank; "
        'call torch.cuda.set_device(int(os.environ["LOCAL_RANK"])) before it, or write with '
        "torchguard.distributed() as env:"
    )
    guard = "torchguard.distributed"
    signs = signs(["init_process_group"], [".cuda", ".to", "device"])

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find groups of NCCL in programs that choose no device, and use the one that they have."""
        if program.calls_anywhere(*_CHOOSING) or "CUDA_VISIBLE_DEVICES" in program.variables_set:
            return
        used = _uses_of_current_device(program)
        for call in program.calls("torch.distributed.init_process_group"):
            if used and _is_nccl(call) and not call.gives("device_id"):
                yield Finding(call, (call.text, used))


def _is_nccl(call: Call) -> bool:
    return {value.constant for value in call.argument("backend")} == {"nccl"}


def _uses_of_current_device(program: Program) -> str:
    """Return the source of a call that moves a module to whatever GPU is current; empty if there is none."""
    calls = [*program.method_calls("cuda", "to")]
    in_group = (call for call in calls if call.ranks != {Ranks.ALONE})
    return next((call.text for call in in_group if _is_of_module(call) and _names_no_index(call)), "")


def _is_of_module(call: Call) -> bool:
    return bool(call.receivers) and all(value.kind is Kind.MODULE for value in call.receivers)


def _names_no_index(call: Call) -> bool:
    if call.method == "cuda":
        return not call.gives("device")
    return {value.constant for value in call.argument("device")} == {"cuda"}
