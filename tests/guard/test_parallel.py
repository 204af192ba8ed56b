"""Several ranks under torchrun: parallel_checks.py runs with two and with four; each of its checks is a test."""

import ast
import json
import os
from pathlib import Path

import pytest
from filelock import FileLock
from launching import launch

pytestmark = pytest.mark.skipif(os.name == "nt", reason="torchrun's signals and gloo are those of POSIX here")
HERE = Path(__file__).parent
SCRIPT = HERE / "parallel_checks.py"


def names_of_checks() -> list[str]:
    body = ast.parse(SCRIPT.read_text(encoding="utf-8")).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    return [function.name for function in functions if any(ast.unparse(d) == "check" for d in function.decorator_list)]


@pytest.fixture(scope="session", params=[2, 4], ids=["2 ranks", "4 ranks"])
def results(request, tmp_path_factory, worker_id):
    """What each check gave on each rank. Whichever of pytest's processes comes first launches it for all."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    folder = shared / f"ranks-{request.param}"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir()
            launched = launch(folder, request.param, SCRIPT, folder)
            (folder / "log").write_text(f"{launched}", encoding="utf-8")
            (folder / "returncode").write_text(str(launched.returncode), encoding="utf-8")
    files = [folder / f"rank-{rank}.json" for rank in range(request.param)]
    log = (folder / "log").read_text(encoding="utf-8")

    assert all(file.exists() for file in files), log
    assert (folder / "returncode").read_text(encoding="utf-8") == "0", log
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


@pytest.mark.parametrize("name", names_of_checks())
def test_on_every_rank(results, name):
    assert [rank[name] for rank in results] == ["ok"] * len(results)


@pytest.fixture(scope="module")
def failed_once(tmp_path_factory):
    return launch(tmp_path_factory.mktemp("fail_once"), 3, HERE / "fail_once.py", restarts=1)


def test_failure_of_one_rank_is_named_on_every_rank_and_a_restart_ends_well(failed_once):
    first = "rank 1 failed first, with ZeroDivisionError: the batch was empty"

    assert "RankFailedError: rank 0 waited for the others in vain" in failed_once.err[0]
    assert first in failed_once.err[0]
    assert "ZeroDivisionError: the batch was empty" in failed_once.err[1]
    assert f"RankFailedError: rank 2 was ended by SIGTERM: {first}" in failed_once.err[2]
    assert failed_once.returncode == 0, failed_once
    assert all("restarts 1 steps 3" in out for out in failed_once.out.values())
