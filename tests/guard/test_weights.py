"""load_weights: everything that was asked for, or nothing and the reason."""

import os
import pickle
from collections import OrderedDict

import pytest
import torch
from torch import nn

import torchguard as tg


@pytest.fixture
def trained(build_net) -> nn.Sequential:
    """The same architecture as ``net`` with other values everywhere."""
    module = build_net()
    with torch.no_grad():
        for value in module.state_dict().values():
            value.add_(1)
    return module


def with_prefix(state, prefix):
    return {prefix + key: value for key, value in state.items()}


# what fits


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"model": s, "epoch": 3}, lambda s: {"state_dict": s}])
def test_state_dict_is_found(net, trained, same, tmp_path, wrap):
    torch.save(wrap(trained.state_dict()), tmp_path / "weights.pt")
    report = tg.load_weights(net, tmp_path / "weights.pt")

    assert same(net, trained)
    assert len(report.loaded) == 8


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "backbone.", "a.b."])
def test_prefix_is_stripped(net, trained, same, prefix):
    tg.load_weights(net, with_prefix(trained.state_dict(), prefix))

    assert same(net, trained)


def compiled(module):
    return torch.compile(module, backend="eager")


@pytest.mark.parametrize("wrap", [nn.DataParallel, compiled, lambda net: nn.ModuleDict({"backbone": net})])
def test_prefix_is_added(net, trained, same, wrap):
    tg.load_weights(wrap(net), trained.state_dict())

    assert same(net, trained)


def test_mark_of_a_compiled_submodule_is_stripped(net, trained, same):
    state = {key.replace("0.", "0._orig_mod."): value for key, value in trained.state_dict().items()}
    tg.load_weights(net, state)

    assert same(net, trained)


def test_prefix_stays_when_stripping_it_would_not_fit_all(net, trained):
    state = with_prefix(trained.state_dict(), "module.") | {"other.weight": torch.zeros(1)}
    with pytest.raises(tg.WeightsMismatchError, match="fits 0 of 8 tensors"):
        tg.load_weights(net, state)


def test_two_keys_that_would_become_one_are_refused(net, trained):
    state = with_prefix(trained.state_dict(), "module.") | with_prefix(trained.state_dict(), "_orig_mod.")
    with pytest.raises(tg.WeightsMismatchError, match="fits 0 of 8 tensors"):
        tg.load_weights(net, state)


def test_rename_is_applied(net, trained, same):
    state = {key.replace("0.", "first."): value for key, value in trained.state_dict().items()}
    tg.load_weights(net, state, rename=lambda key: key.replace("first.", "0."))

    assert same(net, trained)


def test_batch_count_may_be_missing(net, trained):
    state = {key: value for key, value in trained.state_dict().items() if "num_batches" not in key}

    assert not tg.load_weights(net, state).missing


def test_batch_count_may_be_unexpected(net, trained):
    net[1] = nn.BatchNorm1d(8)
    net[1].num_batches_tracked = None

    assert not tg.load_weights(net, trained.state_dict()).unexpected


def test_tied_tensors_need_to_be_there_once():
    module = nn.ModuleDict({"embedding": nn.Embedding(4, 3), "head": nn.Linear(3, 4, bias=False)})
    module["head"].weight = module["embedding"].weight

    assert not tg.load_weights(module, {"embedding.weight": torch.ones(4, 3)}).missing


def test_values_are_converted_to_the_modules_dtype(net, trained):
    report = tg.load_weights(net, trained.double().state_dict())

    assert net[0].weight.dtype == torch.float32
    assert "0.weight" in report.converted


def test_values_are_copies(net, trained):
    state = trained.state_dict()
    tg.load_weights(net, state)
    state["0.weight"].zero_()

    assert net[0].weight.abs().sum() > 0


# what does not


@pytest.mark.parametrize("kind", ["missing", "unexpected", "shape"])
@pytest.mark.parametrize("pattern", [None, "head.weight", "head", "head.*", "other"])
def test_mismatch_matrix(kind, pattern):
    module = nn.ModuleDict({"body": nn.Linear(2, 2), "head": nn.Linear(2, 2, bias=False)})
    before = {key: value.clone() for key, value in module.state_dict().items()}
    state = {key: torch.ones_like(value) for key, value in before.items()}
    if kind == "missing":
        del state["head.weight"]
    elif kind == "unexpected":
        module["head"] = nn.Identity()
    else:
        state["head.weight"] = torch.ones(5, 2)
    allowed = {f"allow_{kind}": (pattern,)} if pattern else {}

    if pattern in {None, "other"}:
        with pytest.raises(tg.WeightsMismatchError, match=rf"allow_{kind}=\('head.weight',\)"):
            tg.load_weights(module, state, **allowed)
        assert torch.equal(module["body"].weight, before["body.weight"])
    else:
        report = tg.load_weights(module, state, **allowed)
        assert getattr(report, kind) == ("head.weight",)
        assert torch.equal(module["body"].weight, torch.ones(2, 2))


