"""Checkpointer: all the state comes back, the newest good one, and nothing good is ever lost."""

import copy
import errno
import json
import os
import random
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR, MultiStepLR

import torchguard as tg

BATCHES = [torch.randn(4, 6, generator=torch.Generator().manual_seed(seed)) for seed in range(8)]


class Run:
    """A small training run with everything that has state."""

    def __init__(self, build_net, folder, *, amp="off", optimizer=torch.optim.AdamW, wrap=lambda net: net, **options):
        self.net = wrap(build_net())
        self.optimizer = optimizer(self.net.parameters(), lr=0.1)
        self.scheduler = ExponentialLR(self.optimizer, 0.9)
        self.step = tg.TrainStep(self.net, self.optimizer, self.scheduler, amp=amp, accumulate=2)
        parts = {"model": self.net, "optimizer": self.optimizer, "scheduler": self.scheduler, "step": self.step}
        self.checkpoints = tg.Checkpointer(folder, **parts, **options)

    def train(self, batches):
        for x in batches:
            noise = random.random() + np.random.rand()  # a resume that forgets a generator shows in the weights
            with self.step.autocast():
                loss = (self.net(x) + noise).square().mean()
            self.step.backward(loss)
            self.checkpoints.tick()
        return self


@pytest.fixture
def run(build_net, tmp_path):
    """Makes a run on the same folder each time."""
    return lambda **options: Run(build_net, tmp_path / "run", **options)


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "run"


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name != "latest")


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    match how:
        case "flipped bit":
            content[middle] ^= 1
        case "zeroed hole":
            content[middle : middle + 64] = bytes(64)
        case "truncated":
            del content[middle:]
        case "missing":
            return path.unlink()
    path.write_bytes(content)
    return None


# resuming


@pytest.mark.parametrize("amp", ["off", "fp16"])
@pytest.mark.parametrize("at", [4, 5])  # between two windows, and inside one
def test_resumed_equals_uninterrupted(run, same, amp, at):
    straight = run(amp=amp).train(BATCHES)
    tg.seed_everything(0)
    run(amp=amp).train(BATCHES[:at]).checkpoints.save()
    tg.seed_everything(99)
    resumed = run(amp=amp)
    report = resumed.checkpoints.resume()
    resumed.train(BATCHES[at:])

    assert (report.step, report.exact) == (at, True)
    assert same(straight.net, resumed.net)
    assert resumed.step.steps == straight.step.steps
    assert resumed.scheduler.last_epoch == straight.scheduler.last_epoch


def test_nothing_there_is_said(run):
    report = run().checkpoints.resume()

    assert (report.step, report.path, str(report)) == (0, None, "nothing to resume: starting at step 0")


def test_report_prints_what_was_skipped(run, folder):
    run(every_steps=1).train(BATCHES[:3])
    damage(folder / "step-3" / "model.pt", "truncated")
    lines = str(run().checkpoints.resume()).splitlines()

    assert lines[0] == f"resumed at step 2 from {folder / 'step-2'}"
    assert "step-3.bad: model.pt has" in lines[1]


def test_all_of_it_can_be_read_with_weights_only(run):
    path = run().train(BATCHES[:3]).checkpoints.save().result()

    for file in path.glob("*.pt"):
        torch.load(file, weights_only=True)


def test_milestones_of_a_scheduler_can_be_read_back(net, folder):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scheduler = MultiStepLR(optimizer, [2, 4])
    checkpoints = tg.Checkpointer(folder, model=net, optimizer=optimizer, scheduler=scheduler)
    checkpoints.save()

    assert checkpoints.resume().exact


@pytest.mark.parametrize("wrap", [nn.DataParallel, lambda net: torch.compile(net, backend="eager")])
def test_model_is_saved_without_wrappers(run, net, same, wrap):
    wrapped = run(wrap=wrap)
    path = wrapped.checkpoints.save().result()
    tg.load_weights(net, path / "model.pt")
    run().checkpoints.resume()

    assert list(torch.load(path / "model.pt", weights_only=True)) == list(net.state_dict())


def test_other_version_is_reported_as_not_exact(run, monkeypatch):
    run().checkpoints.save()
    monkeypatch.setattr(torch, "__version__", "9.9")

    assert run().checkpoints.resume().why_not_exact[0].startswith("saved with torch")


# when it saves, and what it keeps


def test_tick_saves_once_in_so_many_steps(run, folder):
    run(every_steps=3, keep_last=None).train(BATCHES)

    assert names(folder) == ["step-3", "step-6"]


