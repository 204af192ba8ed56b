"""What the methods and functions of torch do, in the vocabulary of the pitfalls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    ClipGradients,
    EpochSet,
    EvalMode,
    FileRead,
    FileWritten,
    Forward,
    Freeze,
    Halved,
    Kind,
    LoadWeights,
    Moved,
    OptimizerStep,
    ParametersAdded,
    RandomStateSet,
    Replicated,
    ScaledStep,
    ScalerUnscale,
    ScalerUpdate,
    SchedulerStep,
    Seeded,
    StateTaken,
    Thaw,
    TrainMode,
    Verb,
    Wrapped,
    ZeroGrad,
)
from pylint_torchcheck.torch_api import generated

EACH: Final = "*"  # each argument


@dataclass(frozen=True)
class Effect:
    """What a call does.

    Args:
        verb: what happens.
        on: the parameter that it happens to; empty: the object whose method is called.
        switch: a parameter that, when false, turns ``verb`` into ``off``.
        then: what happens next.
        gives: the kind of the result, if it is a new object.
        same: the result is the object itself, or the argument named by ``on``; with ``EACH`` the one argument, or
            a tuple of all of them in their order.
        first_of: that is the first item of a tuple of so many.
        unless_infinite: an argument that, when infinite, makes the call a measurement without ``verb``.
    """

    verb: type[Verb] | None = None
    on: str = ""
    switch: str = ""
    off: type[Verb] | None = None
    then: type[Verb] | None = None
    gives: Kind = Kind.DATA
    same: bool = False
    first_of: int = 0
    unless_infinite: str = ""


_SAME: Final = Effect(same=True)
_HARMLESS: Final = Effect()

# Methods of a module that give the module back, at another place, in another dtype, or compiled.
_MODULE_SELF: Final = (
    "xpu mps float double type to_empty apply share_memory compile ipu add_module register_module requires_grad_"
).split()
_MODULE_HARMLESS: Final = (
    "register_forward_hook register_forward_pre_hook register_full_backward_hook register_buffer register_parameter "
    "extra_repr get_parameter get_buffer no_sync join set_extra_state get_extra_state named_buffers buffers "
    "save_pretrained push_to_hub"
).split()

_MODULE: Final = {
    **dict.fromkeys(_MODULE_SELF, _SAME),
    **dict.fromkeys(_MODULE_HARMLESS, _HARMLESS),
    **dict.fromkeys(("half", "bfloat16"), Effect(Halved, same=True)),
    **dict.fromkeys(("to", "cuda", "cpu"), Effect(Moved, same=True)),
    "train": Effect(TrainMode, switch="mode", off=EvalMode, same=True),
    "eval": Effect(EvalMode, same=True),
    "requires_grad_": Effect(Thaw, switch="requires_grad", off=Freeze, same=True),
    "zero_grad": Effect(ZeroGrad),
    "forward": Effect(Forward, gives=Kind.TENSOR),
    "load_state_dict": Effect(LoadWeights),
    "state_dict": Effect(StateTaken, gives=Kind.STATE_DICT),
    "parameters": Effect(gives=Kind.PARAMETERS),
    "named_parameters": Effect(gives=Kind.PARAMETERS),
    "modules": Effect(gives=Kind.COLLECTION),
    "named_modules": Effect(gives=Kind.COLLECTION),
    "children": Effect(gives=Kind.COLLECTION),
    "named_children": Effect(gives=Kind.COLLECTION),
    "get_submodule": Effect(gives=Kind.UNKNOWN),
}

_STATEFUL: Final = {"state_dict": Effect(StateTaken, gives=Kind.STATE_DICT), "load_state_dict": Effect(LoadWeights)}

METHODS: Final[dict[Kind, dict[str, Effect]]] = {
    Kind.MODULE: _MODULE,
    Kind.LOSS_FUNCTION: _MODULE,
    Kind.OPTIMIZER: {
        **_STATEFUL,
        "step": Effect(OptimizerStep),
        "zero_grad": Effect(ZeroGrad),
        "add_param_group": Effect(ParametersAdded),
        "register_step_post_hook": _HARMLESS,
        "register_step_pre_hook": _HARMLESS,
    },
    Kind.SCALER: {
        **_STATEFUL,
        "scale": Effect(on="outputs", gives=Kind.TENSOR),
        "step": Effect(ScaledStep, on="optimizer"),
        "unscale_": Effect(ScalerUnscale, on="optimizer"),
        "update": Effect(ScalerUpdate),
        "get_scale": Effect(gives=Kind.UNKNOWN),
        "is_enabled": _HARMLESS,
    },
    Kind.SCHEDULER: {**_STATEFUL, "step": Effect(SchedulerStep), "get_last_lr": _HARMLESS, "get_lr": _HARMLESS},
    Kind.SAMPLER: {"set_epoch": Effect(EpochSet)},
    Kind.TENSOR: {"backward": Effect(Backward)},
}

# What those of a scaler that is switched off do in place of that.
WHILE_DISABLED: Final[dict[str, Effect]] = {
    "step": Effect(OptimizerStep, on="optimizer"),
    "unscale_": _HARMLESS,
    "update": _HARMLESS,
}

# What a method of these names does to an object of unknown kind: nothing else is called so.
BY_NAME_ALONE: Final[dict[str, Effect]] = {
    **dict.fromkeys("to cuda cpu float double".split(), _SAME),
    **dict.fromkeys(("half", "bfloat16"), _MODULE["half"]),
    "zero_grad": _MODULE["zero_grad"],
    "set_epoch": Effect(EpochSet),
    "backward": Effect(Backward),
    "load_state_dict": Effect(LoadWeights),
    "parameters": _MODULE["parameters"],
    "named_parameters": _MODULE["named_parameters"],
    "modules": _MODULE["modules"],
    "named_modules": _MODULE["named_modules"],
    "children": _MODULE["children"],
    "named_children": _MODULE["named_children"],
    "requires_grad_": _MODULE["requires_grad_"],
    "train": _MODULE["train"],
    "eval": _MODULE["eval"],
    "state_dict": _STATEFUL["state_dict"],
}

# Functions that seed a global random number generator.
SEEDING: Final = frozenset(
    "torch.manual_seed torch.random.manual_seed torch.cuda.manual_seed torch.cuda.manual_seed_all random.seed "
    "numpy.random.seed".split()
)
RESTORING_RANDOM_STATE: Final = frozenset(
    "torch.set_rng_state torch.random.set_rng_state torch.cuda.set_rng_state torch.cuda.set_rng_state_all "
    "random.setstate numpy.random.set_state".split()
)
_CLIP: Final = Effect(ClipGradients, on="parameters")
_CLIP_NORM: Final = Effect(ClipGradients, on="parameters", unless_infinite="max_norm")

FUNCTIONS: Final[dict[str, Effect]] = {
    "torch.nn.utils.clip_grad_norm_": _CLIP_NORM,
    "torch.nn.utils.clip_grad_norm": _CLIP_NORM,
    "torch.nn.utils.clip_grad_value_": _CLIP,
    "torch.autograd.backward": Effect(Backward, on="tensors"),
    "torch.load": Effect(gives=Kind.CHECKPOINT),
    **dict.fromkeys(SEEDING, Effect(Seeded)),
    **dict.fromkeys(RESTORING_RANDOM_STATE, Effect(RandomStateSet)),
    "torch.jit.load": Effect(gives=Kind.MODULE),
    "torch.hub.load": Effect(gives=Kind.MODULE),
    "timm.create_model": Effect(gives=Kind.MODULE),
    "torch.compile": Effect(Wrapped, on="model", same=True),
    "torch.jit.script": Effect(on="obj", same=True),
    "torch.nn.DataParallel": Effect(Wrapped, on="module", same=True),
    "torch.nn.parallel.DataParallel": Effect(Wrapped, on="module", same=True),
    "torch.nn.parallel.DistributedDataParallel": Effect(Replicated, on="module", same=True),
    "torch.distributed.fsdp.FullyShardedDataParallel": Effect(on="module", same=True),
    "torch.distributed.fsdp.fully_shard": Effect(on="module", same=True),
    "torch.distributed._composable.fsdp.fully_shard": Effect(on="module", same=True),
    "torch.distributed.tensor.parallel.parallelize_module": Effect(on="module", same=True),
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm": Effect(on="module", same=True),
}

# What the names of tensors begin with, in the state dict of a module that is wrapped so.
KEY_PREFIXES: Final[dict[str, str]] = {
    "torch.nn.DataParallel": "module.",
    "torch.nn.parallel.DataParallel": "module.",
    "torch.nn.parallel.DistributedDataParallel": "module.",
    "torch.compile": "_orig_mod.",
}

# What a call does to a file, whatever else it does.
FILE_VERBS: Final[dict[str, type[Verb]]] = {"torch.save": FileWritten, "torch.load": FileRead}

_RECURRENT: Final = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout")
_INSTANCE_NORM: Final = ("num_features", "eps", "momentum", "affine", "track_running_stats")

DISTRIBUTED_SAMPLERS: Final = (
    "torch.utils.data.distributed.DistributedSampler",
    "torch.utils.data.DistributedSampler",
)

# Parameters, in order, of methods and functions that the generated table of signatures does not hold.
SIGNATURES: Final[dict[str, tuple[str, ...]]] = {
    "torch.optim.lr_scheduler.LRScheduler.step": ("metrics", "epoch"),  # only one of them takes a metric
    "torch.autograd.backward": ("tensors", "grad_tensors", "retain_graph", "create_graph"),
    "torch.tensor": ("data",),
    **dict.fromkeys(DISTRIBUTED_SAMPLERS, ("dataset", "num_replicas", "rank", "shuffle", "seed", "drop_last")),
    "torch.nn.Module.cuda": ("device",),
    "torch.utils.tensorboard.SummaryWriter": ("log_dir", "comment"),
    "tensorboardX.SummaryWriter": ("logdir", "comment"),
    "torch.nn.parallel.data_parallel": ("module", "inputs", "device_ids", "output_device"),
    "torch.distributed.init_process_group": (
        *("backend", "init_method", "timeout", "world_size", "rank", "store", "group_name", "pg_options", "device_id"),
    ),
    "pickle.load": ("file",),
    "torch.device": ("type", "index"),
    "torch.Tensor.numpy": ("force",),
    "torch.autograd.Variable": ("data", "requires_grad", "volatile"),
    "torch.nn.utils.clip_grad_norm": ("parameters", "max_norm", "norm_type"),
    "torch.optim.lr_scheduler.CosineAnnealingLR": ("optimizer", "T_max", "eta_min"),
    "torch.optim.lr_scheduler.StepLR": ("optimizer", "step_size", "gamma"),
    "torch.optim.lr_scheduler.PolynomialLR": ("optimizer", "total_iters", "power"),
    "torch.optim.lr_scheduler.OneCycleLR": ("optimizer", "max_lr", "total_steps", "epochs", "steps_per_epoch"),
    "torch.nn.functional.scaled_dot_product_attention": ("query", "key", "value", "attn_mask", "dropout_p"),
    **dict.fromkeys(
        (f"torch.nn.functional.dropout{form}" for form in ("", "1d", "2d", "3d")), ("input", "p", "training", "inplace")
    ),
    **dict.fromkeys(("torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNNBase"), _RECURRENT),
    **dict.fromkeys((f"torch.nn.InstanceNorm{n}d" for n in (1, 2, 3)), _INSTANCE_NORM),
    "torch.nn.MultiheadAttention": ("embed_dim", "num_heads", "dropout"),
    "torch.compile": ("model",),
    "torch.jit.script": ("obj",),
    "torch.nn.DataParallel": ("module", "device_ids", "output_device", "dim"),
    "torch.nn.parallel.DataParallel": ("module", "device_ids", "output_device", "dim"),
    "torch.nn.parallel.DistributedDataParallel": ("module", "device_ids"),
    "torch.distributed.fsdp.FullyShardedDataParallel": ("module",),
    "torch.distributed.fsdp.fully_shard": ("module",),
    "torch.distributed._composable.fsdp.fully_shard": ("module",),
    "torch.distributed.tensor.parallel.parallelize_module": ("module", "device_mesh", "parallelize_plan"),
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm": ("module", "process_group"),
}

# Context managers and what they do to gradient recording: True records, False does not, None depends on the argument.
GRAD_CONTEXTS: Final[dict[str, bool | None]] = {
    "torch.no_grad": False,
    "torch.autograd.no_grad": False,
    "torch.autograd.grad_mode.no_grad": False,
    "torch.inference_mode": False,
    "torch.autograd.inference_mode": False,
    "torch.enable_grad": True,
    "torch.autograd.enable_grad": True,
    "torch.set_grad_enabled": None,
    "torch.autograd.set_grad_enabled": None,
}

# Those that need not be entered, and what is a context manager by chance.
ACTING_AT_ONCE: Final = frozenset({"torch.set_grad_enabled", "contextlib.nullcontext"})
# The types that autocast can compute in, and what stands for one that is switched off.
HALF_TYPES: Final = {
    "torch.float16": "float16",
    "torch.half": "float16",
    "torch.bfloat16": "bfloat16",
}
OFF: Final = "off"

# Methods and functions whose result no gradient flows through: comparisons, indices, whole numbers.
NO_GRADIENT: Final = frozenset(
    "eq ne lt le gt ge equal not_equal less less_equal greater greater_equal isnan isinf isfinite isclose isin isreal "
    "argmax argmin argsort nonzero count_nonzero bincount histc searchsorted bucketize one_hot unique "
    "unique_consecutive long int short byte char bool logical_and logical_or logical_not logical_xor bitwise_and "
    "bitwise_or bitwise_not multinomial bernoulli signbit all any".split()
)
# Tensor methods whose arguments are no operands: they say where, of which type or in which shape the result is to be.
PLACING_METHODS: Final = frozenset(
    "to cuda cpu xpu float double half bfloat16 int long short byte char bool type type_as detach clone contiguous "
    "view view_as reshape reshape_as permute expand expand_as repeat flatten unflatten movedim flip roll "
    "pin_memory to_sparse to_dense".split()
)
# Tensor methods that people call as if they changed the tensor: the above, and those with a twin that does (`clamp` and
# `clamp_`). The rest, such as `matmul`, is called for its result, or to be timed.
MOVING_METHODS: Final = generated.INPLACE_TWINS | PLACING_METHODS
# Modules with parameters of their own, as they are built by default.
PARAMETRIC: Final = frozenset(
    f"torch.nn.{name}"
    for name in (
        "BatchNorm1d BatchNorm2d BatchNorm3d Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d "
        "ConvTranspose3d Embedding EmbeddingBag GRU GRUCell GroupNorm LSTM LSTMCell LayerNorm LazyBatchNorm1d "
        "LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d "
        "LazyConvTranspose3d LazyLinear Linear MultiheadAttention PReLU RMSNorm RNN RNNCell SyncBatchNorm Transformer "
        "TransformerDecoderLayer TransformerEncoderLayer TransformerDecoder TransformerEncoder"
    ).split()
)
# Those that are dropped at random in train mode, and have nothing to learn.
DROPOUTS: Final = frozenset(
    f"torch.nn.{name}" for name in "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout".split()
)
# Methods of a module that torch itself or a training loop calls, so that nothing else may go by their names.
MODULE_METHODS: Final = frozenset(
    "train eval modules children parameters buffers named_modules named_children named_parameters named_buffers "
    "state_dict load_state_dict apply to cuda cpu float double half bfloat16 zero_grad add_module "
    "register_buffer register_parameter".split()
)
# In-place methods that leave the numbers alone, and what autograd lets pass.
KEEPING_NUMBERS: Final = frozenset(
    "requires_grad_ detach_ share_memory_ apply_ map_ map2_ set_ resize_ resize_as_ resize_as_sparse_ "
    "sparse_resize_ sparse_resize_and_clear_".split()
)
# Layers that have a parameter named `weight`, however they are built.
WITH_WEIGHT: Final = frozenset(
    f"torch.nn.{name}"
    for name in "Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d Embedding "
    "EmbeddingBag".split()
)
# Methods of a tensor that are called for what they give or do, and are nothing else: no attribute goes by such a name.
TENSOR_ACTIONS: Final = frozenset(
    "item detach detach_ numpy tolist cpu cuda clone backward zero_ requires_grad_".split()
)
# Devices that the numbers of a tensor must be fetched from, and methods that move a tensor there.
ACCELERATORS: Final = frozenset({"cuda", "mps", "xpu", "hpu", "mtia"})
ACCELERATING: Final = frozenset({"cuda", "xpu"})
# Methods that may take a tensor anywhere, and what gives the same numbers at the same place.
LEAVING_PLACE: Final = frozenset({"cpu", "cuda", "xpu", "to", "type", "type_as", "to_dense", "numpy", "pin_memory"})
HOLDING_PLACE: Final = frozenset({"detach", "detach_", "data", "grad"})
# Constructors that take the place of what they are given.
PLACED_ELSEWHERE: Final = frozenset(
    f"torch.{name}"
    for name in "as_tensor asarray empty_like full_like ones_like rand_like randn_like zeros_like "
    "randint_like normal from_dlpack scalar_tensor".split()
)
# Files that nobody else sees.
OWN_FILES: Final = frozenset(
    "io.BytesIO tempfile.TemporaryFile tempfile.NamedTemporaryFile tempfile.SpooledTemporaryFile".split()
)
# Classes that keep a running average of a module's weights, with a state of its own.
AVERAGES: Final = frozenset(
    "torch.optim.swa_utils.AveragedModel ema_pytorch.EMA torch_ema.ExponentialMovingAverage timm.utils.ModelEmaV2 "
    "timm.utils.ModelEmaV3".split()
)
# Data sets that are indexed and look at no rank, each by what its path begins with; and what else a data set of the
# project may inherit that does not either.
RANKLESS_DATA_SETS: Final = ("torchvision.datasets.", "torch.utils.data.TensorDataset", "torch.utils.data.Subset")
RANKLESS_BASES: Final = frozenset(
    "torch.utils.data.Dataset torch.utils.data.dataset.Dataset builtins.object abc.ABC typing.Generic".split()
)
DEVICE: Final = "torch.device"
VARIABLE: Final = "torch.autograd.Variable"  # what every tensor is since torch 0.4
# Methods and functions that give a pair of values and indices.
VALUES_AND_INDICES: Final = frozenset("max min topk sort kthvalue mode median cummax cummin nanmedian".split())

# Methods and functions that give one number for a whole tensor, if they are told nothing more.
REDUCTIONS: Final = frozenset("sum mean prod norm std var logsumexp nansum nanmean median trace dist".split())
# Methods and functions that give a tensor of the same shape as what they are given.
POINTWISE: Final = frozenset(
    "abs exp log sqrt square neg sigmoid tanh relu clamp pow add sub mul div detach float double half to cuda "
    "cpu".split()
)

# Methods whose result is the same memory in another order, and those that say where each dimension comes to lie.
SWAPPING: Final = frozenset({"transpose", "swapaxes", "swapdims"})
PERMUTING: Final = SWAPPING | frozenset(
    "permute t T mT H mH movedim moveaxis rot90 as_strided unfold expand_as".split()
)
LAYING_OUT: Final = SWAPPING | frozenset("permute t unsqueeze expand view reshape contiguous".split())
# Methods and functions that give a tensor of as many dimensions as what they are given, or as the largest of these.
SHAPE_KEEPING: Final = (
    POINTWISE
    | SWAPPING
    | frozenset(
        "matmul bmm softmax log_softmax dropout masked_fill contiguous gelu silu leaky_relu where layer_norm normalize "
        "baddbmm".split()
    )
)

SCALING: Final = frozenset({"*", "/", "//", "**"})
# What holds the variables of the environment.
ENVIRONMENTS: Final = frozenset({"os.environ", "os.environb"})
# What a program joins a process group by, or can only do in one.
GROUP_STARTS: Final = frozenset(
    {
        "torch.distributed.init_process_group",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.distributed.fsdp.FullyShardedDataParallel",
        "torch.distributed.fsdp.fully_shard",
    }
)

# What gives a tensor that no graph leads to: methods, an attribute, and a class.
CUTTING: Final = frozenset({"detach", "data", VARIABLE})

# Attributes of a wrapped module under which the module itself is found.
UNWRAPPING_ATTRIBUTES: Final = frozenset({"module", "_orig_mod"})

# Functions that hand on the elements of what they are given.
ITERATION_WRAPPERS: Final = frozenset(
    "builtins.list builtins.tuple builtins.iter builtins.sorted builtins.reversed builtins.set tqdm.tqdm tqdm.trange "
    "tqdm.auto.tqdm tqdm.notebook.tqdm tqdm.autonotebook.tqdm tqdm.std.tqdm itertools.cycle itertools.islice "
    "itertools.chain builtins.next rich.progress.track".split()
)
# Layers that have parameters of their own.
WEIGHTED: Final = frozenset(
    f"torch.nn.{name}"
    for name in "Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d Embedding LSTM "
    "GRU RNN MultiheadAttention LayerNorm BatchNorm1d BatchNorm2d BatchNorm3d GroupNorm".split()
)
# Functions that run through what they are given to its end, as the constructors of optimizers do.
DRAINING: Final = frozenset(
    "builtins.list builtins.tuple builtins.set builtins.sorted builtins.sum builtins.dict torch.autograd.grad "
    "torch.nn.utils.clip_grad_norm_ torch.nn.utils.clip_grad_value_ torch.nn.utils.clip_grad_norm "
    "torch.nn.utils.parameters_to_vector".split()
)
# Functions that read the host's clock.
CLOCKS: Final = frozenset(
    {"timeit.default_timer"}
    | {f"time.{name}{unit}" for name in ("time", "perf_counter", "monotonic") for unit in ("", "_ns")}
)
# Methods that put a module on a device.
MOVERS_TO_DEVICE: Final = frozenset({"to", "cuda"})
# Methods of modules, optimizers and tensors that do not wait for a GPU.
QUIET_METHODS: Final = frozenset("backward step zero_grad train eval requires_grad_ detach mean sum".split())
# Functions of torch that do.
SYNCHRONIZING: Final = frozenset("synchronize save load nonzero equal allclose masked_select unique".split())
# What `getattr(torch.optim, name)` and `models.__dict__[name]` are, whatever the name.
ANY_CLASS_OF: Final = {
    "torchvision.models": "torchvision.models.get_model",
    "torch.optim": "torch.optim.Optimizer",
    "torch.optim.lr_scheduler": "torch.optim.lr_scheduler.LRScheduler",
}
MODEL_FACTORIES: Final = frozenset({"torchvision.models.get_model"})  # which make one of many architectures
WRITERS: Final = frozenset(f"torch.utils.tensorboard.{name}SummaryWriter" for name in ("", "writer."))
COPIERS: Final = frozenset({"copy.deepcopy", "copy.copy"})

# Libraries that leave the objects handed to them as they are. Torch itself is among them, but for the effects above.
HARMLESS_LIBRARIES: Final = frozenset(
    "builtins torch torchvision torchaudio torchtext numpy scipy sklearn math random logging os sys time datetime tqdm "
    "json pickle copy argparse collections functools itertools operator pathlib shutil re string warnings inspect "
    "traceback pprint contextlib contextvars typing dataclasses enum abc io csv gc glob tempfile platform socket "
    "matplotlib PIL cv2 skimage imageio pandas yaml wandb tensorboardX tensorboard torchsummary torchinfo thop fvcore "
    "ptflops h5py omegaconf hydra rich click fire absl numba einops visdom prettytable".split()
)
# Functions of those libraries that may do anything all the same.
UNKNOWN_FUNCTIONS: Final = frozenset({"builtins.exec", "builtins.eval", "builtins.map"})
# Builtins that may give an object of any kind.
UNKNOWN_BUILTINS: Final = frozenset(
    f"builtins.{name}" for name in "type object vars globals locals max min reversed open __import__".split()
)
