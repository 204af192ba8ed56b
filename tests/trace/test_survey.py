"""What is left out of the reading: nothing that holds a pitfall, and nearly everything else."""

from __future__ import annotations

import re
import time
from pathlib import Path
from textwrap import dedent

import astroid
import pytest
from astroid.builder import AstroidBuilder
from astroid.manager import AstroidManager

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.trace import neighbours, project
from pylint_torchcheck.trace.program import Program
from pylint_torchcheck.trace.words import clues_in, code_of, words_in

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("docs/pitfalls/*/*.py"), *ROOT.glob("tests/fixtures/*/*.py"), *ROOT.glob("tests/projects/*/*.py")]
SOURCES = [path for path in SOURCES if path.name != "broken.py"]


def lines_found(program: Program) -> list[tuple[str, int]]:
    findings = ((pitfall.symbol, finding) for pitfall in PITFALLS for finding in pitfall.check(program))
    return sorted((symbol, finding.place.node.lineno) for symbol, finding in findings)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_is_lost(path: Path) -> None:
    tree = astroid.MANAGER.ast_from_file(str(path), path.stem, source=True)

    assert lines_found(Program(tree, PITFALLS)) == lines_found(Program(tree))


def test_file_that_is_gone_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "gone.py"
    path.write_text("import torch\n\ntorch.load('a', strict=False)\n", encoding="utf-8")
    tree = AstroidBuilder(AstroidManager(), apply_transforms=False).file_build(str(path), "gone")
    tree.file_bytes = None
    path.unlink()

    assert ("strict-in-torch-load", 3) in lines_found(Program(tree, PITFALLS))


def is_read(source: str) -> bool:
    program = Program(astroid.parse("import torch\nfrom torch import nn\n" + dedent(source)), PITFALLS)
    return bool(program.traces)


NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x).to(x.device)
"""


class TestReading:
    def test_modules_alone_are_not_read(self) -> None:
        assert not is_read(NET)

    def test_comments_and_strings_do_not_matter(self) -> None:
        words = '# optimizer.step(); loss.backward(); x.to(device)\nHELP = "x.cuda(); torch.load"\n'

        assert not is_read(NET + words)

    def test_arguments_of_that_name_do_not_matter(self) -> None:
        assert not is_read("def train(options):\n    return dict(backward=1, step=2, load=options)\n")

    @pytest.mark.parametrize(
        "source",
        [
            "import json\ndef restore(file):\n    return json.load(file)\n",
            "def restore(self, path):\n    return self.store.load(path)\n",
            "def restore(load, path):\n    return load(path)\n",
            "import torch.distributed as dist\ndef shrink(x, rank):\n    return x.reduce(rank)\n",
            "import torch.distributed as dist\ndef shrink(x):\n    return dist.all_reduce(x)\n",
            "class Wide(nn.Linear):\n    def forward(self, x):\n        return super().forward(x)\n",
        ],
    )
    def test_what_only_looks_like_it_is_not_read(self, source: str) -> None:
        assert not is_read(source)

    @pytest.mark.parametrize(
        "source",
        [
            "def restore(path):\n    return torch.load(path)\n",
            "import torch as th\ndef restore(path):\n    return th.load(path)\n",
            "from torch import (\n    nn,\n    load,\n)\ndef restore(path):\n    return load(path)\n",
            "from torch import *\ndef restore(path):\n    return load(path)\n",
            "try:\n    from torch import load\nexcept ImportError:\n    from json import load\n"
            "def restore(path):\n    return load(path)\n",
            "def restore(path):\n    return getattr(torch, 'load')(path)\n",
            "tools = torch.serialization\ndef restore(path):\n    return tools.load(path)\n",
            "from .way import tools\ndef restore(path):\n    return tools.load(path)\n",
            "from torch import distributed as d\ndef wait(rank):\n    if rank == 0:\n        d.barrier()\n",
            "from torch import load as read\ndef restore(path):\n    return read(path)\n",
            "restore = torch.load\ndef again(path):\n    return restore(path)\n",
            "def move(x):\n    if x is not None:\n        x.cuda()\n",
            "class Keeper:\n    def __init__(self, path):\n        self.weights = torch.load(path)\n",
        ],
    )
    def test_what_may_hold_a_pitfall_is_read(self, source: str) -> None:
        assert is_read(source)


# Across files: whatever way leads from one to the other, and however the files are written

STEP = """\
import torch

def go(model, optimizer, x):
    loss = model(x).mean()
    loss.backward()
    optimizer.step()
"""
THINGS = """\
import torch
from torch import nn

model = nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
MAIN = """\
import torch
{}

def main(batches):
    for batch in batches:
        {}(model, optimizer, batch)

from things import model, optimizer
main([])
"""
ALIKE = {  # what the imported file `way` holds
    "names": "from step import go\n",
    "stars": "from step import *\n",
    "decorators": "from step import go as other\n"
    "def by(f):\n    def inner(*a):\n        other(*a)\n    return inner\n\n"
    "@by\ndef go(a, b, c):\n    pass\n",
    "lines that go on": "from step import clear, \\\n    go\n",
    "text at the margin": "from step import go as other\ndef go(a, b, c):\n"
    '    print(f"""\nusage {a}\n""")\n    other(a, b, c)\n',
    "form feeds": "from step import go as other\n\fdef go(a, b, c):\n    other(a, b, c)\n",
    "brackets": "from step import go as other\ngo = (\nother\n)\n",
    "several targets": "from step import go as other\n(go, one) = other, 1\n",
    "one line": "try: from step import go\nexcept ImportError: pass\n",
    "semicolons": "import os; from step import go\n",
    "no space": "from step import(go)\n",
    "a mark of order": "\ufefffrom step import go\n",
    "its own encoding": "# coding: latin-1\n# \xe9\nfrom step import go\n",
    "windows": "import os\r\nfrom step import go\r\n",
    "old macs": "import os\rfrom step import go\r",
    "a circle": "from way import *\nfrom step import go\nimport main\nimport way\n",
    "no main": "if __name__ == '__main__':\n    pass\nelse:\n    from step import go\n",
    "quotes in quotes": "from step import go as other\n"
    "def go(a, b, c):\n    x = f'{a}'; y = f\"{'#'}\"; other(a, b, c)\n",
}


def found_in(folder: Path) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    tree = AstroidBuilder(AstroidManager(), apply_transforms=False).file_build(str(folder / "main.py"), "main")
    neighbours.forget()
    project.forget()
    return lines_found(Program(tree, PITFALLS)), lines_found(Program(tree))


@pytest.mark.parametrize("start", ["from way import go", "from way import *", "import way", "import way as w"])
@pytest.mark.parametrize("way", ALIKE)
def test_nothing_is_lost_across_files(tmp_path: Path, way: str, start: str) -> None:
    callee = {"import way": "way.go", "import way as w": "w.go"}.get(start, "go")
    encoding = "latin-1" if "latin-1" in ALIKE[way] else "utf-8"
    (tmp_path / "way.py").write_bytes(ALIKE[way].encode(encoding))
    (tmp_path / "step.py").write_text(STEP)
    (tmp_path / "things.py").write_text(THINGS)
    (tmp_path / "main.py").write_text(MAIN.format(start, callee))
    read, everything = found_in(tmp_path)

    assert read == everything
    assert everything or start.startswith("import") or way in {"a circle", "stars"}


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"# coding: nonsense\n", b"def go(a, b, c):\n    \x00\n", b"def go(:\n", b""], ids=str
)
def test_file_that_cannot_be_read_is_left_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "way.py").write_bytes(content)
    (tmp_path / "things.py").write_text(THINGS)
    (tmp_path / "main.py").write_text(MAIN.format(f"from way import go\nfrom {'x' * 300} import y", "go"))

    assert found_in(tmp_path) == ([], [])


def test_very_many_files_are_not_looked_through(tmp_path: Path) -> None:
    names = [f"part{number}" for number in range(2_000)]
    for name in names:
        (tmp_path / f"{name}.py").write_text("from way import *\ndef f(x):\n    x.backward()\n" * 3)
    (tmp_path / "way.py").write_text("".join(f"from {name} import *\n" for name in names) + "from step import go\n")
    (tmp_path / "step.py").write_text(STEP)
    (tmp_path / "things.py").write_text(THINGS)
    (tmp_path / "main.py").write_text(MAIN.format("from way import go", "go"))
    begin = time.process_time()
    read, everything = found_in(tmp_path)

    assert read == everything
    assert time.process_time() - begin < 10


# Source of any form: one pass over it, and each line where it was


@pytest.mark.parametrize(
    "source",
    [
        "'" * 200_001,
        '"""' * 50_000 + '"',
        '"' + "\\" * 200_000,
        "f'" + "{" * 200_000,
        "f'{x}" * 40_000,
        "x = [" + "a in b, " * 50_000 + "test",
        "a" * 400_000 + " = 1",
        "from " + "." * 200_000,
        "from a import (" * 20_000,
        "import " + "a, " * 100_000,
        "getattr(x, 'y'" * 20_000,
        ", ".join(f"test_{number}" for number in range(50_000)),
        "x: " * 100_000 + "= 1",
        " " * 400_000 + "\n",
        "@a\n" * 100_000,
        "a(\n" * 100_000,
    ],
    ids=lambda source: source[:12],
)
def test_no_source_takes_long(tmp_path: Path, source: str) -> None:
    (tmp_path / "way.py").write_text(source[:399_000], encoding="utf-8")
    begin = time.process_time()
    code = code_of(source)
    clues_in(words_in(code), code)
    neighbours.reach_of((tmp_path / "way.py", ""), frozenset({".step", ".backward"}))

    assert code.count("\n") == source.count("\n")
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("x = 'y.step()'  # z.step()", "x"),
        ("x = f'{y[\"a\"]}'; z", "x f y a z"),
        ('x = f"{y["a"]}"; z.step()', "x f y a z step"),
        ('x = f"{y["#"]}"; z.step()', "x f y z step"),
        ("x = 'it\\'s'; y", "x y"),
        ("x = 'a' 'b' \"it's\" '''it's''' \"\"\"it's ''\"\"\"; y", "x y"),
        ("x = rb'\\'; #'; y", "x y"),
        ("getattr(x, 'step')()", "getattr x step"),
        ("'''a\n'b'''; y", "y"),
    ],
)
def test_code_is_told_from_text(source: str, kept: str) -> None:
    assert set(re.findall(r"[^\W\d]\w*", code_of(source))) == set(kept.split())