def test_keeps_the_last(run, folder):
    run(every_steps=1, keep_last=2).train(BATCHES)

    assert names(folder) == ["step-7", "step-8"]


def test_second_save_at_one_step_overwrites_nothing(run, folder):
    checkpoints = run(keep_last=None).checkpoints
    checkpoints.save()
    path = checkpoints.save().result()

    assert names(folder) == ["step-0", "step-0.1"]
    assert run().checkpoints.resume().path == path


def test_old_one_stays_if_the_new_one_reads_back_wrong(run, folder, monkeypatch):
    one = run(keep_last=1)
    one.checkpoints.save()
    rename = Path.rename

    def lying_disk(self, target):
        damage(self / "model.pt", "flipped bit")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", lying_disk)
    with pytest.raises(tg.CheckpointError, match="nothing was deleted"):
        one.checkpoints.save()

    assert names(folder) == ["step-0", "step-0.1"]


def test_folder_of_another_run_is_refused(run, folder):
    run(every_steps=1).train(BATCHES[:2])
    with pytest.raises(tg.CheckpointError, match=r"call resume\(\) before the first tick"):
        run(every_steps=1).train(BATCHES[:1])

    assert names(folder) == ["step-1", "step-2"]


def test_folder_whose_resume_was_refused_is_not_written(run, folder):
    run().checkpoints.save()
    other = run(optimizer=torch.optim.SGD)
    with pytest.raises(tg.StateMismatchError):
        other.checkpoints.resume()
    with pytest.raises(tg.CheckpointError, match="did not resume"):
        other.checkpoints.save()


# the newest


def test_latest_is_the_newest_whole_one_and_nothing_is_set_aside(run, folder):
    checkpoints = run(every_steps=1).train(BATCHES[:3]).checkpoints
    damage(folder / "step-3" / "model.pt", "flipped bit")

    assert checkpoints.latest() == folder / "step-2"
    assert names(folder) == ["step-2", "step-3"]


def test_latest_of_none_is_none(run):
    assert run().checkpoints.latest() is None


@pytest.fixture
def links(tmp_path):
    try:
        (tmp_path / "link").symlink_to("somewhere")
    except OSError:
        pytest.skip("no symbolic links here")


@pytest.mark.usefixtures("links")
def test_link_leads_to_the_newest(run, folder):
    run(every_steps=1, keep_last=1).train(BATCHES[:3])

    assert (folder / "latest").resolve() == (folder / "step-3").resolve()
    assert os.readlink(folder / "latest") == "step-3"  # so that the folder can be moved


@pytest.mark.usefixtures("links")
def test_link_leads_to_the_one_before_if_the_newest_was_set_aside(run, folder):
    run(every_steps=1).train(BATCHES[:3])
    damage(folder / "step-3" / "model.pt", "flipped bit")
    run().checkpoints.resume()

    assert os.readlink(folder / "latest") == "step-2"


def fails(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.usefixtures("links")
def test_link_does_not_move_when_a_save_fails(run, folder, monkeypatch):
    one = run(every_steps=1).train(BATCHES[:1])
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fails)
        with pytest.raises(tg.CheckpointError):
            one.train(BATCHES[:1])

    assert os.readlink(folder / "latest") == "step-1"


def test_something_else_called_latest_is_left_alone(run, folder):
    checkpoints = run().checkpoints
    (folder / "latest").mkdir()
    (folder / "latest" / "notes").write_text("mine")
    checkpoints.save()

    assert (folder / "latest" / "notes").read_text() == "mine"
    assert names(folder) == ["step-0"]


# damage


@pytest.mark.parametrize("file", ["model.pt", "optimizer.pt", "rng.pt", "manifest.json"])
@pytest.mark.parametrize("how", ["flipped bit", "zeroed hole", "truncated", "missing"])
def test_damage_is_named_and_the_older_one_is_used(run, folder, file, how):
    run(every_steps=1).train(BATCHES[:3])
    damage(folder / "step-3" / file, how)
    report = run().checkpoints.resume()

    assert report.step == 2
    assert [bad.path.name for bad in report.skipped] == ["step-3.bad"]
    assert file in report.skipped[0].reason


def test_run_goes_on_over_the_one_set_aside(run, folder):
    run(every_steps=1).train(BATCHES[:3])
    damage(folder / "step-3" / "model.pt", "flipped bit")
    again = run(every_steps=1)
    again.checkpoints.resume()
    again.train(BATCHES[:1])

    assert names(folder) == ["step-2", "step-3", "step-3.bad"]
    assert run().checkpoints.resume().step == 3


