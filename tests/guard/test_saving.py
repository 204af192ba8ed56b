"""When and how the Checkpointer saves: in the background, at a signal, by the clock; what it keeps, who may write."""

import gc
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributed.fsdp import fully_shard

import torchguard as tg
from torchguard import removal, writing
from torchguard.host_copy import HostCopy

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def make(net, folder):
    """Makes a Checkpointer on the same net and folder; closed at the end."""
    made = []

    def build(**options) -> tg.Checkpointer:
        made.append(tg.Checkpointer(folder, **{"model": net, **options}))
        return made[-1]

    yield build
    for one in made:
        with suppress(tg.CheckpointError):
            one.close()


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name != "latest")


@pytest.fixture
def slow_disk(monkeypatch):
    """The disk writes nothing until the event is set."""
    go_on, fsync = threading.Event(), os.fsync

    def waits(descriptor):
        assert go_on.wait(30)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", waits)
    yield go_on
    go_on.set()


@pytest.fixture
def full_disk(monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        yield


# in the background


def test_background_save_holds_what_was_when_it_began(make, net, slow_disk):
    checkpoints = make(async_save=True)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    saving = checkpoints.save()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    slow_disk.set()
    saved = torch.load(saving.result() / "model.pt", weights_only=True, map_location="cpu")

    assert all(torch.equal(value, saved[key]) for key, value in before.items())


def test_training_goes_on_while_it_is_written(make, slow_disk, folder):
    saving = make(async_save=True, every_steps=1).tick()

    assert not saving.done()
    assert not any(re.fullmatch(r"step-\d+", name) for name in names(folder))


def test_host_copy_keeps_its_buffers():
    copy, state = HostCopy(), {"a": torch.zeros(3), "b": [torch.ones(2)]}
    first = copy.of(state)
    state["a"].fill_(5)
    second = copy.of(state)

    assert second["a"] is first["a"]
    assert (second["a"] == 5).all()


def test_second_background_save_holds_the_newer_state(make, net):
    checkpoints = make(async_save=True)
    checkpoints.save().result()
    nn.init.constant_(net[0].weight, 7)
    path = checkpoints.save().result()

    assert (torch.load(path / "model.pt", weights_only=True, map_location="cpu")["0.weight"] == 7).all()


def test_tied_weights_are_written_once(make, folder):
    tied = nn.Sequential(nn.Linear(300, 300, bias=False), nn.Linear(300, 300, bias=False))
    tied[1].weight = tied[0].weight
    path = make(model=tied, async_save=True).save().result()

    assert (path / "model.pt").stat().st_size < 1.5 * 4 * 300 * 300


def test_one_in_flight(make, slow_disk):
    checkpoints = make(async_save=True)
    first = checkpoints.save()
    threading.Timer(0.2, slow_disk.set).start()
    checkpoints.save()

    assert first.done()


def test_waiting_has_an_end(make, slow_disk):
    checkpoints = make(async_save=True, timeout=0.1)
    checkpoints.save()
    with pytest.raises(tg.CheckpointError, match=r"not come to its end in 0\.1 s"):
        checkpoints.save()


@pytest.mark.parametrize("when", ["tick", "save", "close"])
def test_failure_in_the_background_is_raised(make, when, full_disk):
    checkpoints = make(async_save=True)
    saving = checkpoints.save()
    saving.exception()
    with pytest.raises(tg.CheckpointError, match=r"failed in the background: .*No space left"):
        getattr(checkpoints, when)()


def test_failure_nobody_asks_for_is_told_at_the_end(tmp_path):
    script = f"""
import os, torch, torchguard as tg
def full(descriptor):
    raise OSError(28, "No space left on device")
os.fsync = full
checkpoints = tg.Checkpointer({str(tmp_path)!r}, model=torch.nn.Linear(2, 2), async_save=True)
checkpoints.save()
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)

    assert "the save of step 0 failed in the background, and the run ended" in run.stderr


def test_save_that_has_begun_is_finished_at_the_end_of_the_process(tmp_path):
    script = f"""
import torch, torchguard as tg
tg.Checkpointer({str(tmp_path)!r}, model=torch.nn.Linear(500, 500), async_save=True).save()
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)

    assert names(tmp_path) == ["step-0"]


