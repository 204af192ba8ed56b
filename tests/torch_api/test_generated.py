"""The generated tables say what the installed torch says."""

from __future__ import annotations

import ast
import inspect
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module, util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pylint_torchcheck.torch_api import generated

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
SAME_TORCH = torch.__version__.split("+")[0] == generated.TORCH_VERSION
same_torch = pytest.mark.skipif(not SAME_TORCH, reason="written from another torch")
FUNCTION_TABLES = ("LOSS_CALLS", "TENSOR_FUNCTIONS", "TENSOR_TUPLE_FUNCTIONS", "CONSTRUCTORS")
METHOD_TABLES = ("TENSOR_METHODS", "TENSOR_TUPLE_METHODS", "INPLACE_METHODS", "TENSOR_PLAIN_METHODS")
LEFT_OUT_METHODS = {"eig", "lstsq", "module_load", "reinforce", "solve", "symeig"}


@pytest.fixture(autouse=True)
def _deprecated_names_are_names_too() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def look_up(path: str) -> Any:
    home, _, name = path.rpartition(".")
    try:
        return getattr(import_module(home), name)
    except ModuleNotFoundError:
        return getattr(look_up(home), name)


def things(paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Path and what it names; another torch than the tables' may lack some."""
    for path in paths:
        try:
            yield path, look_up(path)
        except AttributeError:
            assert not SAME_TORCH, path


def generator() -> ModuleType:
    spec = util.spec_from_file_location("generate_torch_api", ROOT / "tools" / "generate_torch_api.py")
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@same_torch
def test_regenerating_changes_nothing() -> None:
    script = generator()

    assert script.generate() == script.TARGET.read_text(encoding="utf-8")


@pytest.mark.parametrize("table", FUNCTION_TABLES)
def test_functions_can_be_called(table: str) -> None:
    assert [path for path, thing in things(getattr(generated, table)) if not callable(thing)] == []


@pytest.mark.parametrize(
    ("table", "base"),
    [
        ("MODULES", "torch.nn.Module"),
        ("LOSS_FUNCTIONS", "torch.nn.modules.loss._Loss"),
        ("MODE_DEPENDENT", "torch.nn.Module"),
        ("MODE_DEPENDENT_IF", "torch.nn.Module"),
        ("BATCH_NORMS", "torch.nn.modules.batchnorm._BatchNorm"),
        ("OPTIMIZERS", "torch.optim.Optimizer"),
        ("SCHEDULERS", "torch.optim.lr_scheduler.LRScheduler"),
    ],
)
def test_classes_have_the_base_that_is_claimed(table: str, base: str) -> None:
    assert [path for path, thing in things(getattr(generated, table)) if not issubclass(thing, look_up(base))] == []


def test_aliases_are_the_same_object() -> None:
    for path, thing in things(path for path in generated.ALIASES if path.startswith("torch.")):
        assert thing is look_up(generated.ALIASES[path]), path


def test_aliases_lead_to_names_that_have_none() -> None:
    assert not set(generated.ALIASES) & set(generated.ALIASES.values())


@same_torch
def test_optimizers_have_the_defaults_that_are_claimed() -> None:
    for path, defaults in generated.OPTIMIZERS.items():
        parameters = inspect.signature(look_up(path)).parameters

        assert {name: parameters[name].default for name in defaults} == defaults


@same_torch
def test_signatures_begin_in_the_order_that_is_claimed() -> None:
    for path, names in generated.SIGNATURES.items():
        try:
            parameters = inspect.signature(look_up(path)).parameters.values()
        except ValueError:  # a builtin
            continue
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            continue
        found = [p.name for p in parameters if p.name != "self" and p.kind is not p.VAR_KEYWORD]

        assert found[: len(names)] == list(names), path


@pytest.mark.parametrize("given", [("cpu",), ("cpu", torch.float64), ("cpu", torch.float64, False)])
def test_to_takes_its_arguments_in_the_order_that_is_claimed(given: tuple[Any, ...]) -> None:
    for path, thing in {"torch.Tensor.to": torch.ones(1), "torch.nn.Module.to": torch.nn.Linear(1, 1)}.items():
        thing.to(**dict(zip(generated.SIGNATURES[path], given, strict=False)))
        thing.to(*given)


def test_each_method_of_tensor_stands_in_one_table() -> None:
    tables = [getattr(generated, table) for table in METHOD_TABLES]

    assert sum(map(len, tables)) == len(frozenset().union(*tables))


@same_torch
def test_every_method_of_tensor_stands_in_a_table() -> None:
    methods = {
        name
        for name in dir(torch.Tensor)
        if not name.startswith("_") and callable(inspect.getattr_static(torch.Tensor, name))
    }

    assert methods - LEFT_OUT_METHODS == frozenset().union(*(getattr(generated, table) for table in METHOD_TABLES))


def call_without_arguments(tensor: Any, name: str) -> Any:
    """Return the method's result, or the tensor itself where it wants more."""
    with suppress(ArithmeticError, AssertionError, AttributeError, ImportError, RuntimeError, TypeError, ValueError):
        return getattr(tensor, name)()
    return tensor


@pytest.mark.parametrize("name", sorted(generated.TENSOR_METHODS - {"type"}))  # type() tells the type, type(t) converts
def test_tensor_method_returns_a_tensor_and_changes_nothing(name: str) -> None:
    tensor = torch.tensor([[1.0, -2.0], [3.0, 5.0]])
    before = tensor.clone()

    assert isinstance(call_without_arguments(tensor, name), torch.Tensor)
    assert tensor.shape == before.shape
    assert torch.equal(tensor, before)


@pytest.mark.parametrize(
    ("table", "inside", "outside"),
    [
        ("MODULES", "torch.nn.Linear", "torch.nn.CrossEntropyLoss"),
        ("LOSS_FUNCTIONS", "torch.nn.CrossEntropyLoss", "torch.nn.Linear"),
        ("LOSS_CALLS", "torch.nn.functional.cross_entropy", "torch.nn.functional.softmax"),
        ("MODE_DEPENDENT", "torch.nn.Dropout", "torch.nn.LSTM"),
        ("MODE_DEPENDENT", "torch.nn.TransformerEncoderLayer", "torch.nn.LayerNorm"),
        ("MODE_DEPENDENT_IF", "torch.nn.LSTM", "torch.nn.LSTMCell"),
        ("MODE_DEPENDENT_IF", "torch.nn.InstanceNorm2d", "torch.nn.BatchNorm2d"),
        ("BATCH_NORMS", "torch.nn.BatchNorm2d", "torch.nn.InstanceNorm2d"),
        ("BATCH_NORMS", "torch.nn.SyncBatchNorm", "torch.nn.GroupNorm"),
        ("SCHEDULERS", "torch.optim.lr_scheduler.OneCycleLR", "torch.optim.SGD"),
        ("TENSOR_FUNCTIONS", "torch.nn.functional.max_pool2d", "torch.save"),
        ("TENSOR_FUNCTIONS", "torch.where", "torch.topk"),
        ("TENSOR_TUPLE_FUNCTIONS", "torch.linalg.svd", "torch.linalg.norm"),
        ("TENSOR_OR_TUPLE_FUNCTIONS", "torch.max", "torch.sum"),
        ("CONSTRUCTORS", "torch.zeros_like", "torch.stack"),
        ("GRAPH_KEEPING_CONSTRUCTORS", "torch.as_tensor", "torch.tensor"),
        ("TENSOR_METHODS", "clamp", "item"),
        ("TENSOR_TUPLE_METHODS", "split", "max"),
        ("TENSOR_OR_TUPLE_METHODS", "max", "sum"),
        ("INPLACE_METHODS", "requires_grad_", "requires_grad"),
        ("INPLACE_TWINS", "clamp", "to"),
        ("TENSOR_PLAIN_METHODS", "item", "detach"),
        ("TORCHVISION_MODELS", "torchvision.models.vit_b_16", "torchvision.models.list_models"),
        ("TORCHVISION_BATCH_NORM_MODELS", "torchvision.models.resnet18", "torchvision.models.vgg16"),
        ("TORCHVISION_MODE_DEPENDENT_MODELS", "torchvision.models.vgg16", "torchvision.models.vit_b_16"),
        (
            "TORCHVISION_VARYING_MODELS",
            "torchvision.models.detection.fasterrcnn_resnet50_fpn",
            "torchvision.models.detection.fasterrcnn_resnet50_fpn_v2",
        ),
    ],
)
def test_table_draws_the_line_here(table: str, inside: str, outside: str) -> None:
    assert inside in getattr(generated, table)
    assert outside not in getattr(generated, table)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("torch.nn.modules.linear.Linear", "torch.nn.Linear"),
        ("torch.nn.parallel.distributed.DistributedDataParallel", "torch.nn.parallel.DistributedDataParallel"),
        ("torch.nn.utils.clip_grad.clip_grad_norm_", "torch.nn.utils.clip_grad_norm_"),
        ("torch.optim.sgd.SGD", "torch.optim.SGD"),
        ("torch.utils.data.dataloader.DataLoader", "torch.utils.data.DataLoader"),
        ("torchvision.models.resnet.resnet18", "torchvision.models.resnet18"),
    ],
)
def test_alias_leads_to_the_shortest_path(path: str, target: str) -> None:
    assert generated.ALIASES[path] == target


def test_aliases_leave_out_what_a_module_imported_for_itself() -> None:
    assert "torch.nn.modules.transformer.Linear" not in generated.ALIASES


def test_hand_claims_about_hyper_parameters() -> None:
    assert generated.OPTIMIZERS["torch.optim.AdamW"] == {"betas": (0.9, 0.999), "weight_decay": 0.01}
    assert "momentum" not in generated.OPTIMIZERS["torch.optim.Adagrad"]


def test_constructors_off_every_graph_need_no_gradient() -> None:
    data = torch.ones(2, requires_grad=True)

    assert torch.as_tensor(data).requires_grad
    assert not torch.ones_like(data).requires_grad
    assert not torch.empty_like(data).requires_grad


def test_the_tables_themselves_need_no_torch() -> None:
    tree = ast.parse(Path(generated.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]

    assert [ast.unparse(node) for node in imports] == ["from __future__ import annotations"]
