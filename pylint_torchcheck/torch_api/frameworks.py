"""What frameworks do that take over part of the training loop, in the vocabulary of the pitfalls.

As read in the sources of accelerate 1.15, lightning 2.6, transformers 5.23, composer 0.32, deepspeed 0.19 and apex.
Where a framework has the whole loop, as skorch, fastai and ignite do, there is nothing to say: no event is in sight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    ClipGradients,
    EvalMode,
    Freeze,
    FreezePart,
    Kind,
    Thaw,
    TrainMode,
    UnscaleGradients,
)
from pylint_torchcheck.torch_api.effects import EACH, Effect

# The shortest public path of each class, as `import` statements may spell it.
ALIASES: Final = {
    "accelerate.accelerator.Accelerator": "accelerate.Accelerator",
    **dict.fromkeys(
        ("lightning.fabric.Fabric", "lightning_fabric.Fabric", "lightning.fabric.fabric.Fabric"), "lightning.Fabric"
    ),
    **dict.fromkeys(
        (
            "pytorch_lightning.LightningModule",
            "pytorch_lightning.core.LightningModule",
            "pytorch_lightning.core.lightning.LightningModule",
            "pytorch_lightning.core.module.LightningModule",
            "lightning.pytorch.LightningModule",
            "lightning.pytorch.core.LightningModule",
            "lightning.pytorch.core.module.LightningModule",
        ),
        "lightning.LightningModule",
    ),
    "composer.ComposerModel": "composer.models.ComposerModel",
    "composer.models.base.ComposerModel": "composer.models.ComposerModel",
    "transformers.trainer.Trainer": "transformers.Trainer",
}

_HARMLESS: Final = Effect()
# Contexts of other libraries that are torch's autocast, each with the device that it is for by default, if known.
AUTOCASTS: Final[dict[str, str]] = {
    "ultralytics.utils.torch_utils.autocast": "cuda",
    "accelerate.Accelerator.autocast": "",
    "lightning.Fabric.autocast": "",
}
_HAND_BACK: Final = Effect(on=EACH, same=True)

_ACCELERATOR: Final = {
    **dict.fromkeys(
        "accumulate no_sync join_uneven_inputs trigger_sync_in_backward profile main_process_first "
        "local_main_process_first print log init_trackers get_tracker end_training wait_for_everyone save save_model "
        "save_state load_state register_for_checkpointing register_save_state_pre_hook register_load_state_pre_hook "
        "set_trigger check_trigger".split(),
        _HARMLESS,
    ),
    "autocast": Effect(gives=Kind.CONTEXT),
    "prepare": _HAND_BACK,
    "prepare_model": Effect(on="model", same=True),
    "prepare_optimizer": Effect(on="optimizer", same=True),
    "prepare_scheduler": Effect(on="scheduler", same=True),
    "prepare_data_loader": Effect(on="data_loader", same=True),
    "skip_first_batches": Effect(on="dataloader", same=True),
    "unwrap_model": Effect(on="model", same=True),
    **dict.fromkeys("gather gather_for_metrics reduce pad_across_processes".split(), Effect(gives=Kind.UNKNOWN)),
    "get_state_dict": Effect(on="model", gives=Kind.STATE_DICT),
    "backward": Effect(Backward, on="loss"),
    "unscale_gradients": Effect(UnscaleGradients, on="optimizer"),
    "clip_grad_norm_": Effect(UnscaleGradients, on="parameters", then=ClipGradients),
    "clip_grad_value_": Effect(UnscaleGradients, on="parameters", then=ClipGradients),
}
_FABRIC: Final = {
    **dict.fromkeys(
        "no_backward_sync sharded_model init_tensor init_module rank_zero_first print log log_dict barrier "
        "save load load_raw seed_everything".split(),
        _HARMLESS,
    ),
    "autocast": Effect(gives=Kind.CONTEXT),
    "setup": _HAND_BACK,
    "setup_module": Effect(on="module", same=True),
    "setup_optimizers": _HAND_BACK,
    "setup_dataloaders": _HAND_BACK,
    "to_device": Effect(on="obj", same=True),
    "backward": Effect(Backward, on="tensor"),
    "clip_gradients": Effect(UnscaleGradients, on="module", then=ClipGradients),
}
_LIGHTNING_MODULE: Final = {
    **dict.fromkeys(
        "log log_dict print save_hyperparameters to_onnx to_torchscript".split(),
        _HARMLESS,
    ),
    "toggle_optimizer": Effect(FreezePart),  # what the other optimizers hold
    "untoggle_optimizer": Effect(Thaw),
    "toggled_optimizer": Effect(FreezePart, then=Thaw),
    "optimizers": Effect(gives=Kind.UNKNOWN),  # one, or a list of several
    "lr_schedulers": Effect(gives=Kind.UNKNOWN),
    "manual_backward": Effect(Backward, on="loss"),
    "clip_gradients": Effect(ClipGradients, on="optimizer"),
    "freeze": Effect(Freeze, then=EvalMode),
    "unfreeze": Effect(Thaw, then=TrainMode),
}

# The methods of their classes; what is not named here may do anything.
METHODS: Final[dict[str, dict[str, Effect]]] = {
    "accelerate.Accelerator": _ACCELERATOR,
    "lightning.Fabric": _FABRIC,
    "lightning.LightningModule": _LIGHTNING_MODULE,
}
# Of those, the ones that are modules, made of what is assigned to them and of nothing else.
MODULES: Final = frozenset({"lightning.LightningModule", "composer.models.ComposerModel"})

FUNCTIONS: Final[dict[str, Effect]] = {
    "accelerate.dispatch_model": Effect(on="model", same=True),
    "accelerate.skip_first_batches": Effect(on="dataloader", same=True),
    "apex.amp.initialize": _HAND_BACK,
    "apex.amp.scale_loss": Effect(on="loss", same=True),
    "apex.amp.master_params": Effect(on="optimizer", gives=Kind.UNKNOWN),
    "apex.parallel.DistributedDataParallel": Effect(on="module", same=True),
    "apex.parallel.convert_syncbn_model": Effect(on="module", same=True),
    "deepspeed.initialize": Effect(on="model", same=True, first_of=4),  # engine, optimizer, loader, scheduler
}
SIGNATURES: Final[dict[str, tuple[str, ...]]] = {
    "accelerate.dispatch_model": ("model",),
    "accelerate.skip_first_batches": ("dataloader", "num_batches"),
    "apex.amp.initialize": ("models", "optimizers"),
    "apex.amp.scale_loss": ("loss", "optimizers"),
    "apex.amp.master_params": ("optimizer",),
    "apex.parallel.DistributedDataParallel": ("module",),
    "ultralytics.utils.torch_utils.autocast": ("enabled", "device"),
    "apex.parallel.convert_syncbn_model": ("module",),
    "deepspeed.initialize": ("args", "model", "optimizer", "model_parameters"),
}


@dataclass(frozen=True)
class Course:
    """The methods of a class that its framework calls, in this order, though nothing in the file does.

    Args:
        before: after the constructor, or at the beginning of an epoch.
        each_batch: for each batch of training.
        after: at the end of an epoch.
        loss: the one of ``each_batch`` whose result the framework backpropagates.
        unless_off: an attribute that, when false, leaves the backward pass to the class.
        makes: the one of ``before`` that builds the optimizers.
        hands_back: a method by which the class gets them back.
    """

    each_batch: tuple[str, ...]
    loss: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    unless_off: str = ""
    makes: str = ""
    hands_back: str = ""


COURSES: Final[dict[str, Course]] = {
    "lightning.LightningModule": Course(
        before=(
            *("setup", "configure_model", "configure_optimizers", "on_fit_start"),
            *("train", "on_train_start", "on_train_epoch_start"),  # releases before 2.2 call `train()`
        ),
        each_batch=("on_train_batch_start", "training_step", "on_train_batch_end"),
        after=("on_train_epoch_end", "training_epoch_end"),
        loss="training_step",
        unless_off="automatic_optimization",
        makes="configure_optimizers",
        hands_back="optimizers",
    ),
    "composer.models.ComposerModel": Course(each_batch=("loss",), loss="loss"),
    "transformers.Trainer": Course(each_batch=("compute_loss",), loss="compute_loss"),
}