# for somebody who waits at a terminal


@pytest.fixture
def terminal(monkeypatch):
    """What is written to stderr, a terminal, by a machine on which everything takes seconds."""
    written, seconds = [], iter(range(0, 10_000, 2))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "write", written.append)
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    return written


def test_long_save_tells_how_far_it_is_and_leaves_nothing(make, terminal):
    checkpoints = make(model=nn.Linear(1000, 1000), keep_last=1)
    checkpoints.save()
    checkpoints.save()
    told = "".join(terminal)

    assert re.search(r"saving step 0: 4\.0 MB of 4\.0 MB, ", told)
    assert re.search(r"reading step-0\.1 back: [\d.]+ MB of 4\.0 MB, ", told)
    assert terminal[-1] == "\r\033[K"


def test_shards_tell_how_far_they_are(make, tmp_path, terminal):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/ranks", rank=0, world_size=1)
    try:
        model = nn.Linear(1000, 1000)
        fully_shard(model, mesh=torch.distributed.init_device_mesh("cpu", (1,)))
        checkpoints = make(model=model)
        checkpoints.save()
        checkpoints.resume()
    finally:
        torch.distributed.destroy_process_group()
    told = "".join(terminal)

    assert re.search(r"saving the shards of step 0: 4\.0 MB of 4\.0 MB, ", told)
    assert re.search(r"loading the shards of .*step-0: 4\.0 MB of 4\.0 MB, ", told)


def test_save_in_the_background_is_silent(make, terminal):
    make(model=nn.Linear(1000, 1000), async_save=True).save().result()

    assert terminal == []


# what the disk does meanwhile


@pytest.fixture
def forced_early(monkeypatch):
    """As if each piece were large: the disk is told to write each."""
    monkeypatch.setattr(writing, "_LARGE", 1)
    monkeypatch.setattr(writing, "_AHEAD", 1)


def test_large_file_is_whole_though_the_disk_began_early(make, folder, forced_early):
    make().save()

    assert make().resume().skipped == ()


@pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="fsync is called early instead")
def test_disk_that_is_full_early_is_told(make, folder, forced_early, monkeypatch):
    checkpoints = make(keep_last=1)
    checkpoints.save()
    fdatasync, told = os.fdatasync, []

    def full_once(descriptor):
        if told:
            return fdatasync(descriptor)
        told.append(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full_once)  # as the system does: it does not tell fsync again
    with pytest.raises(tg.CheckpointError, match="No space left"):
        checkpoints.save()

    assert names(folder) == ["step-0"]


def deleted_but_open() -> list[str]:
    links = [Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd")]
    return [os.readlink(link) for link in links if link.is_symlink() and ".tmp-" in os.readlink(link)]


@pytest.fixture
def slow_to_free(monkeypatch):
    """Every file is large, and its space is not given back until the event is set."""
    go_on, let_go = threading.Event(), removal._let_go

    def waits(descriptors):
        assert go_on.wait(30)
        let_go(descriptors)

    monkeypatch.setattr(removal, "_LARGE", 0)
    monkeypatch.setattr(removal, "_let_go", waits)
    yield go_on
    go_on.set()


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which files are open")
def test_old_checkpoint_is_gone_at_once_and_its_space_later(make, folder, slow_to_free):
    checkpoints = make(keep_last=1)
    checkpoints.save()
    checkpoints.save()

    assert names(folder) == ["step-0.1"]
    assert deleted_but_open()


def test_next_save_waits_for_the_space(make, slow_to_free):
    checkpoints = make(keep_last=1)
    checkpoints.save()
    checkpoints.save()
    threading.Timer(0.3, slow_to_free.set).start()
    checkpoints.save()

    assert slow_to_free.is_set()


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file a descriptor is")
def test_memory_of_the_checkpoint_before_is_there_for_the_new_one(make, monkeypatch):
    checkpoints, dropped = make(), []
    checkpoints.save()

    def seen(descriptor, start, length, advice):
        assert (start, length, advice) == (0, 0, os.POSIX_FADV_DONTNEED)
        dropped.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))

    monkeypatch.setattr(os, "posix_fadvise", seen)
    path = checkpoints.save().result()

    assert {file.parent.name for file in dropped} == {"step-0"}
    assert {file.name for file in dropped} == {file.name for file in path.iterdir()}


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which files are open")
def test_worker_does_not_keep_the_space_of_a_deleted_checkpoint(make, slow_to_free):
    checkpoints = make(keep_last=1)
    checkpoints.save()
    checkpoints.save()
    worker = os.fork()
    if worker == 0:
        os._exit(len(deleted_but_open()))

    assert os.waitpid(worker, 0)[1] == 0


