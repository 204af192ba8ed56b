"""The tables of the pitfalls, entry by entry: a name that a pitfall knows is asked for by that name alone."""

from __future__ import annotations

import astroid
import pytest

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.trace.program import Program

COLLECTIVES = (
    *("all_gather", "all_gather_into_tensor", "all_gather_object", "all_reduce", "all_to_all", "all_to_all_single"),
    *("barrier", "broadcast", "broadcast_object_list", "gather", "gather_object", "new_group", "reduce"),
    *("reduce_scatter", "reduce_scatter_tensor", "scatter", "scatter_object_list"),
    *("checkpoint.save", "checkpoint.load", "checkpoint.async_save"),
    *("checkpoint.save_state_dict", "checkpoint.load_state_dict"),
)
GROUPS = (
    "torch.distributed.init_process_group('nccl')",
    "model = torch.nn.parallel.DistributedDataParallel(model)",
    "model = torch.distributed.fsdp.FullyShardedDataParallel(model)",
    "torch.distributed.fsdp.fully_shard(model)",
)
CHOOSING = (
    "torch.cuda.set_device(rank)",
    "with torch.cuda.device(rank): pass",
    "torch.accelerator.set_device_index(rank)",
    "torch.set_default_device(rank)",
    "with torch.cuda.device_of(x): pass",
)
NEAR = {
    "LOCALRANK": "LOCAL_RANK",
    "GROUP_RNAK": "GROUP_RANK",
    "ROLE_RANKS": "ROLE_RANK",
    "LOCAL_WORD_SIZE": "LOCAL_WORLD_SIZE",
    "WORLDSIZE": "WORLD_SIZE",
    "ROLE_WORLD_SISE": "ROLE_WORLD_SIZE",
    "MASTER_ADR": "MASTER_ADDR",
    "MASTERPORT": "MASTER_PORT",
    "TORCHELASTIC_RESTART_COUNTS": "TORCHELASTIC_RESTART_COUNT",
    "TORCHELASTIC_MAX_RESTART": "TORCHELASTIC_MAX_RESTARTS",
    "TORCHELASTIC_RUNID": "TORCHELASTIC_RUN_ID",
}
OF_OTHERS = (
    *("NODE_RANK", "GLOBAL_RANK", "WORLD_RANK", "MASTER_IP", "MASTER_HOST", "LOCAL_SIZE", "GLOBAL_SIZE", "NODE_SIZE"),
    *("LOCAL_RANKS", "RANKS", "MASTER_PORTS", "MASTER_ADDRS", "MASTER_ADDRESS", "CROSS_RANK", "CROSS_SIZE"),
    *("RANK", "LOCAL_RANK", "MASTER_ADDR", "RNK", "MASTER_PORT2"),
)
HANDLES = ("buffer", "out_bytes", "stream", "bio", "in_memory")


def said(symbol: str, source: str) -> list[str]:
    """Return what a pitfall says of a file."""
    pitfall = next(one for one in PITFALLS if one.symbol == symbol)
    program = Program(astroid.parse(f"import torch\n{source}\n"), [pitfall])
    return [pitfall.message % finding.details for finding in pitfall.check(program)]


@pytest.mark.parametrize("name", COLLECTIVES)
def test_each_collective_is_one(name: str) -> None:
    source = f"def main(rank, x):\n    if rank == 0:\n        torch.distributed.{name}(x)"

    assert said("collective-under-rank-guard", source)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize(
    ("symbol", "act"), [("every-rank-save", "torch.save(model.state_dict(), 'a.pt')"), ("every-rank-print", "print(1)")]
)
def test_each_way_into_a_group_counts(symbol: str, act: str, group: str) -> None:
    assert said(symbol, f"def main():\n    model = torch.nn.Linear(4, 1)\n    {group}\n    {act}")


@pytest.mark.parametrize("handle", HANDLES)
def test_a_name_of_a_file_in_memory_is_known(handle: str) -> None:
    source = f"def main({handle}):\n    torch.distributed.init_process_group('nccl')\n    torch.save(1, {handle})"

    assert not said("every-rank-save", source)


def test_a_device_that_is_never_chosen_is_the_first() -> None:
    assert said("missing-set-device", _on_nccl("pass"))


@pytest.mark.parametrize("choice", CHOOSING)
def test_each_way_to_choose_a_device_counts(choice: str) -> None:
    assert not said("missing-set-device", _on_nccl(choice))


def _on_nccl(choice: str) -> str:
    lines = (choice, "torch.distributed.init_process_group('nccl')", "torch.nn.Linear(4, 1).cuda()")
    return "def main(rank, x):\n" + "\n".join(f"    {line}" for line in lines)


@pytest.mark.parametrize(("read", "meant"), NEAR.items())
def test_a_misspelt_variable_is_told_by_the_right_one(read: str, meant: str) -> None:
    (message,) = said("misspelt-rank-variable", f"import os\nos.environ[{read!r}]")

    assert f'write os.environ["{meant}"]' in message


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_variable_of_another_launcher_is_not_misspelt(name: str) -> None:
    assert not said("misspelt-rank-variable", f"import os\nos.environ[{name!r}]")


@pytest.mark.parametrize(
    "path",
    [
        "torch.distributed.init_process_group('nccl', rank=here)",
        "torch.utils.data.distributed.DistributedSampler(data, rank=here)",
        "torch.utils.data.DistributedSampler(data, rank=here)",
    ],
)
def test_each_argument_that_is_a_rank_of_the_group_is_known(path: str) -> None:
    assert said(
        "local-rank-as-rank", f"import os\ndef main(data):\n    here = int(os.environ['LOCAL_RANK'])\n    {path}"
    )


