"""Every error that torchguard raises on purpose.

TorchguardError
├── MisuseError (ValueError)          arguments that cannot be right; raised before anything is changed
├── LossError (ValueError)            a loss that no gradient can come from
│   └── NonFiniteLossError            the loss is nan or inf
├── NoDeterministicKernelError        an operation that cannot be made deterministic here
├── NonFiniteGradientError            a gradient is nan or inf, and skipping was not asked for
├── RanksDisagreeError                the ranks of one run do different things
├── RankFailedError                   another rank failed, or left, while this one waited for it
├── UnreadableFileError               a file of weights that is missing, damaged, or holds more than tensors
├── StateMismatchError (ValueError)   saved state of other objects than these; nothing was changed
│   └── WeightsMismatchError          the keys or shapes of a state dict and of a module differ
└── CheckpointError                   a checkpoint that cannot be written or found
    ├── CorruptCheckpointError        one checkpoint fails its verification
    └── NoGoodCheckpointError         there are checkpoints, and all of them do
"""

from __future__ import annotations


class TorchguardError(Exception):
    """The root: ``except TorchguardError`` catches what torchguard refuses, and no error of torch."""


class MisuseError(TorchguardError, ValueError):
    """Arguments that cannot be right; nothing was changed."""


class LossError(TorchguardError, ValueError):
    """A loss that no gradient can come from; nothing was accumulated or stepped."""


class NonFiniteLossError(LossError):
    """The loss is nan or inf; nothing was accumulated or stepped."""


class NoDeterministicKernelError(TorchguardError, RuntimeError):
    """An operation has no deterministic kernel on this device; it was not run."""


class NonFiniteGradientError(TorchguardError):
    """The window's gradient is nan or inf; it was thrown away and nothing was stepped."""


class RanksDisagreeError(TorchguardError):
    """The ranks of one run do different things; raised on every rank, before they would wait for one another."""


class RankFailedError(TorchguardError):
    """Another rank failed, or left, while this one waited for it; says which one, and with what."""


class UnreadableFileError(TorchguardError):
    """A file that is missing, damaged, or holds more than tensors and plain values."""


class StateMismatchError(TorchguardError, ValueError):
    """Saved state that belongs to other objects than these; nothing was changed."""


class WeightsMismatchError(StateMismatchError):
    """Keys or shapes differ between a state dict and a module; the module was not changed."""


class CheckpointError(TorchguardError):
    """A checkpoint could not be written, or could not be looked for; the older ones are as they were."""


class CorruptCheckpointError(CheckpointError):
    """One checkpoint is not what was written."""


class NoGoodCheckpointError(CheckpointError):
    """There are checkpoints, and none of them passes its verification; all are left in place."""