def test_none_whole_is_an_error_and_stays_one(run, folder):
    run(every_steps=1).train(BATCHES[:2])
    for path in folder.glob("step-*"):
        damage(path / "model.pt", "flipped bit")

    for _ in range(2):
        with pytest.raises(tg.NoGoodCheckpointError, match="2 checkpoints and none is whole"):
            run().checkpoints.resume()


def rewrite_manifest(folder: Path, *, sign: bool, **changes: object) -> None:
    path = folder / "manifest.json"
    outer = json.loads(path.read_text())
    outer["manifest"].update(changes)
    if sign:
        outer["crc32"] = zlib.crc32(json.dumps(outer["manifest"], sort_keys=True).encode())
    path.write_text(json.dumps(outer))


def test_changed_manifest_is_damage(run, folder):
    run(every_steps=1).train(BATCHES[:2])
    rewrite_manifest(folder / "step-2", sign=False, step=1000)

    assert run().checkpoints.resume().step == 1


def test_checkpoint_of_a_newer_version_is_no_damage(run, folder):
    run().checkpoints.save()
    rewrite_manifest(folder / "step-0", sign=True, schema=99)
    with pytest.raises(tg.CheckpointError, match="newer torchguard"):
        run().checkpoints.resume()

    assert names(folder) == ["step-0"]


# hostile: whoever changes a checkpoint can make the manifest fit


def replace_file(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    files = json.loads((folder / "manifest.json").read_text())["manifest"]["files"]
    rewrite_manifest(folder, sign=True, files={**files, name: {"bytes": len(content), "crc32": zlib.crc32(content)}})


class RunsCode:
    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return os.mkdir, (str(self.proof),)


@pytest.mark.parametrize("name", ["model.pt", "optimizer.pt", "rng.pt"])
def test_pickle_that_would_run_code_is_refused_and_nothing_run(run, folder, tmp_path, name):
    run().checkpoints.save()
    torch.save({"0.weight": RunsCode(tmp_path / "ran")}, tmp_path / "evil.pt")
    replace_file(folder / "step-0", name, (tmp_path / "evil.pt").read_bytes())
    with pytest.raises(tg.UnreadableFileError, match=rf"{name} wants to import posix.mkdir"):
        run().checkpoints.resume()

    assert not (tmp_path / "ran").exists()
    assert names(folder) == ["step-0"]


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {"../../outside": {"bytes": 0, "crc32": 0}}},
        {"files": {"/etc/passwd": {"bytes": 0, "crc32": 0}}},
        {"files": {"model.pt": {"bytes": "0"}}},
        {"files": []},
        {"step": "1"},
        {"schema": None},
    ],
)
def test_manifest_in_another_form_is_damage(run, folder, changes):
    run(every_steps=1).train(BATCHES[:2])
    rewrite_manifest(folder / "step-2", sign=True, **changes)
    report = run().checkpoints.resume()

    assert report.step == 1
    assert "manifest.json is none that a Checkpointer writes" in report.skipped[0].reason


@pytest.mark.parametrize("content", [[], {}, {"class": 3}, "text", {"class": "AdamW", "parameters": 3}])
@pytest.mark.parametrize("name", ["model", "optimizer", "scheduler", "step", "rng"])
def test_state_in_another_form_is_refused(run, folder, tmp_path, name, content):
    run().train(BATCHES[:1]).checkpoints.save()
    torch.save(content, tmp_path / "odd.pt")
    replace_file(folder / "step-1", f"{name}.pt", (tmp_path / "odd.pt").read_bytes())
    other = run()
    with pytest.raises(tg.StateMismatchError):
        other.checkpoints.resume()

    assert other.checkpoints.step == 0


# other objects


@pytest.fixture
def refuses(folder, same):
    """Asserts that resuming is refused with these words, and that the objects are as they were."""

    def check(build_net, words, **changed):
        other = Run(build_net, folder, **changed)
        net, state, rng = copy.deepcopy(other.net), other.optimizer.state_dict(), tg.rng_state()
        with pytest.raises(tg.StateMismatchError, match=words):
            other.checkpoints.resume()

        assert same(other.net, net)
        assert other.optimizer.state_dict() == state
        assert other.scheduler.last_epoch == 0
        assert torch.equal(tg.rng_state()["torch"], rng["torch"])

    return check


