"""Which ranks of a process group come to a call, and what is made of a rank."""

from __future__ import annotations

import pytest
from reading import program_of

from pylint_torchcheck.trace.callsites import CallSite

MAIN = """
import os
from pathlib import Path
import torch.distributed as dist
from somewhere import comm, is_main_process, rank_zero_only

def main(rank, args, x):
    {body}

def here(*args): pass
"""
FIRST_RANK = (
    "rank == 0",
    "0 == rank",
    "rank < 1",
    "rank <= 0",
    "not rank",
    "args.local_rank in [-1, 0]",
    "args.local_rank in (-1, 0)",
    "dist.get_rank() == 0 and x > 3",
    "comm.get_rank() == 0",
    "is_main_process()",
    "comm.is_master()",
    "args.is_primary_rank",
    "not args.distributed or rank == 0",
    "not args.distributed or (args.distributed and args.rank % 8 == 0)",
    "int(os.environ['RANK']) == 0",
    "int(os.getenv('LOCAL_RANK', '0')) == 0",
    "not (rank != 0)",
)


def site_in(body: str, name: str = "here") -> CallSite:
    """Return the one call of ``here`` in a function."""
    (site,) = [site for site in calls_in(body) if site.method == name]
    return site


def calls_in(body: str) -> list[CallSite]:
    program = program_of(MAIN.replace("{body}", body.replace("\n", "\n    ")), "import torch\n")
    return [site for site in program._callsites if not site.receivers]


def ranks_in(body: str) -> set[str]:
    return {ranks.name for ranks in site_in(body).ranks}


class TestConditions:
    @pytest.mark.parametrize("condition", FIRST_RANK)
    def test_one_rank_goes_on(self, condition: str) -> None:
        assert ranks_in(f"if {condition}:\n    here()") == {"FIRST"}

    @pytest.mark.parametrize("condition", [one for one in FIRST_RANK if " and x" not in one])
    def test_the_others_go_on_otherwise(self, condition: str) -> None:
        assert ranks_in(f"if {condition}:\n    pass\nelse:\n    here()") == {"OTHERS"}

    @pytest.mark.parametrize("condition", ["x > 3", "args.epochs == 0", "args.distributed", "args.world_size > 1"])
    def test_every_rank_goes_on(self, condition: str) -> None:
        assert ranks_in(f"if {condition}:\n    here()") == {"EVERY"}

    @pytest.mark.parametrize(
        "condition",
        [
            *("rank == x", "rank in [0, 4]", "rank == 0 or x", "args.master == 0", "args.main == 0", "args.chief == 0"),
            *("args.primary == 0", "args.leader == 0", "args.root == 0", "args.host == 0", "args.node == 0"),
            *("args.gpu == 0", "args.device == 0", "args.proc == 0", "args.process == 0", "args.coordinator == 0"),
        ],
    )
    def test_some_ranks_go_on(self, condition: str) -> None:
        assert ranks_in(f"if {condition}:\n    here()") == {"SOME"}

    @pytest.mark.parametrize(
        "condition",
        [
            *("args.distributed", "dist.is_initialized()", "rank != -1", "rank >= 0", "args.world_size > 1"),
            *("world_size != 1", "args.n_gpu >= 2", "torch.cuda.device_count() > 1", "num_processes > 1"),
        ],
    )
    def test_without_a_group_nobody_does(self, condition: str) -> None:
        assert ranks_in(f"if {condition}:\n    pass\nelse:\n    here()") == {"ALONE"}

    @pytest.mark.parametrize("condition", ["args.world_size == 1", "args.world_size <= 1", "args.world_size < 2"])
    def test_a_single_process_goes_on(self, condition: str) -> None:
        assert ranks_in(f"if {condition}:\n    here()") == {"ALONE"}

    def test_a_name_of_two_conditions_says_little(self) -> None:
        assert ranks_in("first = rank == 0\nif x:\n    first = rank != 0\nif first:\n    here()") == {"SOME"}

    def test_only_the_first_rank_passes_an_assertion(self) -> None:
        assert ranks_in("assert rank == 0\nhere()") == {"FIRST"}

    def test_an_assertion_of_something_else_picks_none(self) -> None:
        assert ranks_in("assert x > 3\nhere()") == {"EVERY"}

    @pytest.mark.parametrize("condition", ["log", "log is not None", "log != None", "not (log is None)", "log and x"])
    def test_what_only_the_first_rank_has_made_is_there_on_that_one(self, condition: str) -> None:
        assert ranks_in(f"log = None\nif rank == 0:\n    log = x()\nif {condition}:\n    here()") == {"FIRST"}

    def test_where_it_is_not_there_the_others_go_on(self) -> None:
        assert ranks_in("log = x() if rank == 0 else None\nif log is None:\n    here()") == {"OTHERS"}

    def test_what_nobody_has_tells_nothing(self) -> None:
        assert ranks_in("log = None\nif log is None:\n    here()") == {"EVERY"}

    def test_what_the_others_have_too_tells_nothing(self) -> None:
        body = "log = None\nif rank == 0:\n    log = x()\nelse:\n    log = x(1)\nif log is not None:\n    here()"

        assert ranks_in(body) == {"EVERY"}

    def test_a_condition_may_have_a_name(self) -> None:
        assert ranks_in("first = rank == 0\nif first and x:\n    here()") == {"FIRST"}

    def test_all_ranks_meet_behind_a_condition(self) -> None:
        assert ranks_in("if rank == 0:\n    pass\nhere()") == {"EVERY"}

    def test_the_others_have_returned(self) -> None:
        assert ranks_in("if rank != 0:\n    return\nhere()") == {"FIRST"}

    def test_the_others_go_on_with_the_loop(self) -> None:
        assert ranks_in("for _ in x:\n    if rank != 0:\n        continue\n    here()") == {"FIRST"}

    def test_a_function_comes_back_to_its_caller(self) -> None:
        body = "def save():\n    if rank != 0:\n        return\n    print(x)\nsave()\nhere()"

        assert ranks_in(body) == {"EVERY"}

    def test_a_call_passes_the_condition_on(self) -> None:
        assert ranks_in("def save():\n    here()\nif rank == 0:\n    save()") == {"FIRST"}

    def test_a_decorator_picks_the_first_rank(self) -> None:
        assert ranks_in("@rank_zero_only\ndef save():\n    here()\nsave()") == {"FIRST"}