# told to stop


@pytest.mark.parametrize("async_save", [False, True])
def test_signal_saves_at_the_next_step_and_ends_the_run(make, folder, async_save):
    checkpoints = make(signals="SIGTERM", async_save=async_save)
    checkpoints.tick()
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(tg.Preempted) as told:
        checkpoints.tick()

    assert (told.value.step, told.value.code, told.value.path) == (2, 143, folder / "step-2")
    assert make().resume().step == 2


def test_signals_do_what_they_did_after_close(make):
    before = signal.getsignal(signal.SIGUSR1)
    checkpoints = make(signals=["SIGUSR1"])
    during = signal.getsignal(signal.SIGUSR1)
    checkpoints.close()

    assert during != before
    assert signal.getsignal(signal.SIGUSR1) == before


def test_second_ctrl_c_interrupts(make):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background ignores it
    make(signals=["SIGINT"])
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("name", ["SIGKILL", "TERM", "SIG_DFL"])
def test_signal_that_cannot_be_handled_is_refused(make, name):
    with pytest.raises(tg.MisuseError, match="cannot be handled"):
        make(signals=[name])


def test_signals_outside_the_main_thread_are_refused(make):
    refused = []

    def build():
        try:
            make(signals=["SIGTERM"])
        except tg.MisuseError as error:
            refused.append(str(error))

    thread = threading.Thread(target=build)
    thread.start()
    thread.join()

    assert "main thread" in refused[0]


# by the clock


def test_saves_once_so_long_has_passed(make, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    checkpoints = make(every_seconds=10)
    saved = []
    for second in (5, 9, 11, 12, 20, 21):
        now[0] = 100.0 + second
        if checkpoints.tick():
            saved.append(second)

    assert saved == [11, 21]


# what it keeps


def test_best_are_kept_beside_the_last(make, folder):
    checkpoints = make(keep_last=1, keep_best=2, best="highest")
    for metric in (0.3, 0.9, 0.5, 0.7, 0.1):
        checkpoints.tick()
        checkpoints.save(metric=metric)

    assert names(folder) == ["step-2", "step-4", "step-5"]
    assert checkpoints.best() == folder / "step-2"


def test_lowest_may_be_the_best(make, folder):
    checkpoints = make(keep_last=1, keep_best=1, best="lowest")
    for metric in (0.3, 0.1, None, 0.5):
        checkpoints.tick()
        checkpoints.save(metric=metric)

    assert names(folder) == ["step-2", "step-4"]


def test_tag_is_kept_for_good_and_resumed_from(make, folder):
    checkpoints = make(keep_last=1)
    checkpoints.save("before_finetuning")
    for _ in range(2):
        checkpoints.tick()
        checkpoints.save()
    (folder / "step-2" / "model.pt").unlink()

    assert names(folder) == ["step-0-before_finetuning", "step-2"]
    assert make().resume().path.name == "step-0-before_finetuning"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"every_seconds": 0}, "every_seconds=None"),
        ({"keep_best": 1}, 'best="highest"'),
        ({"best": "highest"}, "keep_best=1"),
        ({"keep_best": 1, "best": "biggest"}, 'best="lowest"'),
        ({"timeout": 0}, "waits for nobody"),
    ],
)
def test_options_that_cannot_be_right_are_refused(make, options, words):
    with pytest.raises(tg.MisuseError, match=words):
        make(**options)


