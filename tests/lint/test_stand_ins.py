"""Pylint's own messages about torch, where outlines stand in for torch's sources.

Most tests give Pylint a package that looks like an installed torch and holds next to nothing: what is known comes from
the outline then. They need no torch, and see whether its sources were read.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from pylint_torchcheck import stand_ins

ROOT = Path(__file__).parents[2]
with zipfile.ZipFile(stand_ins.STUBS) as stubs:
    VERSIONS = json.loads(stubs.read("versions.json"))

Found = list[tuple[str, int, str]]  # file, line, symbol

PROGRAM = """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.data import DataLoadr  # [no-name-in-module]

x = torch.zeros(3, requires_grad=True)
print(x.requires_grad, x.shape, x.view(1, 3).T, F.relu(x).grad, len(x), x[0], -x, x + 1, torch.float32.itemsize)
print(torch.cuda.is_available(), torch.backends.cudnn.benchmark, torch.ops.aten, torch.multiprocessing.spawn(print))
print(torch.autograd.Variable(x).data[0], torch.FloatTensor(3).data, torch.cuda.FloatTensor(3).data)
torch.zerros(3)  # [no-member]
torch.nn.functional.rellu(x)  # [no-member]
torch.optim.Addam([x])  # [no-member]
print(x.reqires_grad)  # [no-member]
print(x.view(3).shpe)  # [no-member]
print(F.relu(x).shpe)  # [no-member]
print(F.relu(print).shape)
nn.Linear(2, 2, biass=False)  # [unexpected-keyword-arg]
torch.manual_seed(0, 1)  # [too-many-function-args]


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs):
        ctx.save_for_backward(inputs)
        return 2 * inputs

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.BatchNorm1d(3)
        self.register_buffer("table", None)

    def features(self, inputs):
        first, second = self.layer(inputs)
        return self.table[0] + self.layer.running_mean[0] + first.anything + second


class Forgetful(nn.Module):
    def __init__(self):  # [super-init-not-called]
        self.one = 1


class Digits(Dataset):  # [abstract-method]
    def __len__(self):
        return 3


net = Base().to("cpu").train()
net.features(x, x)  # [too-many-function-args]
net.whatever()
for batch in DataLoader(Digits()):
    print(batch.anything)
