"""load_weights: everything that was asked for, or nothing and the reason."""

import json
import os
import pickle
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
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


def test_what_does_not_fit_even_without_its_prefix_is_refused(net, trained, build_net, same):
    state = with_prefix(trained.state_dict(), "module.") | {"other.weight": torch.zeros(1)}
    words = 'fits 8 of 8 tensors of Sequential, keys unwrapped: unexpected: "other.weight"'
    with pytest.raises(tg.WeightsMismatchError, match=words):
        tg.load_weights(net, state)

    assert same(net, build_net())


def test_two_keys_that_would_become_one_are_refused(net, trained):
    state = with_prefix(trained.state_dict(), "module.") | with_prefix(trained.state_dict(), "_orig_mod.")
    with pytest.raises(tg.WeightsMismatchError, match=r"fits 8 of 8 tensors.*unexpected: "):
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
        assert getattr(report, "reshaped" if kind == "shape" else kind) == ("head.weight",)
        assert torch.equal(module["body"].weight, torch.ones(2, 2))


@pytest.mark.parametrize("kind", ["missing", "unexpected", "shape"])
def test_one_pattern_may_stand_by_itself(net, trained, kind):
    with pytest.raises(tg.WeightsMismatchError, match="missing"):
        tg.load_weights(net, {"0.weight": trained[0].weight}, **{f"allow_{kind}": "other.*"})


def test_one_name_by_itself_is_allowed(net, trained):
    state = trained.state_dict()
    del state["4.weight"]

    assert tg.load_weights(net, state, allow_missing="4.*").missing == ("4.weight",)


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
        "a mapping -> Sequential: 78.7 % of its values",
        '  loaded        7  7 keys, first "0.bias", "0.weight", "1.bias"',
        "  renamed          unwrapped",
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


def test_whole_saved_module_comes_with_how_to_convert_it(net, tmp_path):
    torch.save(net, tmp_path / "module.pt")
    with pytest.raises(
        tg.UnreadableFileError, match=r'torch\.load\("module\.pt", weights_only=False\)\.state_dict\(\)'
    ):
        tg.load_weights(net, tmp_path / "module.pt")


def test_file_that_was_saved_on_a_gpu_is_read_without_one(net, trained, same, tmp_path):
    torch.save(trained.state_dict(), tmp_path / "cpu.pt")
    with zipfile.ZipFile(tmp_path / "cpu.pt") as saved, zipfile.ZipFile(tmp_path / "cuda.pt", "w") as on_gpu:
        for record in saved.namelist():
            content = saved.read(record).replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
            on_gpu.writestr(record, content)
    tg.load_weights(net, tmp_path / "cuda.pt")

    assert b"cuda:0" in (tmp_path / "cuda.pt").read_bytes()
    assert same(net, trained)


def test_weights_from_before_batch_counts_are_reported_as_filled(net, trained):
    state = {key: value for key, value in trained.state_dict().items() if "num_batches" not in key}
    report = tg.load_weights(net, state)

    assert report.filled == ("1.num_batches_tracked",)
    assert "filled" in str(report)


def test_share_is_that_of_values_and_not_of_keys():
    module = nn.ModuleDict({"large": nn.Linear(9, 10), "small": nn.Linear(1, 1, bias=False)})
    report = tg.load_weights(module, {"small.weight": torch.zeros(1, 1)}, allow_missing=("large",))

    assert report.share == pytest.approx(1 / 101)


# safetensors, and sets of files


def save_set(state, folder, keys_of_first=3):
    """Two files with an index, as the Hugging Face Hub has them."""
    names = {key: f"model-0000{1 + (i >= keys_of_first)}-of-00002.safetensors" for i, key in enumerate(state)}
    for name in set(names.values()):
        save_file({key: value for key, value in state.items() if names[key] == name}, folder / name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": names}))
    return folder / "model.safetensors.index.json"


def test_safetensors_are_read(net, trained, same, tmp_path):
    save_file(trained.state_dict(), tmp_path / "model.safetensors")
    tg.load_weights(net, tmp_path / "model.safetensors")

    assert same(net, trained)


def test_safetensors_are_known_by_their_content(net, trained, same, tmp_path):
    save_file(trained.state_dict(), tmp_path / "model.bin")
    tg.load_weights(net, tmp_path / "model.bin")

    assert same(net, trained)


@pytest.mark.parametrize("named", ["index", "folder"])
def test_set_of_files_is_read(net, trained, same, tmp_path, named):
    index = save_set(trained.state_dict(), tmp_path)
    tg.load_weights(net, index if named == "index" else tmp_path)

    assert same(net, trained)


def test_truncated_safetensors_are_named(net, trained, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file(trained.state_dict(), path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(tg.UnreadableFileError, match="cannot be read as safetensors"):
        tg.load_weights(net, path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "model-00002-of-00002.safetensors").unlink(), "which is not there"),
        (lambda folder: edit_index(folder, {"0.weight": "../evil.safetensors"}), "which is not beside it"),
        (lambda folder: edit_index(folder, {"x": "model-00001-of-00002.safetensors"}), 'promises "x"'),
        (lambda folder: (folder / "model.safetensors.index.json").write_text("[]"), "is no index"),
    ],
)
def test_set_that_is_not_whole_is_refused(net, trained, build_net, same, tmp_path, spoil, words):
    index = save_set(trained.state_dict(), tmp_path)
    spoil(tmp_path)
    with pytest.raises(tg.UnreadableFileError, match=words):
        tg.load_weights(net, index)

    assert same(net, build_net())