def test_other_architecture_is_refused_and_nothing_changed(run, refuses, build_net):
    run().train(BATCHES[:2]).checkpoints.save()

    def wider():
        net = build_net()
        net[4] = nn.Linear(8, 5, bias=False)
        return net

    refuses(wider, r'model has "4\.weight" with shape \(5, 8\) float32 and the checkpoint .*\(3, 8\)')


def test_missing_and_extra_keys_are_refused(run, refuses, build_net):
    run().train(BATCHES[:2]).checkpoints.save()
    refuses(lambda: build_net()[:4], r'model lacks "4\.weight"')
    refuses(lambda: build_net().append(nn.Linear(3, 3)), r'model has "5\.bias", "5\.weight"')


def test_other_optimizer_is_refused(run, refuses, build_net):
    run().train(BATCHES[:2]).checkpoints.save()
    refuses(build_net, r"optimizer is SGD .* with AdamW", optimizer=torch.optim.SGD)


def test_other_scheduler_is_refused(net, folder):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def with_scheduler(scheduler):
        return tg.Checkpointer(folder, model=net, optimizer=optimizer, scheduler=scheduler)

    with_scheduler(ExponentialLR(optimizer, 0.9)).save()
    with pytest.raises(tg.StateMismatchError, match=r"scheduler is MultiStepLR .* another class"):
        with_scheduler(MultiStepLR(optimizer, [2])).resume()


def test_permuted_parameters_of_one_shape_are_refused(folder):
    def with_order(order):
        net = nn.ModuleDict({"a": nn.Linear(2, 2, bias=False), "b": nn.Linear(2, 2, bias=False)})
        optimizer = torch.optim.AdamW([net[name].weight for name in order])
        return tg.Checkpointer(folder, model=net, optimizer=optimizer)

    with_order("ab").save()
    with pytest.raises(tg.StateMismatchError, match=r'has "model\.b\.weight".* as parameter 0'):
        with_order("ba").resume()


def test_other_amp_is_refused(run, refuses, build_net):
    run().train(BATCHES[:2]).checkpoints.save()
    refuses(build_net, 'write amp="off"', amp="bf16")


def test_missing_object_is_refused_unless_allowed(run, net, folder):
    run().checkpoints.save()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
    ema = nn.Linear(1, 1)
    checkpoints = tg.Checkpointer(folder, model=net, optimizer=optimizer, ema=ema)
    with pytest.raises(tg.StateMismatchError, match=r"resume\(strict=False\)"):
        checkpoints.resume()

    assert len(checkpoints.resume(strict=False).why_not_exact) == 2


def test_other_number_of_devices_is_refused_unless_allowed(run, monkeypatch):
    gpu = torch.zeros(16, dtype=torch.uint8)
    state = tg.rng_state() | {"cuda": [gpu] * 99}
    with monkeypatch.context() as patched:
        patched.setattr("torchguard.checkpoint.rng_state", lambda: state)
        run().checkpoints.save()
    with pytest.raises(tg.StateMismatchError, match=r"99 CUDA devices .* resume\(strict=False\)"):
        run().checkpoints.resume()

    assert not run().checkpoints.resume(strict=False).exact


def test_state_that_is_not_taken_is_taken_back(net, folder):
    class Loader:
        position = 0

        def state_dict(self):
            return {"position": self.position}

        def load_state_dict(self, state):
            self.position = state["position"]
            if self.position > 5:
                raise ValueError("only 5 samples")

    loader = Loader()
    loader.position = 7
    tg.Checkpointer(folder, model=net, loader=loader).save()
    loader.position = 1
    with pytest.raises(tg.StateMismatchError, match=r"loader does not take .* only 5 samples"):
        tg.Checkpointer(folder, model=net, loader=loader).resume()

    assert loader.position == 1


# what is refused at construction or at the save


@pytest.mark.parametrize(
    ("stateful", "words"),
    [
        ({}, "nothing to save"),
        ({"every_steps": 0}, "every_steps=None"),
        ({"keep_last": 0}, "keep_last=1"),
        ({"loader": [1, 2]}, "loader is a list without state_dict"),
        ({"rng": nn.Linear(1, 1)}, "another name"),
    ],
)
def test_what_cannot_be_right_is_refused(folder, stateful, words):
    with pytest.raises(tg.MisuseError, match=words):
        tg.Checkpointer(folder, **stateful)


def test_step_without_its_optimizer_is_refused(run, folder):
    one = run()
    with pytest.raises(tg.MisuseError, match="without the optimizer"):
        tg.Checkpointer(folder, model=one.net, step=one.step, scheduler=one.scheduler)


