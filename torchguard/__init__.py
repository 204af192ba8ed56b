"""Guards for PyTorch training: small classes and functions that do one thing right that people get wrong.

The loop stays yours. Everything public is named here; the modules are implementation details.
"""

try:
    import numpy as _numpy  # noqa: F401
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as _missing:
    if _missing.name not in {"numpy", "torch"}:
        raise
    raise ModuleNotFoundError(
        f"torchguard needs torch and numpy, and {_missing.name} is not installed; write pip install "
        "'pylint-torchcheck[guard]'",
        name=_missing.name,
    ) from None

from torchguard.checkpoint import Checkpointer, ResumeReport
from torchguard.determinism import Deterministic, deterministic
from torchguard.distributed import Environment, distributed, is_main, print_once
from torchguard.errors import (
    CheckpointError,
    CorruptCheckpointError,
    LossError,
    MisuseError,
    NoDeterministicKernelError,
    NoGoodCheckpointError,
    NonFiniteGradientError,
    NonFiniteLossError,
    RankFailedError,
    RanksDisagreeError,
    StateMismatchError,
    TorchguardError,
    UnreadableFileError,
    WeightsMismatchError,
)
from torchguard.findings import Finding, Findings
from torchguard.freeze import Frozen, freeze
from torchguard.groups import param_groups
from torchguard.loader import ResumableLoader, seed_worker
from torchguard.mean import Mean
from torchguard.modes import eval_mode
from torchguard.moving import to_device
from torchguard.nonfinite import Diagnosis, diagnose_nonfinite
from torchguard.parallel import ddp, dp, fsdp
from torchguard.preemption import Preempted
from torchguard.preflight import preflight
from torchguard.rng import RngState, Seeded, rng_state, seed_everything, set_rng_state
from torchguard.shelf import Skipped
from torchguard.snapshots import snapshot
from torchguard.step import StepResult, TrainStep
from torchguard.weights import LoadReport, load_weights

__all__ = [
    "CheckpointError",
    "Checkpointer",
    "CorruptCheckpointError",
    "Deterministic",
    "Diagnosis",
    "Environment",
    "Finding",
    "Findings",
    "Frozen",
    "LoadReport",
    "LossError",
    "Mean",
    "MisuseError",
    "NoDeterministicKernelError",
    "NoGoodCheckpointError",
    "NonFiniteGradientError",
    "NonFiniteLossError",
    "Preempted",
    "RankFailedError",
    "RanksDisagreeError",
    "ResumableLoader",
    "ResumeReport",
    "RngState",
    "Seeded",
    "Skipped",
    "StateMismatchError",
    "StepResult",
    "TorchguardError",
    "TrainStep",
    "UnreadableFileError",
    "WeightsMismatchError",
    "ddp",
    "deterministic",
    "diagnose_nonfinite",
    "distributed",
    "dp",
    "eval_mode",
    "freeze",
    "fsdp",
    "is_main",
    "load_weights",
    "param_groups",
    "preflight",
    "print_once",
    "rng_state",
    "seed_everything",
    "seed_worker",
    "set_rng_state",
    "snapshot",
    "to_device",
]