"""
SYMBOLS = """
no-member no-name-in-module unexpected-keyword-arg too-many-function-args abstract-method arguments-differ
arguments-renamed super-init-not-called not-callable unsubscriptable-object unpacking-non-sequence not-an-iterable
invalid-unary-operand-type unsupported-assignment-operation import-error fatal astroid-error
""".split()


def pylint(*arguments: object, path: Path, flags: tuple[str, ...] = ()) -> Found:
    """Run Pylint with the plugin; ``path`` is searched for modules before the installed ones."""
    command = [sys.executable, *flags, "-m", "pylint", f"--rcfile={os.devnull}", "--persistent=n", "--disable=all"]
    command += [f"--enable={','.join(SYMBOLS)}", "--output-format=json2", *map(str, arguments)]
    if not any("load-plugins" in argument for argument in command):
        command.append("--load-plugins=pylint_torchcheck")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=path)
    assert "Traceback" not in result.stderr
    messages = json.loads(result.stdout)["messages"]
    return sorted((Path(each["path"]).name, each["line"], each["symbol"]) for each in messages)


def marked(path: Path) -> Found:
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return [(path.name, number, found[1]) for number, line in lines if (found := re.search(r"# \[([a-z-]+)\]", line))]


def install(folder: Path, version: str, **modules: str) -> Path:
    """Make a torch that has nothing but a version, and what is given."""
    package = folder / "torch"
    package.mkdir(parents=True)
    package.joinpath("version.py").write_text(f"__version__ = '{version}+cpu'\n", encoding="utf-8")
    package.joinpath("__init__.py").write_text("", encoding="utf-8")
    for name, source in modules.items():
        package.joinpath(f"{name}.py").write_text(source, encoding="utf-8")
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """Where the release lies that the outlines were made from."""
    return install(tmp_path / "installed", VERSIONS["torch"])


def test_pylint_knows_torch_from_its_outline(program: Path, known: Path):
    assert pylint(program, path=known) == marked(program)


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_pylint_knows_the_installed_torch_from_its_outline(program: Path, tmp_path: Path):
    torch = importlib.import_module("torch")
    if not is_known(torch.__version__):
        pytest.skip("the outlines were made from another release")

    assert pylint(program, path=tmp_path) == marked(program)


def test_two_processes_say_the_same(program: Path, known: Path):
    program.with_name("copy.py").write_text(PROGRAM, encoding="utf-8")

    found = pylint("-j2", program, program.with_name("copy.py"), path=known)

    assert found == sorted([*marked(program.with_name("copy.py")), *marked(program)])


def test_option_lets_pylint_read_the_sources(tmp_path: Path):
    installed = install(tmp_path / "installed", VERSIONS["torch"], cuda="only_here = 1\n")
    path = tmp_path / "program.py"
    path.write_text("import torch.cuda as c\nprint(c.only_here)\nprint(c.is_available)\n", encoding="utf-8")

    assert pylint(path, path=installed) == [("program.py", 2, "no-member")]
    assert pylint("--torch-stand-ins=no", path, path=installed) == [("program.py", 3, "no-member")]


def test_option_stands_in_the_configuration_file(tmp_path: Path):
    installed = install(tmp_path / "installed", VERSIONS["torch"], cuda="only_here = 1\n")
    path = tmp_path / "program.py"
    path.write_text("import torch.cuda\nprint(torch.cuda.only_here)\n", encoding="utf-8")
    configuration = tmp_path / "pyproject.toml"
    configuration.write_text("[tool.pylint.torchcheck]\ntorch-stand-ins = false\n", encoding="utf-8")

    assert pylint(f"--rcfile={configuration}", path, path=installed) == []


def test_sources_of_another_release_are_read(tmp_path: Path):
    installed = install(tmp_path / "installed", "2.4.1", cuda="only_here = 1\n")
    path = tmp_path / "program.py"
    path.write_text("import torch.cuda as c\nprint(c.only_here)\nprint(c.is_available)\n", encoding="utf-8")

    assert pylint(path, path=installed) == [("program.py", 3, "no-member")]


def test_user_module_named_torch_is_read(tmp_path: Path):
    folder = tmp_path / "project"
    folder.mkdir()
    folder.joinpath("torch.py").write_text("flame = 1\n", encoding="utf-8")
    path = folder / "program.py"
    path.write_text("import torch\nprint(torch.flame)\nprint(torch.zeros)\n", encoding="utf-8")

    assert pylint(path, path=folder) == [("program.py", 3, "no-member")]


def test_without_torch_its_import_is_an_error(program: Path, tmp_path: Path):
    packages = tmp_path / "packages"
    packages.mkdir()
    for installed in Path(sysconfig.get_path("purelib")).iterdir():
        if not installed.name.startswith(("torch", "__editable__")) and installed.suffix != ".pth":
            (packages / installed.name).symlink_to(installed)

    found = pylint(program, path=packages, flags=("-S",))

    assert ("program.py", 1, "import-error") in found
    assert found == pylint("--torch-stand-ins=no", program, path=packages, flags=("-S",))
    assert found == pylint("--load-plugins=", program, path=packages, flags=("-S",))


def is_known(version: str) -> bool:
    return version.split(".")[:2] == VERSIONS["torch"].split(".")[:2]


def bound(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.ImportFrom(names=names) | ast.Import(names=names):
                yield from (each.asname or each.name for each in names)


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_outlines_hold_every_name_of_the_installed_torch():
    torch = importlib.import_module("torch")
    if not is_known(torch.__version__):
        pytest.skip("the outlines were made from another release")
    missing = []
    with zipfile.ZipFile(stand_ins.STUBS) as archive:
        for path in archive.namelist():
            name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            if not path.startswith("torch/") or name not in sys.modules:
                continue
            module = sys.modules[name]
            names = set(bound(ast.parse(archive.read(path)).body))
            missing += [
                f"{name}.{each}"
                for each, value in vars(module).items()
                if not each.startswith("_") and each not in names and not isinstance(value, ModuleType)
            ]

    assert missing == []


def test_linting_imports_no_torch(program: Path, known: Path):
    known.joinpath("torch", "__init__.py").write_text("raise AssertionError('imported')\n", encoding="utf-8")

    assert pylint(program, path=known) == marked(program)
