"""What the pitfalls say, and whether they speak, for the releases of torch that a project declares."""

from __future__ import annotations

from pathlib import Path

import astroid
import pytest

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.trace import requirements
from pylint_torchcheck.trace.program import Program

LOAD = "import torch\nmodel = torch.load('model.pt')\nmodel.eval()\n"
TOLD = LOAD.replace("'model.pt'", "'model.pt', weights_only=False")
AUTOCAST = "import torch\nwith torch.cuda.amp.autocast():\n    pass\n"
SCALER = "import torch\nscaler = torch.cuda.amp.GradScaler()\n"
APEX = "from apex import amp\nimport torch\nmodel, optimizer = amp.initialize(model, optimizer)\n"
LAUNCH = (
    "import argparse\nimport torch\nparser = argparse.ArgumentParser()\nparser.add_argument('--local_rank', type=int)\n"
    "torch.cuda.set_device(parser.parse_args().local_rank)\n"
)
BOTH_SPELLINGS = LAUNCH.replace("'--local_rank'", "'--local-rank', '--local_rank'")
COUNT = "import torch\nweights = torch.load('model.pt')\ndel weights['bn.num_batches_tracked']\n"
REPLICAS = """
import torch
from torch import nn
model = nn.DataParallel(nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with {autocast}:
    loss = model(torch.ones(2, 4)).mean()
loss.backward()
"""
FLOAT16 = REPLICAS.format(autocast="torch.cuda.amp.autocast()")
BFLOAT16 = REPLICAS.format(autocast="torch.autocast('cuda', dtype=torch.bfloat16)")
SCHEDULE = """
import torch
from torch import nn
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
for epoch in range(9):
    scheduler.step()
    optimizer.zero_grad()
    model(torch.ones(2, 4)).mean().backward()
    optimizer.step()
"""
VARIABLE = "import torch\nfrom torch.autograd import Variable\nx = Variable(torch.ones(2))\n"
INDEXED = (
    "import torch\nfrom torch import nn\nloss = nn.functional.mse_loss(torch.ones(2), torch.ones(2))\nloss.data[0]\n"
)

UNKNOWN = ""  # declares nothing


@pytest.fixture(autouse=True)
def fresh_knowledge() -> None:
    requirements.forget()


def said(folder: Path, code: str, symbol: str) -> list[str]:
    """Return what a pitfall says of a file of a project in this folder."""
    pitfall = next(one for one in PITFALLS if one.symbol == symbol)
    program = Program(astroid.parse(code, path=str(folder / "train.py")))
    return [pitfall.message % finding.details for finding in pitfall.check(program)]


def declare(folder: Path, specifier: str) -> None:
    if specifier:
        (folder / "pyproject.toml").write_text(f'[project]\ndependencies = ["numpy", "torch{specifier}"]\n')


@pytest.mark.parametrize(
    ("symbol", "code", "specifier"),
    [
        ("unsafe-load", LOAD, ">=2.5"),
        ("unsafe-load", LOAD, ">=1.8"),
        ("unsafe-load", LOAD, "<2.6"),
        ("unsafe-load", TOLD, ">=2.6"),
        ("unsafe-load", TOLD, UNKNOWN),
        ("deprecated-cuda-amp", AUTOCAST, ">=2.4"),
        ("deprecated-cuda-amp", AUTOCAST, ">=1.6"),
        ("deprecated-cuda-amp", AUTOCAST, UNKNOWN),
        ("deprecated-cuda-amp", SCALER, "==2.4.*"),
        ("deprecated-cuda-amp", SCALER, "~=2.3"),
        ("deprecated-cuda-amp", APEX, "<1.6"),
        ("autocast-outside-replica", FLOAT16, "==1.6.0"),
        ("autocast-outside-replica", BFLOAT16, ">=2.0"),
        ("autocast-outside-replica", BFLOAT16, UNKNOWN),
        ("deprecated-launcher", LAUNCH, ">=1.9"),
        ("deprecated-launcher", LAUNCH, "<=1.9"),
        ("deprecated-launcher", LAUNCH, UNKNOWN),
        ("batch-count-key", COUNT, ">=0.4.1"),
        ("scheduler-before-optimizer", SCHEDULE, ">=1.0"),
        ("scheduler-before-optimizer", SCHEDULE, "==1.1"),
        ("obsolete-variable", VARIABLE, ">=0.3"),
        ("indexed-loss-data", INDEXED, "==0.4.1"),
    ],
)
def test_speaks_where_a_declared_release_has_the_pitfall(
    tmp_path: Path, symbol: str, code: str, specifier: str
) -> None:
    declare(tmp_path, specifier)

    assert said(tmp_path, code, symbol)