def edit_index(folder, entries):
    index = folder / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    content["weight_map"] |= entries
    index.write_text(json.dumps(content))


def test_missing_library_is_named(net, trained, tmp_path, monkeypatch):
    save_file(trained.state_dict(), tmp_path / "model.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(tg.MisuseError, match="pip install safetensors"):
        tg.load_weights(net, tmp_path / "model.safetensors")


# a Checkpointer's folder


@pytest.fixture
def run(trained, tmp_path) -> Path:
    """The folder of two checkpoints, of zeros and of the trained values."""
    with torch.no_grad():
        values = {key: value.clone() for key, value in trained.state_dict().items()}
        for value in trained.state_dict().values():
            value.zero_()
        checkpoints = tg.Checkpointer(tmp_path / "run", model=trained)
        checkpoints.save()
        trained.load_state_dict(values)
        checkpoints.tick()
        checkpoints.save()
    return tmp_path / "run"


@pytest.mark.parametrize("inside", [".", "step-1", "step-1/model.pt"])
def test_newest_checkpoint_is_taken_of_a_checkpointers_folder(net, trained, same, run, inside):
    report = tg.load_weights(net, run / inside)

    assert same(net, trained)
    assert report.source == str(run / "step-1" / "model.pt")


def test_one_checkpoint_may_be_named(net, run):
    tg.load_weights(net, run / "step-0")

    assert not net[0].weight.any()


def test_link_to_the_newest_is_followed(net, trained, same, run):
    if not (run / "latest").is_symlink():
        pytest.skip("no symbolic links here")
    tg.load_weights(net, run / "latest")

    assert same(net, trained)


def test_damaged_checkpoint_is_refused_and_no_older_one_taken(net, build_net, same, run):
    content = bytearray((run / "step-1" / "model.pt").read_bytes())
    content[100] ^= 1  # in the zip's header, of which torch has no checksum
    (run / "step-1" / "model.pt").write_bytes(content)
    with pytest.raises(tg.UnreadableFileError, match=r"step-1 is damaged \(model\.pt was changed .* checkpoints"):
        tg.load_weights(net, run)

    assert same(net, build_net())


def test_module_with_another_name_is_to_be_named(net, trained, same, tmp_path):
    tg.Checkpointer(tmp_path, critic=trained).save()
    with pytest.raises(tg.UnreadableFileError, match=r"holds critic\.pt, rng\.pt and no model\.pt; write the path"):
        tg.load_weights(net, tmp_path)
    tg.load_weights(net, tmp_path / "step-0" / "critic.pt")

    assert same(net, trained)


def test_manifest_of_something_else_is_none(net, trained, same, tmp_path):
    torch.save(trained.state_dict(), tmp_path / "weights.pt")
    (tmp_path / "manifest.json").write_text('{"name": "my weights"}')
    tg.load_weights(net, tmp_path / "weights.pt")

    assert same(net, trained)


# snapshot


def test_snapshot_stays_while_the_module_moves_on(net, build_net, same):
    kept = tg.snapshot(net)
    with torch.no_grad():
        for value in net.state_dict().values():
            value.add_(1)
    net.load_state_dict(kept)

    assert same(net, build_net())


def test_snapshot_on_the_same_device_is_a_copy_too(net):
    kept = tg.snapshot(net, device="cpu")

    assert kept["0.weight"].data_ptr() != net[0].weight.data_ptr()


def test_snapshot_keeps_the_versions_that_loading_asks_for(net):
    assert tg.snapshot(net)._metadata == net.state_dict()._metadata


def test_snapshot_of_something_else_is_refused(net):
    with pytest.raises(tg.MisuseError, match=r"copy\.deepcopy\(optimizer\.state_dict\(\)\)"):
        tg.snapshot(torch.optim.SGD(net.parameters()))