@pytest.mark.parametrize(
    ("labels", "words"),
    [({"tag": "a/b"}, "name of a folder"), ({"tag": "../x"}, "name of a folder"), ({"metric": float("nan")}, "better")],
)
def test_labels_that_say_nothing_are_refused(make, labels, words):
    with pytest.raises(tg.MisuseError, match=words):
        make().save(**labels)


# random generators of one's own


@pytest.mark.parametrize(
    ("generator", "draw"),
    [
        (lambda: torch.Generator(), lambda g: torch.rand(3, generator=g).tolist()),
        (lambda: np.random.default_rng(0), lambda g: g.random(3).tolist()),
        (lambda: np.random.Generator(np.random.MT19937(0)), lambda g: g.random(3).tolist()),
        (lambda: np.random.Generator(np.random.Philox(0)), lambda g: g.random(3).tolist()),
        (lambda: np.random.RandomState(0), lambda g: g.randn(3).tolist()),
        (lambda: random.Random(0), lambda g: [g.gauss(0, 1) for _ in range(3)]),
    ],
)
def test_generators_go_on_mid_stream(make, generator, draw):
    own = generator()
    draw(own)
    make(noise=own).save()
    expected = draw(own)
    resumed = generator()
    make(noise=resumed).resume()

    assert draw(resumed) == expected


def test_generator_of_another_kind_is_refused(make):
    make(noise=torch.Generator()).save()
    with pytest.raises(tg.StateMismatchError, match=r"noise is random\.Random and"):
        make(noise=random.Random(0)).resume()


# resuming otherwise


def test_object_can_be_reset_knowingly(make, net):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    make(optimizer=optimizer).save()
    fresh = torch.optim.SGD(net.parameters(), lr=0.1)
    report = make(optimizer=fresh).resume(reset="optimizer")

    assert fresh.param_groups[0]["lr"] == 0.1
    assert report.why_not_exact == ("optimizer was reset",)


def test_random_state_can_be_reset(make):
    make().save()
    torch.manual_seed(5)
    make().resume(reset=["rng"])

    assert torch.equal(torch.get_rng_state(), torch.Generator().manual_seed(5).get_state())


def test_reset_of_what_is_not_there_is_refused(make):
    with pytest.raises(tg.MisuseError, match=r"write one of \['model', 'rng'\]"):
        make().resume(reset=["optimiser"])


def test_report_has_the_epoch_of_the_loader(make):
    def loader():
        return tg.ResumableLoader(range(8), batch_size=4, seed=0)

    one = loader()
    list(one)
    make(loader=one).save()

    assert make(loader=loader()).resume().epoch == 1


def test_what_the_loader_finds_inexact_is_in_the_report(make):
    make(loader=tg.ResumableLoader(range(8), batch_size=4, seed=0)).save()

    assert (
        "the batches are others"
        in make(loader=tg.ResumableLoader(range(8), batch_size=2, seed=0)).resume().why_not_exact[0]
    )


def test_loaded_state_is_no_part_of_the_file(make, net, folder):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(torch.randn(4, 6)).sum().backward()
    optimizer.step()
    path = make(optimizer=optimizer).save().result()
    make(optimizer=optimizer).resume()
    momentum = optimizer.state[net[0].weight]["momentum_buffer"]
    before = momentum.clone()
    content = bytearray((path / "optimizer.pt").read_bytes())
    with (path / "optimizer.pt").open("r+b") as file:
        file.write(bytes(len(content)))

    assert torch.equal(momentum, before)