@pytest.mark.parametrize("value", [np.float64(1), np.zeros(1), lambda: 0, frozenset()])
def test_state_that_could_not_be_read_back_is_refused_at_the_save(net, folder, value):
    class Odd:
        def state_dict(self):
            return {"history": [value]}

        def load_state_dict(self, state):
            pass

    with pytest.raises(tg.CheckpointError, match=r"the state of odd\['history'\]\[0\] is a "):
        tg.Checkpointer(folder, model=net, odd=Odd()).save()

    assert names(folder) == []


# folders and disks


def test_missing_folder_is_made(net, tmp_path):
    tg.Checkpointer(tmp_path / "a" / "b", model=net)

    assert (tmp_path / "a" / "b").is_dir()


def test_file_in_the_way_is_named(net, tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(tg.CheckpointError, match="is no folder and cannot be made one"):
        tg.Checkpointer(tmp_path / "a" / "b", model=net)


@pytest.fixture
def read_only():
    """A folder that this user may read and not write; root becomes nobody for it."""
    if os.name == "nt":
        pytest.skip("permissions are others on Windows")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        os.seteuid(os.getuid())
        folder.chmod(0o755)


def give_up_writing(folder: Path) -> None:
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_read_only_folder_is_refused_at_construction(net, read_only):
    give_up_writing(read_only)
    with pytest.raises(tg.CheckpointError, match="may not be written by this user"):
        tg.Checkpointer(read_only, every_steps=1, model=net)


def test_read_only_folder_can_be_resumed_from_and_not_saved_to(net, read_only):
    checkpoints = tg.Checkpointer(read_only, model=net)
    checkpoints.save()
    give_up_writing(read_only)

    assert checkpoints.resume().exact
    with pytest.raises(tg.CheckpointError, match="cannot be written"):
        checkpoints.save()


def test_full_disk_leaves_the_older_one_and_no_rubbish(run, folder, monkeypatch):
    one = run(every_steps=1, keep_last=1).train(BATCHES[:1])

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(tg.CheckpointError, match="No space left"):
        one.checkpoints.save()

    assert names(folder) == ["step-1"]
    assert run().checkpoints.resume().exact


@pytest.fixture
def small_disk():
    """Writes fail in the middle of a file, as they do where the disk is really full."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_disk_that_is_full_in_the_middle_of_a_file_leaves_the_older_one_and_no_rubbish(folder, small_disk):
    checkpoints = tg.Checkpointer(folder, model=nn.Linear(500, 500), keep_last=1)
    checkpoints.save()
    small_disk(200_000)
    with pytest.raises(tg.CheckpointError, match=r"cannot be written .* checkpoints in it are as they were"):
        checkpoints.save()

    assert names(folder) == ["step-0"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file a descriptor is")
def test_everything_is_on_the_disk_before_the_rename(run, folder, monkeypatch):
    events, fsync, rename = [], os.fsync, Path.rename

    def seen_fsync(descriptor):
        events.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    def seen_rename(self, target):
        events.append("rename")
        return rename(self, target)

    checkpoints = run().checkpoints
    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "rename", seen_rename)
    checkpoints.save()

    files = ["model.pt", "optimizer.pt", "scheduler.pt", "step.pt", "rng.pt"]
    assert events == [*files, "manifest.json", f"step-0.tmp-{os.getpid()}", "rename", "run"]


def test_half_deleted_one_is_not_taken_for_a_damaged_one(run, folder, monkeypatch):
    one = run(every_steps=1, keep_last=1).train(BATCHES[:1])

    def dies(folder, **options):
        (folder / "manifest.json").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", dies)
    with pytest.raises(KeyboardInterrupt):
        one.train(BATCHES[:1])

    assert names(folder) == [f"step-1.tmp-{os.getpid()}", "step-2"]


def test_leftovers_of_dead_processes_are_removed(run, folder):
    checkpoints = run().checkpoints
    dead, alive, own = folder / "step-1.tmp-999999999", folder / "step-1.tmp-1", folder / f"step-1.tmp-{os.getpid()}"
    for leftover in (dead, alive, own):
        leftover.mkdir()
    checkpoints.save()

    assert names(folder) == ["step-0", "step-1.tmp-1"]


def test_leftovers_are_never_resumed(run, folder):
    run(every_steps=1).train(BATCHES[:2])
    (folder / "step-2").rename(folder / "step-2.tmp-999999999")

    assert run().checkpoints.resume().step == 1
