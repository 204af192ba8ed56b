"""How many items well-known data sets hold, by the argument that says which part of one is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Parts:
    """How many items each part of a data set holds.

    Args:
        by: the parameter that says which part is meant.
        items: the number of items for each of its values.
        default: the value that it has if it is not given.
        index: the position of the parameter.
    """

    by: str
    items: Mapping[object, int]
    default: object = True
    index: int = 1


def _train_or_test(train: int, test: int) -> Parts:
    return Parts("train", {True: train, False: test})


def _split(default: str, **items: int) -> Parts:
    return Parts("split", dict[object, int](items.items()), default)


# As torchvision 0.28 downloads them.
DATA_SETS: Final = {
    f"torchvision.datasets.{name}": parts
    for name, parts in {
        **dict.fromkeys(("MNIST", "FashionMNIST", "KMNIST"), _train_or_test(60_000, 10_000)),
        **dict.fromkeys(("CIFAR10", "CIFAR100"), _train_or_test(50_000, 10_000)),
        "USPS": _train_or_test(7_291, 2_007),
        "SVHN": _split("train", train=73_257, test=26_032, extra=531_131),
        "STL10": _split("train", train=5_000, test=8_000, unlabeled=100_000),
        "CelebA": _split("train", train=162_770, valid=19_867, test=19_962, all=202_599),
        "Food101": _split("train", train=75_750, test=25_250),
        "Flowers102": _split("train", train=1_020, val=1_020, test=6_149),
        "OxfordIIITPet": _split("trainval", trainval=3_680, test=3_669),
        "StanfordCars": _split("train", train=8_144, test=8_041),
        "GTSRB": _split("train", train=26_640, test=12_630),
        "PCAM": _split("train", train=262_144, val=32_768, test=32_768),
        "ImageNet": _split("train", train=1_281_167, val=50_000),
    }.items()
}
# Those of scikit-learn.
TABLES: Final = {
    f"sklearn.datasets.load_{name}": items
    for name, items in {
        "iris": 150,
        "digits": 1_797,
        "wine": 178,
        "breast_cancer": 569,
        "diabetes": 442,
        "linnerud": 20,
    }.items()
}
# What makes a tensor of as many items as its first argument says, that being a number or a shape.
BY_SIZE: Final = frozenset(f"torch.{name}" for name in "randn rand zeros ones empty".split())
# What makes a tensor, or a data set, of as many items as its first argument has.
BY_FIRST: Final = frozenset(
    {"torch.tensor", "torch.as_tensor", "torch.from_numpy", "torch.Tensor", "torch.FloatTensor", "torch.LongTensor"}
    | {"torch.utils.data.TensorDataset", "numpy.array", "numpy.asarray"}
    | {f"torch.{name}_like" for name in "randn rand zeros ones empty full".split()}
)
SUBSET: Final = "torch.utils.data.Subset"
# Methods whose result has as many items as what they are called on.
KEEPING: Final = frozenset(
    "to cuda cpu float double half bfloat16 int long type type_as contiguous detach clone pin_memory astype copy "
    "requires_grad_".split()
)
SPLIT: Final = "torch.utils.data.random_split"
# What all that is known of lengths begins with; `range` only serves to choose from a data set.
SOURCES: Final = frozenset({*DATA_SETS, *TABLES, *BY_SIZE, "torch.randint", "torch.arange", SUBSET, SPLIT})
# Those that do with so many arguments, as one writes them.
FLATTENING: Final = {"view": 2, "reshape": 2, "flatten": 1}
LOADER: Final = "torch.utils.data.DataLoader"
# Arguments of a loader with which its batches may be others than its data set and batch size say.
OTHER_BATCHES: Final = ("sampler", "batch_sampler", "collate_fn")
