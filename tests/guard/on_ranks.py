"""Saves and resumes on several ranks over gloo, each scenario in processes of its own, and checks what is left.

    python on_ranks.py FOLDER SCENARIO...

Ranks are forked, so that torch is imported once, and end by ``os._exit``: about 3 in 100 processes that used gloo in
torch 2.13's CPU build abort while the interpreter ends, after all work is done.
"""

import errno
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

import torchguard as tg

LIMIT_S = 120.0


class Noisy(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 24

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.full((6,), float(index)) + torch.randn(6) * random.random() * np.random.rand()


class Run:
    """One rank's part of a training run."""

    def __init__(self, folder: Path, *, sharded: bool | None = None, batch_size: int = 2, **options: object) -> None:
        """``sharded=False``: the same net as with True, and whole; ``None``: another one."""
        self.folder = folder
        tg.seed_everything(0)
        net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
        if sharded is not None:
            net = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 3))
            for layer in net if sharded else ():
                fully_shard(layer, mesh=init_device_mesh("cpu", (distributed.get_world_size(),)))
        self.net = net if sharded or distributed.get_world_size() == 1 else DistributedDataParallel(net)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=0.1)
        self.loader = tg.ResumableLoader(Noisy(), batch_size=batch_size, seed=0, shuffle=True)
        tg.seed_everything(1 + distributed.get_rank())  # dropout differs between the ranks
        parts = {"model": self.net, "optimizer": self.optimizer, "loader": self.loader}
        self.saving = None
        self.checkpoints = tg.Checkpointer(folder, timeout=20, **parts, **options)

    def train(self, until: int, after: Callable[[int], None] = lambda step: None) -> None:
        for _ in self.loader.epochs(10**6):
            for x in self.loader:
                self.optimizer.zero_grad()
                self.net(x).square().mean().backward()
                self.optimizer.step()
                after(self.checkpoints.step + 1)
                self.saving = self.checkpoints.tick() or self.saving
                if self.checkpoints.step == until:
                    return

    def write_end(self) -> None:
        """Weights and optimizer state, whole, from each rank."""
        state = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()["state"]}
        torch.save(whole(state), self.folder.parent / f"end-{distributed.get_rank()}.pt")


def whole(value: object) -> object:
    match value:
        case torch.Tensor():
            return (value.full_tensor() if hasattr(value, "full_tensor") else value).detach().clone()
        case dict():
            return {str(key).removeprefix("module."): whole(inner) for key, inner in value.items()}
    return value


def launch(ranks: int, work: Callable[[], None]) -> list[int]:
    """Run it on so many ranks; returns their process ids."""
    store = Path(os.environ["STORES"]) / str(time.monotonic_ns())
    children = []
    for rank in range(ranks):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=ranks)
                work()
                status = 0
            except SystemExit as error:
                status = error.code
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        children.append(child)
    return children


def ends(children: list[int]) -> list[int]:
    """How they ended; none may wait for long."""
    began, statuses = time.monotonic(), {}
    while len(statuses) < len(children):
        for child in set(children) - statuses.keys():
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                statuses[child] = os.waitstatus_to_exitcode(status)
        if time.monotonic() - began > LIMIT_S:
            for child in set(children) - statuses.keys():
                os.kill(child, signal.SIGKILL)
            raise AssertionError("a rank was left waiting")
        time.sleep(0.01)
    return [statuses[child] for child in children]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name != "latest")


def same(one: object, other: object) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return one == other


def end_of(folder: Path, rank: int = 0) -> object:
    return torch.load(folder / f"end-{rank}.pt", weights_only=True, map_location="cpu")


def run_until(folder: Path, ranks: int, until: int, **options: object) -> None:
    def work() -> None:
        run = Run(folder / "run", **options)
        run.checkpoints.resume()
        run.train(until)
        run.checkpoints.close()
        run.write_end()

    assert ends(launch(ranks, work)) == [0] * ranks


# the scenarios


def killed_ranks_resume_bit_identically(folder: Path) -> None:
    def killed() -> None:
        def die(step: int) -> None:
            if step == 9:
                os.kill(os.getpid(), signal.SIGKILL)

        Run(folder / "run", every_steps=4, keep_last=1).train(12, after=die)

    run_until(folder / "straight", 2, 12)
    assert ends(launch(2, killed)) == [-signal.SIGKILL] * 2
    assert names(folder / "run") == ["step-8"]
    run_until(folder, 2, 12)

    for rank in (0, 1):
        assert same(end_of(folder, rank), end_of(folder / "straight", rank))


