"""``python -m torchguard``: the listing of checkpoints, and the check of a user's own resume."""

import os
import time
from pathlib import Path

import pytest
import torch
from torch import nn

import torchguard as tg
from torchguard.__main__ import COMMANDS, main
from torchguard.commands.verdict import judge, judge_ranks

HERE = Path(__file__).parent
SCRIPT = str(HERE / "resumes.py")
needs_gloo = pytest.mark.skipif(os.name == "nt", reason="torchrun and SIGKILL are not to be had on Windows")


# checkpoints


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two checkpoints, the older one with a metric, the newer one from yesterday."""
    model = nn.Linear(100, 100)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    checkpoints = tg.Checkpointer(tmp_path, model=model, optimizer=optimizer)
    checkpoints.save(metric=0.5)
    checkpoints.tick()
    path = checkpoints.save("final").result()
    os.utime(path, (time.time() - 90_000,) * 2)
    return tmp_path


def listed(capsys, *arguments: object) -> tuple[int, list[str]]:
    status = main(["checkpoints", *map(str, arguments)])
    return status, capsys.readouterr().out.splitlines()


def test_lists_step_age_size_state_and_contents(folder, capsys):
    status, lines = listed(capsys, folder)

    assert status == 0
    assert lines[0].split("  ")[0].strip() == "step-0"
    assert "verified  model optimizer rng; metric 0.5; torch" in lines[0]
    assert lines[1].startswith("step-1-final  1 d ago ")
    assert "kB" in lines[1]


def test_says_what_is_damaged(folder, capsys):
    file = folder / "step-0" / "model.pt"
    file.write_bytes(file.read_bytes()[:-1])
    status, lines = listed(capsys, folder)

    assert status == 1
    assert "DAMAGED: model.pt has" in lines[0]


def test_quick_reads_no_files(folder, capsys):
    (folder / "step-0" / "model.pt").write_bytes(b"")
    status, lines = listed(capsys, "--quick", folder)

    assert status == 0
    assert "not verified" in lines[0]


def test_lists_what_was_set_aside(folder, capsys):
    (folder / "step-0").rename(folder / "step-0.bad")

    assert listed(capsys, folder)[1][-1] == "step-0.bad: set aside by a resume that found it damaged"


def test_one_checkpoint_may_be_named(folder, capsys):
    status, lines = listed(capsys, folder / "step-0")

    assert status == 0
    assert [line.split()[0] for line in lines] == ["step-0"]


def test_lists_what_a_process_left_that_died(folder, capsys):
    (folder / "step-2.tmp-999999999").mkdir()

    assert listed(capsys, folder)[1][-1].startswith("step-2.tmp-999999999: left half-written")


def test_folder_without_checkpoints_is_told(tmp_path, capsys):
    assert listed(capsys, tmp_path) == (1, [f"{tmp_path} holds no checkpoints"])
    assert listed(capsys, tmp_path / "none") == (2, [])


# verify-resume


def test_exact_resume_is_confirmed(capsys, tmp_path):
    status = main(["verify-resume", SCRIPT, str(tmp_path), "nothing"])

    assert "bit for bit the same: order of samples, losses" in capsys.readouterr().out
    assert status == 0


def test_missing_state_is_named(capsys, tmp_path):
    status = main(["verify-resume", "--kill-at", "5", SCRIPT, str(tmp_path), "scheduler"])
    told = capsys.readouterr().out

    assert status == 1
    assert "step 5 is the first that differs, first in the learning rate" in told
    assert "scheduler, a LambdaLR that is not saved; write Checkpointer(folder, ..., scheduler=scheduler)" in told


def test_script_that_fails_is_shown(capsys, tmp_path):
    assert main(["verify-resume", SCRIPT, str(tmp_path), "resume"]) == 2
    assert "call resume() before the first tick()" in capsys.readouterr().err


def test_missing_script_is_told(capsys, tmp_path):
    assert main(["verify-resume", str(tmp_path / "none.py")]) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--keep", "{}"], "is not empty"), (["--nproc-per-node", "0"], "starts nothing")]
)
def test_options_of_verify_resume_that_cannot_be_right_are_told(capsys, tmp_path, arguments, words):
    (tmp_path / "file").write_text("")

    assert main(["verify-resume", *(one.format(tmp_path) for one in arguments), SCRIPT]) == 2
    assert words in capsys.readouterr().err


@needs_gloo
def test_exact_resume_is_confirmed_on_each_rank(capsys, tmp_path):
    script = str(HERE / "resumes_on_ranks.py")
    status = main(["verify-resume", "--nproc-per-node", "2", "--kill-at", "4", script, str(tmp_path), "nothing"])

    assert "each of 2 ranks: bit for bit the same" in capsys.readouterr().out
    assert status == 0


@needs_gloo
def test_state_that_is_missing_on_one_rank_is_named(capsys, tmp_path):
    script = str(HERE / "resumes_on_ranks.py")
    status = main(["verify-resume", "--nproc-per-node", "2", "--kill-at", "4", script, str(tmp_path), "noise"])
    told = capsys.readouterr().out

    assert status == 1
    assert told.startswith("rank 1 differs first, then rank 0")  # by its loss; the other by the gradients that it gets
    assert "step 5 is the first that differs, first in the loss" in told
    assert "noise, a Generator that is not saved; write Checkpointer(folder, ..., noise=noise)" in told


@pytest.mark.parametrize(
    ("kill_at", "words"),
    [(6, "bit for bit the same"), (8, "critic was resumed at step 4, and another Checkpointer at step 8 of ")],
)
def test_two_checkpointers_are_followed(capsys, tmp_path, kill_at, words):
    main(["verify-resume", "--kill-at", str(kill_at), str(HERE / "resumes_twice.py"), str(tmp_path)])

    assert words in capsys.readouterr().out


def line(step: int, what: str = "step", **changes) -> dict:
    same = {"batches": [1], "losses": [(0.5).hex()], "rates": [(0.1).hex()], "state": {"model": {"w": step}}}
    return {
        "what": what,
        "which": 0,
        "folder": "runs/a",
        "step": step,
        "random": {"torch": step},
        "others": {},
        "values": {},
        "report": "",
        **same,
        **changes,
    }


def told(resumed: dict, after: dict, whole: dict | None = None) -> str:
    """The verdict on a run of two steps, killed after the first."""
    verdict = judge([whole or line(1), line(2)], [whole or line(1)], [line(1, "resumed", **resumed), line(2, **after)])
    assert not verdict.same
    return str(verdict)


def test_same_runs_are_the_same():
    assert judge([line(1), line(2)], [line(1)], [line(1, "resumed"), line(2)]).same


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({"batches": [2]}, "first in the order of samples"),
        ({"losses": [(0.6).hex()]}, "the loss: 0.5 in the whole run, 0.6 in the resumed one"),
        ({"rates": [(0.2).hex()]}, "first in the learning rate"),
        ({"state": {"model": {"w": 9}}}, '"model.w"'),
        ({"batches": [1, 1]}, "took 1 from its loaders since the step before, the resumed one 2"),
    ],
)
def test_first_difference_is_told(after, words):
    assert words in told({}, after)


@pytest.mark.parametrize(
    ("resumed", "words"),
    [
        ({"state": {"model": {"w": 9}}}, 'model, which is saved: "w"'),
        ({"random": {"torch": 9}}, "the random state of torch; call resume() after everything else was built"),
        ({"others": {}}, "ema, a Linear that is not saved; write Checkpointer(folder, ..., ema=ema)"),
    ],
)
def test_cause_is_told(resumed, words):
    whole = line(1, others={"ema": {"kind": "Linear", "state": {"w": 1}}})
    restored = {"others": whole["others"], **resumed}

    assert words in told(restored, {"losses": []}, whole)


def test_position_of_a_plain_loader_is_found_missing():
    assert "ResumableLoader.wrap(loader" in told({}, {"batches": [2]})


def test_variables_of_the_script_are_told():
    verdict = judge(
        [line(1), line(2, values={"best": 0.9})],
        [line(1)],
        [line(1, "resumed"), line(2, values={"best": 0.1}, losses=[])],
    )

    assert "best is 0.1 and was 0.9" in str(verdict)


def test_script_that_is_not_deterministic_is_told():
    verdict = judge([line(1), line(2)], [line(1, losses=[])], [])

    assert "differ before anything was killed" in str(verdict)


@pytest.mark.parametrize(
    ("resumed", "words"),
    [
        ([line(1)], "never calls resume()"),
        ([line(1, "resumed")], "ended before step 2"),
        ([line(1, "resumed"), line(2), line(3)], "went on to step 3"),
    ],
)
def test_other_length_is_told(resumed, words):
    assert words in str(judge([line(1), line(2)], [line(1)], resumed))


RECORDS = ([line(1), line(2)], [line(1)], [line(1, "resumed"), line(2)])
DIFFERENT = ([line(1), line(2)], [line(1)], [line(1, "resumed"), line(2, losses=[])])
LESS_DIFFERENT = ([line(1), line(2)], [line(1)], [line(1, "resumed"), line(2, state={"model": {"w": 9}})])


def ranks_told(*records: tuple[list[dict], ...]) -> str:
    return str(judge_ranks(*zip(*records, strict=True)))


def test_ranks_that_are_all_the_same_are():
    assert "each of 2 ranks: bit for bit the same" in ranks_told(RECORDS, RECORDS)


def test_rank_that_differs_is_named():
    assert ranks_told(RECORDS, DIFFERENT, RECORDS).startswith("rank 1 differs first, and no other rank does")


def test_rank_that_differs_before_the_others_is_the_one_that_is_shown():
    told = ranks_told(LESS_DIFFERENT, DIFFERENT)

    assert told.startswith("rank 1 differs first, then rank 0")
    assert "first in the loss" in told


def of_second(one: dict) -> dict:
    return one | {"which": 1, "folder": "runs/b"}


def test_steps_are_told_apart_by_checkpointer():
    whole = [line(1), of_second(line(1)), line(2), of_second(line(2))]
    resumed = [line(1, "resumed"), of_second(line(1, "resumed")), line(2), of_second(line(2, losses=[]))]

    assert "step 2 of runs/b is the first that differs" in str(judge(whole, whole[:2], resumed))


def test_checkpointers_that_were_resumed_at_one_moment_are_no_cause():
    whole = [line(1), of_second(line(1)), line(2), of_second(line(2))]
    resumed = [line(1, "resumed"), of_second(line(1, "resumed")), line(2), of_second(line(2, losses=[]))]

    assert "another Checkpointer" not in str(judge(whole, whole[:2], resumed))


def test_checkpointer_whose_part_had_ended_is_no_cause():
    """One after the other, the second is resumed long after the first one's last step."""
    whole = [line(1), line(2), of_second(line(1)), of_second(line(2))]
    resumed = [line(2, "resumed"), of_second(line(1, "resumed")), of_second(line(2, losses=[]))]

    assert "another Checkpointer" not in str(judge(whole, whole[:3], resumed))


# all commands


def test_commands_are_listed(capsys):
    assert main([]) == 0
    assert all(name in capsys.readouterr().out for name in list(COMMANDS)[:1])


def test_unknown_command_is_refused(capsys):
    assert main(["checkpoint"]) == 2
    assert "there is no command 'checkpoint'" in capsys.readouterr().err
