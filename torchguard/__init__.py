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
from torchguard.distributed import Environment, distributed, is_main, print_once
from torchguard.errors import (
    CheckpointError,
    CorruptCheckpointError,
    LossError,
    MisuseError,
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
from torchguard.freeze import Frozen, freeze
from torchguard.mean import Mean
from torchguard.modes import eval_mode
from torchguard.moving import to_device
from torchguard.parallel import ddp, dp, fsdp
from torchguard.rng import RngState, Seeded, rng_state, seed_everything, set_rng_state
from torchguard.shelf import Skipped
from torchguard.step import StepResult, TrainStep
from torchguard.weights import LoadReport, load_weights

__all__ = [
    "CheckpointError",
    "Checkpointer",
    "CorruptCheckpointError",
    "Environment",
    "Frozen",
    "LoadReport",
    "LossError",
    "Mean",
    "MisuseError",
    "NoGoodCheckpointError",
    "NonFiniteGradientError",
    "NonFiniteLossError",
    "RankFailedError",
    "RanksDisagreeError",
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
    "distributed",
    "dp",
    "eval_mode",
    "freeze",
    "fsdp",
    "is_main",
    "load_weights",
    "print_once",
    "rng_state",
    "seed_everything",
    "set_rng_state",
    "to_device",
]