class TestGroups:
    def test_a_group_is_joined_by_a_call(self) -> None:
        assert site_in("dist.init_process_group('gloo')\nhere()").ranks_in_group

    def test_a_group_may_have_been_joined(self) -> None:
        assert site_in("if args.distributed:\n    dist.init_process_group('gloo')\nhere()").ranks_in_group

    def test_before_that_there_is_none(self) -> None:
        assert not site_in("here()\ndist.init_process_group('gloo')").ranks_in_group


class TestRanks:
    @pytest.mark.parametrize(
        "text",
        [
            "rank",
            "args.local_rank",
            "f'model_{rank}.pt'",
            "'model_%d.pt' % rank",
            "'model_{}.pt'.format(rank)",
            "os.path.join('runs', str(dist.get_rank()))",
            "os.environ['RANK']",
            "Path('runs').joinpath(str(rank))",
            "comm.get_local_rank()",
        ],
    )
    def test_what_is_made_of_a_rank_is_known(self, text: str) -> None:
        program = program_of(MAIN.replace("{body}", f"here({text})"), "import torch\n")
        (site,) = [site for site in program._callsites if site.method == "here"]

        assert program.rests_on_rank(site.argument_values())

    @pytest.mark.parametrize(
        "text", ["x", "args.lora_rank", "torch.linalg.matrix_rank(x)", "f'model_{x}.pt'", "'rank'"]
    )
    def test_other_things_are_none(self, text: str) -> None:
        program = program_of(MAIN.replace("{body}", f"here({text})"), "import torch\n")
        (site,) = [site for site in program._callsites if site.method == "here"]

        assert not program.rests_on_rank(site.argument_values())