@pytest.mark.parametrize(
    ("symbol", "code", "specifier"),
    [
        ("unsafe-load", LOAD, ">=2.6"),
        ("unsafe-load", LOAD, "<1.13"),  # that knows no better
        ("unsafe-load", LOAD, UNKNOWN),
        ("deprecated-cuda-amp", AUTOCAST, "<2.4"),
        ("deprecated-cuda-amp", SCALER, "==2.3.1"),
        ("autocast-outside-replica", FLOAT16, ">=1.7"),
        ("autocast-outside-replica", FLOAT16, UNKNOWN),
        ("deprecated-launcher", LAUNCH, "<1.9"),
        ("batch-count-key", COUNT, "==0.4.0"),
        ("scheduler-before-optimizer", SCHEDULE, "<1.1"),
        ("obsolete-variable", VARIABLE, "==0.3.1"),
        ("indexed-loss-data", INDEXED, "<0.4"),
    ],
)
def test_is_silent_where_no_declared_release_has_it(tmp_path: Path, symbol: str, code: str, specifier: str) -> None:
    declare(tmp_path, specifier)

    assert not said(tmp_path, code, symbol)


@pytest.mark.parametrize(
    ("symbol", "code", "specifier", "part"),
    [
        ("unsafe-load", LOAD, ">=2.0,<2.5", "with torch before 2.6, which this project allows (>=2.0,<2.5)"),
        ("unsafe-load", TOLD, ">=1.12", "weights_only=True), which torch has since 1.13, or call"),
        ("unsafe-load", TOLD, ">=1.13", "weights_only=True), or call"),
        ("deprecated-cuda-amp", AUTOCAST, ">=1.8", 'write torch.autocast("cuda"), which torch has since 1.10'),
        ("deprecated-cuda-amp", AUTOCAST, ">=1.10", 'write torch.autocast("cuda"), or call'),
        ("deprecated-cuda-amp", SCALER, ">=1.10", 'write torch.amp.GradScaler("cuda"), which torch has since 2.3'),
        ("autocast-outside-replica", FLOAT16, "<1.7", "autocast does not reach before torch 1.7"),
        ("autocast-outside-replica", BFLOAT16, ">=1.10", "compute in float16 and not in bfloat16"),
        ("deprecated-launcher", LAUNCH, ">=1.9", "deprecated since torch 1.9 and spelling it --local-rank since 2.0"),
        ("deprecated-launcher", LAUNCH, "<2.0", "deprecated since torch 1.9, while torchrun sets"),
        ("deprecated-launcher", LAUNCH, "==1.9.1", "while torch.distributed.run sets"),
        ("deprecated-launcher", BOTH_SPELLINGS, ">=2.0", "deprecated since torch 1.9, while torchrun sets"),
        ("indexed-loss-data", INDEXED, "<1.0", "raises an IndexError from torch 1.0 on"),
        ("indexed-loss-data", INDEXED, ">=1.0", "raises an IndexError; write"),
    ],
)
def test_says_what_holds_for_the_declared_releases(
    tmp_path: Path, symbol: str, code: str, specifier: str, part: str
) -> None:
    declare(tmp_path, specifier)

    (message,) = said(tmp_path, code, symbol)
    assert part in message


def test_no_more_is_said_than_the_declared_releases_need(tmp_path: Path) -> None:
    declare(tmp_path, ">=1.10")

    (message,) = said(tmp_path, AUTOCAST, "deprecated-cuda-amp")
    assert "has since" not in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "torch==2.6.0\n"),
        ("requirements.txt", "torch==2.6.0+cu124 ; sys_platform == 'linux' --hash=sha256:0\n"),
        ("requirements-gpu.txt", "torch[opt-einsum]>=2.6,<3  # pinned by hand\n"),
        ("requirements.txt", "torch==2.6.0 ; python_version < '3.10'\ntorch==2.7.1 ; python_version >= '3.10'\n"),
        ("pyproject.toml", "[project]\ndependencies = [\"torch >=2.6 ; python_version > '3.9'\"]\n"),
        ("pyproject.toml", '[dependency-groups]\ntrain = ["torch>=2.6", {include-group = "test"}]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.10"\ntorch = "^2.6"\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = {version = "~2.6.1", extras = ["opt-einsum"]}\n'),
        ("pyproject.toml", '[tool.poetry.group.train.dependencies]\ntorch = "2.6.0"\n'),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\ntorch = [{version = "2.6.0", python = "<3.10"}, {version = "^2.7"}]\n',
        ),
        ("setup.cfg", "[options]\ninstall_requires =\n    torch>=2.6\n"),
    ],
)
def test_each_way_to_declare_that_loads_are_safe_is_understood(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    assert not said(tmp_path, LOAD, "unsafe-load")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "torch==2.5.1\n"),
        ("requirements.txt", "torch==2.5.1 ; python_version < '3.10'\ntorch==2.7.1 ; python_version >= '3.10'\n"),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = "^2.5"\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = {version = "1.13.1", optional = true}\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = [{version = "2.5.0"}, {version = "2.6.0"}]\n'),
    ],
)
def test_each_way_to_declare_that_they_are_not_is_understood(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    assert said(tmp_path, LOAD, "unsafe-load")


@pytest.mark.parametrize(
    "text",
    ['[tool.poetry]\ndependencies = "torch"\n', "[tool]\npoetry = 1\n", '[tool.poetry.dependencies]\ntorch = "*"\n'],
)
def test_a_table_of_poetry_that_names_no_release_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    assert not said(tmp_path, LOAD, "unsafe-load")
