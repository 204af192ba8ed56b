"""The words in which pitfalls are written: kinds of objects, traits of modules, and verbs for what happens to them."""

from __future__ import annotations

from enum import Enum, auto


class Kind(Enum):
    """What an object is, as far as a training program is concerned."""

    UNKNOWN = auto()
    MODULE = auto()
    LOSS_FUNCTION = auto()
    OPTIMIZER = auto()
    SCHEDULER = auto()
    SCALER = auto()
    LOADER = auto()
    SAMPLER = auto()  # deals the samples of a data set out to the ranks of a process group
    TENSOR = auto()
    PARAMETER = auto()
    PARAMETERS = auto()  # every parameter of a module: what `module.parameters()` gives
    SOME_PARAMETERS = auto()  # a selection of them
    STATE_DICT = auto()
    CHECKPOINT = auto()  # what `torch.load` gives
    CONTEXT = auto()  # a context manager of torch: no_grad, autocast
    CONSTANT = auto()
    DATA = auto()  # a plain Python or numpy value that is none of the above
    COLLECTION = auto()  # a list, tuple, set or dict
    FUNCTION = auto()  # defined in the file
    CLASS = auto()  # defined in the file
    INSTANCE = auto()  # of a class of the file that is none of torch's kinds
    LIBRARY = auto()  # a name that an import binds
    FRAMEWORK = auto()  # an object of a framework that takes over part of the training loop

    __hash__ = object.__hash__  # members are singletons, and that of Enum is slow


class Trait(Enum):
    """What a module is made of, where that decides whether a pitfall can bite."""

    BATCH_NORM = auto()  # has running statistics that move in train mode
    MODE_DEPENDENT = auto()  # acts differently in train mode and in eval mode
    PARAMETERS = auto()  # has something to learn


class Ranks(Enum):
    """Which processes of a group run a piece of code."""

    EVERY = auto()
    FIRST = auto()  # rank 0, or the first one of each machine
    OTHERS = auto()  # all but that
    SOME = auto()  # those that a condition picks in a way that is not understood
    ALONE = auto()  # none: it is for a program without a group

    __hash__ = object.__hash__


class Verb:
    """Something that happens to an object; a subclass is a special case of it."""


class Created(Verb):
    """An object was built by its constructor, so its state is known."""


class Obtained(Verb):
    """An object came from code that is not in sight, in whatever state that left it."""


class Escaped(Verb):
    """An object was handed to code that is not in sight, which may have done anything to it."""


class Forward(Verb):
    """A module was called."""


class EvaluationForward(Forward):
    """A module was called for validation, test or inference."""


class RecordedEvaluation(EvaluationForward):
    """The same, while gradients are recorded."""


class SingleSampleForward(Forward):
    """A module was called for each batch of a loader, the last of which has a single sample."""


class Backward(Verb):
    """Gradients were added to the parameters that a loss depends on."""


class ScaledBackward(Backward):
    """The same, from a loss that a gradient scaler has multiplied."""


class HalfBackward(Backward):
    """The same, from a loss that comes of a module called under float16 autocast, and that nothing has scaled."""


class OptimizerStep(Verb):
    """An optimizer changed its parameters by their gradients."""


class ScaledStep(OptimizerStep):
    """The same, by a gradient scaler, which divides the gradients by its scale first, unless it skips the step."""


class StepElsewhere(Verb):
    """Another optimizer changed its parameters."""


class ZeroGrad(Verb):
    """The gradients of an optimizer's or a module's parameters were cleared."""


class ZeroElsewhere(Verb):
    """The gradients of other parameters were cleared, and of none of these."""


class ZeroGradPart(ZeroGrad):
    """The same, for some of them."""


class GradientsWritten(Backward):
    """Gradients of some parameters were written by hand."""


class UnscaleGradients(Verb):
    """A gradient scaler divided an optimizer's gradients by its scale."""


class ScalerUnscale(UnscaleGradients):
    """The same, by `scaler.unscale_`, and so once for each time that the scaler is updated."""


class UnscaledByHand(UnscaleGradients):
    """Some gradients were multiplied or divided by hand, perhaps by the scale."""


class ScalerUpdate(Verb):
    """A gradient scaler adapted its scale."""


class ScalerEscaped(ScalerUpdate):
    """The same, perhaps: a gradient scaler was handed to code that is not in sight."""


class ClipGradients(Verb):
    """Gradients were clipped."""


class ClipScaledGradients(Verb):
    """Gradients were clipped to a threshold that was multiplied by a gradient scaler's factor, as they are."""


class GradientsTaken(Verb):
    """Gradients of a tensor were computed and handed back, and added to no parameter."""


class SchedulerStep(Verb):
    """A scheduler moved on."""


class SchedulerSet(SchedulerStep):
    """A scheduler was told the epoch to move to, or the metric to act upon."""


class TrainMode(Verb):
    """A module was put in train mode."""


class EvalMode(Verb):
    """A module was put in eval mode."""


class NormsHeld(Verb):
    """The BatchNorm layers of a module were put in eval mode, whatever mode the rest is in."""


class Freeze(Verb):
    """`requires_grad` was switched off for every parameter of a module."""


class FreezePart(Verb):
    """`requires_grad` was switched off for some parameters of a module."""


class Thaw(Verb):
    """`requires_grad` was switched on for parameters of a module."""


class ThawPart(Thaw):
    """The same, for some of them."""


class PartReplaced(Verb):
    """A submodule with parameters took the place of what a module had there."""


class ParametersAdded(Verb):
    """An optimizer got more parameters."""


class LoadWeights(Verb):
    """A state dict was loaded into a module or another object with state."""


class StateTaken(Verb):
    """The state dict of a module or another object was asked for."""


class Halved(Verb):
    """A module's weights were turned into half precision."""


class Moved(Verb):
    """A module was moved to a device that is named."""


class MovedToSave(Moved):
    """A module was moved to host memory, in order to be saved."""


class Wrapped(Verb):
    """A module was wrapped, so that the wrapper's state dict has other names in it."""


class Replicated(Wrapped):
    """The same, so that its gradients are averaged over the ranks of a process group, too."""


class RandomStateSet(Verb):
    """A global random number generator got back a state that was kept."""


class Seeded(Verb):
    """A global random number generator was seeded."""


class WeightsCopied(LoadWeights):
    """The same, from a module that lives beside it, as an average of the weights or a target network does."""


class FileWritten(Verb):
    """Something was saved to a file."""


class FileRead(Verb):
    """Something was loaded from a file."""


class Drained(Verb):
    """An iterator was run through to its end."""


class ChangedInPlace(Verb):
    """A tensor was changed in place."""


class ChangedOnRecord(ChangedInPlace):
    """The same, where gradients are recorded."""


class Accumulate(Verb):
    """A tensor was added to a running sum, or appended to a list."""


class Drawn(Verb):
    """A loop that trains ran through a loader, and so through the order of its sampler."""


class EpochSet(Verb):
    """A sampler was told the epoch, which its order depends on."""