def signal_to_any_rank_stops_all_at_one_step(folder: Path) -> None:
    def work() -> None:
        run = Run(folder / str(victim), signals=["SIGTERM"], async_save=True, every_steps=5)
        (folder / f"{victim}-{distributed.get_rank()}").write_text("")
        run.train(10**9, after=lambda step: time.sleep(0.002))

    for victim in (0, 1, 2):
        children = launch(3, work)
        while not all((folder / f"{victim}-{rank}").exists() for rank in range(3)):
            time.sleep(0.01)
        time.sleep(random.uniform(0.1, 0.5))
        os.kill(children[victim], signal.SIGTERM)
        began = time.monotonic()

        assert ends(children) == [143] * 3
        assert time.monotonic() - began < 10
        last = max(int(name.removeprefix("step-")) for name in names(folder / str(victim)))
        check_resume(folder / str(victim), 3, last)


def check_resume(folder: Path, ranks: int, step: int) -> None:
    """All ranks resume at this step, from the newest checkpoint."""

    def work() -> None:
        report = Run(folder).checkpoints.resume()

        assert (report.step, report.exact, report.skipped) == (step, True, ()), report

    assert ends(launch(ranks, work)) == [0] * ranks


def rank_that_dies_in_a_save_leaves_no_other_waiting(folder: Path) -> None:
    def work() -> None:
        run = Run(folder / "run", every_steps=4)
        run.train(4)
        if distributed.get_rank() == 1:
            os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
        with pytest.raises(tg.CheckpointError, match="lost another rank"):
            run.train(8)

    assert ends(launch(2, work)) == [0, -signal.SIGKILL]
    assert names(folder / "run") == ["step-4"]
    check_resume(folder / "run", 2, 4)


def rank_that_cannot_write_fails_all(folder: Path) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def work() -> None:
        for async_save in (False, True):
            run = Run(folder / str(async_save), every_steps=2, async_save=async_save)
            run.train(2)
            run.saving.result()
            fsync = os.fsync
            if distributed.get_rank() == 1:
                os.fsync = full
            with pytest.raises(tg.CheckpointError, match="No space left") as failed:
                run.train(6)
            assert distributed.get_rank() == 1 or "rank 1:" in str(failed.value)
            os.fsync = fsync
            steps = [None, None]
            distributed.all_gather_object(steps, run.checkpoints.step)
            assert steps[0] == steps[1], steps

    assert ends(launch(2, work)) == [0, 0]
    assert names(folder / "False") == names(folder / "True") == ["step-2"]


def another_number_of_ranks_goes_on(folder: Path) -> None:
    run_until(folder, 2, 6, every_steps=6)
    saved = end_of(folder)

    def work() -> None:
        run = Run(folder / "run", batch_size=4)
        report = run.checkpoints.resume()
        assert report.step == 6
        assert any("saved on 2 ranks, running on 1" in reason for reason in report.why_not_exact), report
        assert (run.loader.epoch, run.loader.position) == (0, 24)
        run.write_end()

    assert ends(launch(1, work)) == [0]
    assert same(end_of(folder)["net"], saved["net"])


def shards_go_to_another_number_of_ranks(folder: Path) -> None:
    run_until(folder, 2, 5, sharded=True, every_steps=5)
    saved = end_of(folder)
    for ranks in (1, 3, 2):

        def work() -> None:
            run = Run(folder / "run", sharded=True, batch_size=4)
            report = run.checkpoints.resume(strict=False)
            assert report.step == 5, report
            run.write_end()

        (folder / "end-0.pt").unlink()
        assert ends(launch(ranks, work)) == [0] * ranks
        assert same(end_of(folder), saved), ranks


def killed_shards_resume_bit_identically(folder: Path) -> None:
    run_until(folder / "straight", 2, 9, sharded=True)
    run_until(folder, 2, 5, sharded=True, every_steps=5, async_save=True)
    run_until(folder, 2, 9, sharded=True)

    assert same(end_of(folder), end_of(folder / "straight"))