def test_nothing_loaded_is_an_error_whatever_is_allowed(net):
    with pytest.raises(tg.WeightsMismatchError, match="fits 0 of 8 tensors"):
        tg.load_weights(net, {"x": torch.ones(1)}, allow_missing=("*",), allow_unexpected=("*",))


def test_long_lists_are_capped(net, trained):
    with pytest.raises(tg.WeightsMismatchError, match=r'missing: 5 keys, first "1\.bias"'):
        tg.load_weights(net, {"0.weight": torch.zeros(8, 6), "0.bias": torch.zeros(8)})


def test_report_prints_as_a_short_table(net, trained):
    state = with_prefix(trained.state_dict(), "module.")
    del state["module.4.weight"]
    report = tg.load_weights(net, state, allow_missing=("4",))

    assert str(report).splitlines() == [
        "a mapping -> Sequential: 7 tensors loaded, keys unwrapped",
        '  missing       1  "4.weight"',
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"model": {"w": torch.ones(1)}, "state_dict": {"w": torch.ones(1)}}, "2 of"),
        ({"epoch": 3}, "0 of"),
        ({}, "0 of"),
    ],
)
def test_source_that_is_no_state_dict_is_refused(net, source, words):
    with pytest.raises(tg.MisuseError, match=words):
        tg.load_weights(net, source)


def test_rename_that_loses_a_tensor_is_refused(net, trained):
    with pytest.raises(tg.MisuseError, match="of two keys"):
        tg.load_weights(net, trained.state_dict(), rename=lambda key: "x")


def test_module_without_memory_is_refused(trained):
    with torch.device("meta"):
        module = nn.Linear(2, 2)
    with pytest.raises(tg.MisuseError, match=r'model\.to_empty\(device="cpu"\)'):
        tg.load_weights(module, trained.state_dict())


# files


class RunsCode:
    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


def write_torch(path, marker):
    torch.save({"w": RunsCode(marker)}, path)


def write_pickle(path, marker):
    path.write_bytes(pickle.dumps(RunsCode(marker), protocol=2))


@pytest.mark.parametrize("write", [write_torch, write_pickle])
def test_pickle_that_would_run_code_is_refused_with_nothing_run(net, tmp_path, write):
    write(tmp_path / "evil.pt", tmp_path / "ran")
    with pytest.raises(tg.UnreadableFileError, match=r"wants to import \w+\.mkdir") as caught:
        tg.load_weights(net, tmp_path / "evil.pt")

    assert not (tmp_path / "ran").exists()
    assert caught.value.__suppress_context__


def test_whole_saved_module_is_refused(net, tmp_path):
    torch.save(net, tmp_path / "module.pt")
    with pytest.raises(tg.UnreadableFileError, match=r"torch\.save\(model\.state_dict\(\), path\)"):
        tg.load_weights(net, tmp_path / "module.pt")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html>" * 9, "not written by torch.save"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ],
)
def test_file_of_something_else_is_named(net, tmp_path, content, words):
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(tg.UnreadableFileError, match=words):
        tg.load_weights(net, tmp_path / "weights.pt")


def test_truncated_file_is_named(net, trained, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(trained.state_dict(), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(tg.UnreadableFileError, match="cut off or damaged"):
        tg.load_weights(net, path)


def test_flipped_bit_is_named_and_nothing_loaded(net, trained, build_net, same, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(trained.state_dict(), path)
    content = bytearray(path.read_bytes())
    at = content.find(trained[0].weight.detach().numpy().tobytes())
    content[at + 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(tg.UnreadableFileError, match="checksum of its record"):
        tg.load_weights(net, path)

    assert same(net, build_net())


def test_missing_file_names_its_neighbours(net, tmp_path):
    torch.save(OrderedDict(), tmp_path / "best.pt")
    with pytest.raises(tg.UnreadableFileError, match=r"does not exist.*holds best\.pt"):
        tg.load_weights(net, tmp_path / "bset.pt")


def test_folder_is_refused(net, tmp_path):
    with pytest.raises(tg.UnreadableFileError, match="is a folder"):
        tg.load_weights(net, tmp_path)
