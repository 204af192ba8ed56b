"""Several ranks: one checkpoint for all, nobody left waiting, and another number of ranks afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WHOLE = [
    "killed_ranks_resume_bit_identically",
    "signal_to_any_rank_stops_all_at_one_step",
    "rank_that_dies_in_a_save_leaves_no_other_waiting",
    "rank_that_cannot_write_fails_all",
    "another_number_of_ranks_goes_on",
]
SHARDED = [
    "shards_go_to_another_number_of_ranks",
    "killed_shards_resume_bit_identically",
    "shards_go_to_a_whole_model",
    "whole_model_goes_to_shards",
    "shards_are_read_as_weights",
    "disk_that_is_full_is_told_on_all_ranks_of_shards",
    "shards_of_another_architecture_are_refused",
    "shards_that_would_run_code_are_refused",
]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL and fork are not to be had on Windows")


@pytest.mark.parametrize("scenarios", [WHOLE, SHARDED], ids=["whole", "sharded"])
def test_ranks_save_and_resume_together(tmp_path, scenarios):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(HERE / "on_ranks.py"), str(tmp_path), *scenarios]  # one process, one import of torch
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=400)
    passed = [line.partition(": ok")[0] for line in run.stdout.splitlines()]

    assert passed == scenarios, run.stderr