def goes_on_from(folder: Path, ranks: int, sharded: bool, words: str) -> None:
    """Resume and compare what each rank has with what was saved."""
    saved = end_of(folder)

    def work() -> None:
        run = Run(folder / "run", sharded=sharded, batch_size=4 // ranks)
        report = run.checkpoints.resume(strict=False)
        assert report.step == 5, report
        assert any(f"model was saved {words}" in reason for reason in report.why_not_exact), report
        run.write_end()

    (folder / "end-0.pt").unlink()
    assert ends(launch(ranks, work)) == [0] * ranks
    assert same(end_of(folder), saved), (end_of(folder), saved)


def shards_go_to_a_whole_model(folder: Path) -> None:
    run_until(folder, 2, 5, sharded=True, every_steps=5)
    goes_on_from(folder, 1, False, "sharded, and is whole here")
    goes_on_from(folder, 2, False, "sharded, and is whole here")


def whole_model_goes_to_shards(folder: Path) -> None:
    run_until(folder, 1, 5, sharded=False, batch_size=4, every_steps=5)
    goes_on_from(folder, 2, True, "whole, and is sharded here")


def shards_are_read_as_weights(folder: Path) -> None:
    run_until(folder, 2, 5, sharded=True, every_steps=5)
    net = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 3))
    report = tg.load_weights(net, folder / "run")

    assert len(report.loaded) == 4, report
    assert same(whole(net.state_dict()), end_of(folder)["net"])

    (shard,) = (folder / "run" / "step-5" / "shards").glob("__0_*.distcp")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(tg.UnreadableFileError, match=r"step-5 is damaged \(__0_0\.distcp was changed"):
        tg.load_weights(net, folder / "run")


def disk_that_is_full_is_told_on_all_ranks_of_shards(folder: Path) -> None:
    import resource

    def work() -> None:
        net = fully_shard(nn.Linear(300, 300), mesh=init_device_mesh("cpu", (distributed.get_world_size(),)))
        checkpoints = tg.Checkpointer(folder / "run", model=net)
        checkpoints.save()
        if distributed.get_rank() == 1:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        with pytest.raises(tg.CheckpointError, match=r"run cannot be written \(File too large\), so nothing was saved"):
            checkpoints.save()

    assert ends(launch(2, work)) == [0, 0]
    assert names(folder / "run") == ["step-0"]


def shards_of_another_architecture_are_refused(folder: Path) -> None:
    run_until(folder, 1, 5, sharded=True, every_steps=5)

    def work() -> None:
        run = Run(folder / "run")  # whole, with a layer of batch norm
        before = whole(run.net.state_dict())
        with pytest.raises(tg.StateMismatchError, match="model and the checkpoint differ in"):
            run.checkpoints.resume()
        assert same(whole(run.net.state_dict()), before)

    assert ends(launch(1, work)) == [0]


def shards_that_would_run_code_are_refused(folder: Path) -> None:
    run_until(folder, 1, 5, sharded=True, every_steps=5)
    spoil_metadata(folder / "run" / "step-5", folder / "ran")

    def work() -> None:
        run = Run(folder / "run", sharded=True)
        with pytest.raises(tg.UnreadableFileError, match=r"wants to import posix\.system"):
            run.checkpoints.resume()

    assert ends(launch(1, work)) == [0]
    assert not (folder / "ran").exists()


def spoil_metadata(checkpoint: Path, proof: Path) -> None:
    """As somebody would who wants code to run: the manifest fits."""
    import json
    import pickle
    import zlib

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {proof}",)

    content = pickle.dumps(Evil())
    (checkpoint / "shards" / ".metadata").write_bytes(content)
    outer = json.loads((checkpoint / "manifest.json").read_text())
    outer["manifest"]["files"]["shards/.metadata"] = {"bytes": len(content), "crc32": zlib.crc32(content)}
    outer["crc32"] = zlib.crc32(json.dumps(outer["manifest"], sort_keys=True).encode())
    (checkpoint / "manifest.json").write_text(json.dumps(outer))


def main(folder: Path, *scenarios: str) -> None:
    torch.set_num_threads(1)
    os.environ["STORES"] = str(folder)
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # imports what torch imports late
    optimizer.step()
    for name in scenarios:
        (folder / name / "straight").mkdir(parents=True)
        began = time.monotonic()
        try:
            globals()[name](folder / name)
        except AssertionError:
            traceback.print_exc()
        else:
            print(f"{name}: ok, {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