# several in one process


@pytest.mark.parametrize("async_save", [False, True])
def test_two_in_one_process_keep_out_of_each_others_way(tmp_path, async_save):
    nets = {name: nn.Linear(3, 3) for name in ("a", "b")}
    both = {
        name: tg.Checkpointer(tmp_path / name, model=net, every_steps=1, keep_last=1, async_save=async_save)
        for name, net in nets.items()
    }
    for checkpoints in (both["a"], both["b"], both["a"]):
        checkpoints.tick()
    for checkpoints in both.values():
        checkpoints.close()
    weights = {name: net.weight.clone() for name, net in nets.items()}
    for net in nets.values():
        nn.init.zeros_(net.weight)

    steps = {name: tg.Checkpointer(tmp_path / name, model=net).resume().step for name, net in nets.items()}
    assert steps == {"a": 2, "b": 1}
    assert all(torch.equal(net.weight, weights[name]) for name, net in nets.items())


@pytest.fixture
def two(tmp_path):
    """Two that a signal stops, in the order in which a loop calls their ticks."""
    both = [tg.Checkpointer(tmp_path / name, model=nn.Linear(3, 3), signals=["SIGTERM"]) for name in ("a", "b")]
    yield both
    for checkpoints in both:
        checkpoints.close()


def tick_in_turn(checkpoints: list[tg.Checkpointer], signal_before: int) -> list[str]:
    """Tick, with a signal before so many ticks, until the run is stopped; gives what was saved by then."""
    for number in range(100):
        if number == signal_before:
            os.kill(os.getpid(), signal.SIGTERM)
        try:
            checkpoints[number % len(checkpoints)].tick()
        except tg.Preempted:
            break
    return [name for one in checkpoints for name in names(one.folder)]


@pytest.mark.parametrize(("signal_before", "saved"), [(2, ["step-2", "step-2"]), (3, ["step-3", "step-3"])])
def test_signal_stops_two_at_the_same_step(two, signal_before, saved):
    assert tick_in_turn(two, signal_before) == saved


@pytest.mark.parametrize("idle", [0, 1])
def test_signal_stops_one_though_the_other_has_no_steps_any_more(two, idle):
    active = two[1 - idle]

    assert tick_in_turn([active], signal_before=0)[-1] == "step-2"
    assert active.step == 2


def test_signal_waits_for_none_that_is_gone(two, tmp_path):
    third = tg.Checkpointer(tmp_path / "c", model=nn.Linear(3, 3), signals=["SIGTERM"])
    while two:
        two.pop()
    gc.collect()
    saved = tick_in_turn([third], signal_before=0)
    third.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the handlers of the two that were never closed

    assert saved == ["step-1"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_signals_do_what_they_did_after_two_are_closed(tmp_path, order):
    before = signal.getsignal(signal.SIGUSR1)
    both = [tg.Checkpointer(tmp_path / name, model=nn.Linear(3, 3), signals=["SIGUSR1"]) for name in ("a", "b")]
    for index in order:
        both[index].close()

    assert signal.getsignal(signal.SIGUSR1) == before


# who may write


def second_process(folder: Path) -> subprocess.CompletedProcess:
    script = f"""
import torch, torchguard as tg
checkpoints = tg.Checkpointer({str(folder)!r}, model=torch.nn.Linear(2, 2), every_steps=1)
"""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)


def test_second_process_is_refused_while_the_first_one_lives(make, folder):
    make(every_steps=1)
    refused = second_process(folder)

    assert "written by another process that is still running" in refused.stderr.splitlines()[-1]


def test_folder_is_free_after_close_though_a_worker_lives_on(make, folder):
    checkpoints = make(every_steps=1)
    worker = os.fork()
    if worker == 0:
        time.sleep(30)
        os._exit(0)
    checkpoints.close()
    try:
        assert second_process(folder).returncode == 0
    finally:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