@pytest.mark.parametrize("name", ["rank", "global_rank"])
def test_what_is_called_a_rank_may_be_one_of_the_whole_group(name: str) -> None:
    source = f"import os\ndef main():\n    {name} = int(os.environ['LOCAL_RANK'])\n"

    assert not said("local-rank-as-rank", f"{source}    torch.distributed.init_process_group('nccl', rank={name})")


@pytest.mark.parametrize("call", ["torch.nn.DataParallel(model)", "torch.nn.parallel.data_parallel(model, x)"])
def test_each_form_of_data_parallel_is_one(call: str) -> None:
    assert said("data-parallel", f"def main(model, x):\n    return {call}")


@pytest.mark.parametrize("device", ["'cuda:1'", "1"])
def test_each_way_to_name_another_device_counts(device: str) -> None:
    source = f"model = torch.nn.DataParallel(torch.nn.Linear(4, 1).to({device}), device_ids=[0, 1])"

    assert said("data-parallel-device", source)


@pytest.mark.parametrize("device", ["'cuda:0'", "'cuda'", "0", "'cpu'", "True", "device"])
def test_the_first_device_and_an_unknown_one_are_right(device: str) -> None:
    source = (
        f"def main(device):\n    return torch.nn.DataParallel(torch.nn.Linear(4, 1).to({device}), device_ids=[0, 1])"
    )

    assert not said("data-parallel-device", source)


@pytest.mark.parametrize("variable", ["LOCAL_RANK", "RANK"])
def test_a_script_that_reads_a_variable_of_torchrun_knows_it(variable: str) -> None:
    source = (
        "import argparse, os\nparser = argparse.ArgumentParser()\nparser.add_argument('--local_rank')\n"
        f"torch.cuda.set_device(parser.parse_args().local_rank or os.environ[{variable!r}])"
    )

    assert not said("deprecated-launcher", source)


SAVED = (
    "from torch import nn\nmodel = nn.Linear(4, 1)\noptimizer = torch.optim.AdamW(model.parameters())\n"
    "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)\n"
    "torch.save({'scheduler': scheduler.state_dict(), 'optimizer': optimizer.state_dict(), 'epoch': 1}, 'a.pt')\n"
    "def resume():\n    state = torch.load('a.pt')\n"
)


@pytest.mark.parametrize(
    ("load", "back"),
    [
        ("optimizer.load_state_dict(state['optimizer'])", "brings back the optimizer and never what is saved under"),
        ("scheduler.load_state_dict(state['scheduler'])", "brings back the scheduler and never what is saved under"),
        ("print(state['epoch'])\n    optimizer.step()", "brings back the count and never what is saved under"),
    ],
)
def test_a_resume_is_told_what_it_brings_back(load: str, back: str) -> None:
    (message,) = said("incomplete-resume", f"{SAVED}    {load}")

    assert back in message


MAKERS = (
    *("torch.randn(17, 4)", "torch.rand(17, 4)", "torch.zeros(17, 4)", "torch.ones(17, 4)", "torch.empty(17, 4)"),
    *("torch.tensor(x)", "torch.as_tensor(x)", "torch.from_numpy(x)", "torch.Tensor(x)", "torch.FloatTensor(x)"),
    *("torch.LongTensor(x)", "numpy.array(x)", "numpy.asarray(x)", "torch.randn_like(x)", "torch.rand_like(x)"),
    *("torch.zeros_like(x)", "torch.ones_like(x)", "torch.empty_like(x)", "torch.full_like(x, 1.0)"),
    *("torch.randint(9, (17, 4))", "torch.arange(17)"),
)
KEPT = (
    *("to('cpu')", "cuda()", "cpu()", "float()", "double()", "half()", "bfloat16()", "int()", "long()"),
    *("type(torch.float64)", "type_as(x)", "contiguous()", "detach()", "clone()", "pin_memory()", "requires_grad_()"),
)


def trained_on(data: str) -> str:
    """Return a loop over batches of two of some data, through BatchNorm; 17 items leave one for the last batch."""
    return (
        "import numpy\nfrom torch import nn\nfrom torch.utils.data import DataLoader, TensorDataset\n"
        "net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))\nx = torch.ones(17, 4)\n"
        f"for (batch,) in DataLoader(TensorDataset({data}), batch_size=2):\n    net(batch).mean().backward()"
    )


@pytest.mark.parametrize("data", [*MAKERS, *(f"x.{method}" for method in KEPT)])
def test_the_number_of_items_is_known(data: str) -> None:
    assert said("batchnorm-single-sample", trained_on(data))


@pytest.mark.parametrize("data", ["x[:4]", "x.repeat(2, 1)", "torch.cat([x, x])", "torch.randn(16, 4)"])
def test_another_or_an_unknown_number_says_nothing(data: str) -> None:
    assert not said("batchnorm-single-sample", trained_on(data))


@pytest.mark.parametrize(
    ("saved", "name"),
    [("torch.nn.Linear(4, 1)", "model"), ("net", "net"), ("{'net': net}", "net"), ("[net]", "net")],
)
def test_a_module_that_is_saved_is_told_by_its_name(saved: str, name: str) -> None:
    (message,) = said("whole-module-save", f"net = torch.nn.Linear(4, 1)\ntorch.save({saved}, 'a.pt')")

    assert f"write {name}.state_dict()" in message
