"""What a pitfall sees only by reading a file and the one that it imports: it shows where the file calls the other."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import astroid
import pytest

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.trace import neighbours, project
from pylint_torchcheck.trace.program import Program

OBJECTS = """\
import torch
from torch import nn
from helpers import act
model = nn.Linear(4, 1)
optimizer = torch.optim.AdamW(model.parameters())
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer)
scaler = torch.amp.GradScaler("cuda")
batches = torch.randn(8, 16, 4)
"""
CASES = {
    "backward-in-autocast": (
        "import torch\ndef act():\n    return torch.autocast('cuda')",
        "with act():\n    model(batches[0]).mean().backward()",
    ),
    "half-module-with-autocast": (
        "def act(loss):\n    loss.backward()",
        "model.half()\nwith torch.autocast('cuda'):\n    loss = model(batches[0]).mean()\nact(loss)",
    ),
    "scheduler-on-skipped-step": (
        "def act(loss, optimizer, scaler):\n    scaler.scale(loss).backward()\n    scaler.step(optimizer)\n"
        "    scaler.update()",
        "for batch in batches:\n    act(model(batch).mean(), optimizer, scaler)\n    scheduler.step()",
    ),
    "autocast-outside-replica": (
        "import torch\ndef act():\n    return torch.autocast('cuda', dtype=torch.bfloat16)",
        "net = nn.DataParallel(model)\nwith act():\n    net(batches[0])",
    ),
    "bypassed-ddp": (
        "def act(loss):\n    loss.backward()",
        "ddp = torch.nn.parallel.DistributedDataParallel(model)\nact(ddp.module(batches[0]).mean())",
    ),
    "missing-no-sync": (
        "def act(loss):\n    loss.backward()",
        "ddp = torch.nn.parallel.DistributedDataParallel(model)\nfor index, batch in enumerate(batches):\n"
        "    act(ddp(batch).mean())\n    if index % 4 == 3:\n        optimizer.step()",
    ),
    "missing-distributed-sampler": (
        "def act(loss):\n    loss.backward()",
        "ddp = torch.nn.parallel.DistributedDataParallel(model)\n"
        "data = torch.utils.data.TensorDataset(batches)\n"
        "for batch in torch.utils.data.DataLoader(data):\n    act(ddp(batch).mean())",
    ),
    "collective-under-rank-guard": (
        "import torch\ndef act():\n    return torch.distributed.get_rank() == 0",
        "if act():\n    torch.distributed.barrier()",
    ),
    "every-rank-save": (
        "import torch\ndef act():\n    torch.distributed.init_process_group('nccl')",
        "act()\ntorch.save(model.state_dict(), 'a.pt')",
    ),
    "every-rank-print": (
        "import torch\ndef act():\n    torch.distributed.init_process_group('nccl')",
        "act()\nprint(1)",
    ),
    "aliased-state-dict": (
        "def act(optimizer):\n    optimizer.step()",
        "best = model.state_dict()\nact(optimizer)\nmodel.load_state_dict(best)",
    ),
    "half-precision-checkpoint": (
        "def act(model):\n    model.half()",
        "import copy\nnet = copy.deepcopy(model)\nact(net)\n"
        "torch.save({'model': net.state_dict(), 'optimizer': optimizer.state_dict()}, 'a.pt')",
    ),
    "incomplete-checkpoint": (
        "def act(scheduler):\n    scheduler.step()",
        "optimizer.step()\nact(scheduler)\n"
        "torch.save({'model': model.state_dict(), 'optimizer': optimizer.state_dict()}, 'a.pt')",
    ),
    "incomplete-resume": (
        "import torch\ndef act(state):\n    torch.save(state, 'a.pt')",
        "act({'optimizer': optimizer.state_dict(), 'scheduler': scheduler.state_dict()})\n"
        "state = torch.load('a.pt')\noptimizer.load_state_dict(state['optimizer'])",
    ),
    "model-moved-to-save": (
        "import torch\ndef act(model):\n    torch.save(model.cpu().state_dict(), 'a.pt')",
        "for batch in batches:\n    model(batch).mean().backward()\n    optimizer.step()\n    act(model)",
    ),
    "overwritten-checkpoint": (
        "def act(model):\n    return model.state_dict()",
        "for batch in batches:\n    torch.save(act(model), 'a.pt')",
    ),
    "reseeded-resume": (
        "import torch\ndef act():\n    torch.manual_seed(0)",
        "optimizer.load_state_dict(torch.load('a.pt'))\nact()\noptimizer.step()",
    ),
    "whole-module-save": ("import torch\ndef act(state):\n    torch.save(state, 'a.pt')", "act(model)"),
    "wrapped-state-dict": (
        "import torch\ndef act(state):\n    torch.save(state, 'a.pt')",
        "net = nn.DataParallel(model)\nact(net.state_dict())",
    ),
}
CROSSING = {
    pitfall.symbol
    for pitfall in PITFALLS
    if pitfall.crosses_files and pitfall.family in {"amp", "checkpoints", "parallel"}
}


@pytest.fixture(autouse=True)
def fresh_knowledge() -> None:
    neighbours.forget()
    project.forget()


def found_in(folder: Path, helpers: str, source: str, symbol: str) -> bool:
    """Read a file beside its helpers, as if this pitfall alone were asked for; is it found?"""
    (folder / "helpers.py").write_text(helpers)
    pitfall = next(one for one in PITFALLS if one.symbol == symbol)
    tree = astroid.parse(OBJECTS + dedent(source), path=str(folder / "train.py"), module_name="train")
    return any(True for _ in pitfall.check(Program(tree, [pitfall])))


def test_each_pitfall_that_crosses_files_has_a_case() -> None:
    assert set(CASES) == CROSSING


@pytest.mark.parametrize("symbol", sorted(CASES))
def test_two_files_show_it_together(tmp_path: Path, symbol: str) -> None:
    helpers, source = CASES[symbol]

    assert found_in(tmp_path, helpers, source, symbol)


@pytest.mark.parametrize("symbol", sorted(CASES))
def test_neither_shows_it_where_the_helper_does_nothing(tmp_path: Path, symbol: str) -> None:
    _, source = CASES[symbol]

    assert not found_in(tmp_path, "def act(*given):\n    return 0", source, symbol)
