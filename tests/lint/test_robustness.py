"""The reader is total: whatever a file holds, it ends, raises nothing, and says the same each time."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from astroid import nodes
from astroid.builder import AstroidBuilder
from astroid.exceptions import AstroidError
from astroid.manager import AstroidManager
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.pitfall import Pitfall
from pylint_torchcheck.trace import neighbours, project
from pylint_torchcheck.trace.program import Program

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "docs" / "pitfalls", ROOT / "tests" / "fixtures")
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))

Draw = Callable[[st.SearchStrategy[Any]], Any]
Finding = tuple[str, int, int, tuple[str, ...]]


def parse(source: str) -> nodes.Module:
    """Parse without the transforms of astroid, which warn of deep trees."""
    return AstroidBuilder(AstroidManager(), apply_transforms=False).string_build(source)


def findings_in(source: str) -> list[Finding]:
    """Read a source and ask every pitfall, as the checker does, but let errors out."""
    program = Program(parse(source))
    found = []
    for pitfall in PITFALLS:
        for finding in pitfall.check(program):
            node = finding.place.node  # type: ignore[attr-defined]  # of the core, not of the vocabulary
            found.append((pitfall.symbol, node.lineno, node.col_offset, finding.details))
    return sorted(found)


# Random programs


ATOMS = (
    "model optimizer loss scaler x self self.model self.optimizer torch nn F loader None True False 0 1 'train' ... "
    "model.parameters() model.named_parameters() model.modules() model.state_dict() nn.Linear(8,8) nn.BatchNorm1d(8) "
    "nn.Sequential(nn.Linear(8,8),nn.Dropout()) torch.optim.SGD(model.parameters(),lr=0.1) torch.load('model.pt') "
    "torch.optim.AdamW([{'params':model.parameters()}]) torch.amp.GradScaler() torch.zeros(3) unknown unknown.thing "
    "torch.no_grad() torch.autocast('cuda') torch.utils.data.DataLoader(x) Net() Net function() super() __name__ "
    "nn.CrossEntropyLoss()(model(x),x) F.mse_loss(model(x),x) model(x) scaler.scale(loss) locals() open('file')"
).split()
METHODS = (
    "train eval zero_grad step backward update unscale_ parameters requires_grad_ load_state_dict state_dict to cuda "
    "detach item append items forward apply run fit __enter__ mean sum modules extend unknown"
).split()
NAMES = (
    "model optimizer loss scaler x Net function a self.model self.optimizer self.loss p.requires_grad a['key']".split()
)
PLAIN_NAMES = [name for name in NAMES if name.isidentifier()]
OPERATORS = "+ - * / @ ** % and or == != is in < if".split()
DECORATORS = (
    "torch.no_grad()", "torch.inference_mode", "staticmethod", "classmethod", "property", "contextmanager", "unknown(1)"
)  # fmt: skip


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return the expressions that are one level deeper than ``inner``."""
    several = st.lists(inner, max_size=3)
    call = st.builds(lambda f, a: f"{f}({', '.join(a)})", inner.map(lambda f: f"({f})"), several)
    return st.one_of(
        call,
        st.builds(lambda r, m, a: f"({r}).{m}({', '.join(a)})", inner, st.sampled_from(METHODS), several),
        st.builds(lambda r, m, v: f"({r}).{m}(strict={v}, **{{}})", inner, st.sampled_from(METHODS), inner),
        st.builds(lambda r, m: f"({r}).{m}", inner, st.sampled_from(METHODS)),
        st.builds(_operation, inner, st.sampled_from(OPERATORS), inner),
        st.builds(lambda a, b: f"({a})[{b}]", inner, inner),
        st.builds(lambda a: f"[*{a}, 1]", inner.map(lambda a: f"({a})")),
        st.builds(lambda a, b: f"{{{a!r}: {b}, **(x)}}", st.sampled_from(PLAIN_NAMES), inner),
        st.builds(lambda a, n, b: f"[{a} for {n} in ({b}) if {n}]", inner, st.sampled_from(PLAIN_NAMES), inner),
        st.builds(lambda a, n, b: f"sum({a} for {n} in ({b}))", inner, st.sampled_from(PLAIN_NAMES), inner),
        st.builds(lambda n, a: f"(lambda {n}=1, *r, **k: {a})", st.sampled_from(PLAIN_NAMES), inner),
        st.builds(lambda n, a: f"({n} := {a})", st.sampled_from(PLAIN_NAMES), inner),
        st.builds(lambda a: f"f'{{({a})}}'", inner.filter(lambda a: "'" not in a)),
        st.builds(lambda a: f"not -({a})", inner),
        st.builds(lambda a: f"list(enumerate(zip({a}, x)))", inner),
        st.builds(lambda a: f"partial({a}, x)", inner),
        st.builds(lambda a: f"getattr({a}, 'model')", inner),
    )


def _operation(left: str, operator: str, right: str) -> str:
    return f"(({left}) if ({right}) else x)" if operator == "if" else f"(({left}) {operator} ({right}))"


EXPRESSIONS = st.recursive(st.sampled_from(ATOMS), compound, max_leaves=6)


@st.composite
def statement(draw: Draw, depth: int, function: str, in_loop: bool) -> list[str]:
    """Draw the lines of a statement; ``function`` is what is around it: "", "def" or "async"."""
    expression = partial(draw, EXPRESSIONS)
    simple = ["expression", "assign", "unpack", "grow", "annotate", "delete", "assert", "raise", "import", "global"]
    jumps = [*(["return", "yield"] if function == "def" else ["await"] if function else [])]
    jumps += ["break", "continue"] if in_loop else []
    blocks = ["for", "while", "if", "try", "with", "def", "class", "match"] if depth else []
    kind = draw(st.sampled_from(simple + jumps + blocks * 2))
    name = draw(st.sampled_from(NAMES))
    match kind:
        case "expression":
            return [expression()]
        case "assign":
            return [f"{name} = {expression()}"]
        case "unpack":
            return [f"{name}, *a = {expression()}"]
        case "grow":
            return [f"{name} += {expression()}"]
        case "annotate":
            return [f"a: {expression()} = {expression()}"]
        case "delete":
            return [f"del {name}"]
        case "assert":
            return [f"assert {expression()}"]
        case "raise":
            return [f"raise {expression()}"]
        case "import":
            return [draw(st.sampled_from(["import torch as x", "from torch import *", "from . import model"]))]
        case "global":
            return ["global fresh", "fresh = 1"]
        case "return" | "yield" | "await":
            return [f"{kind} {expression()}"]
        case "break" | "continue":
            return [kind]
    return list(draw(block(kind, depth, function, in_loop)))


def body(depth: int, function: str, in_loop: bool) -> st.SearchStrategy[list[str]]:
    """Return the indented lines of one to four statements."""
    statements = st.lists(statement(depth - 1, function, in_loop), min_size=1, max_size=3)
    return statements.map(lambda several: [f"    {line}" for lines in several for line in lines])


@st.composite
def block(draw: Draw, kind: str, depth: int, function: str, in_loop: bool) -> list[str]:
    """Draw the lines of a compound statement."""
    expression = partial(draw, EXPRESSIONS)
    inner = partial(lambda *about: draw(body(depth, *about)), function, in_loop)
    otherwise = draw(st.booleans())
    asynchronous = "async " if function == "async" and draw(st.booleans()) else ""
    match kind:
        case "for":
            loop = [
                f"{asynchronous}for {draw(st.sampled_from(NAMES))} in {expression()}:",
                *draw(body(depth, function, True)),
            ]
            return [*loop, "else:", *inner()] if otherwise else loop
        case "while":
            test = draw(st.sampled_from(["True", "x", "model(x)", "None"]))
            return [f"while {test}:", *draw(body(depth, function, True))]
        case "if":
            return [f"if {expression()}:", *inner(), f"elif {expression()}:", *inner(), "else:", *inner()]
        case "try":
            handlers = ["except (ValueError, unknown) as a:", *inner()] if otherwise else []
            return ["try:", *inner(), *handlers, "finally:", *inner()]
        case "with":
            return [f"{asynchronous}with {expression()} as a, {expression()}:", *inner()]
        case "match":
            return [f"match {expression()}:", "    case {'key': a, **b} | [a, *b] if a:", *indented(inner()),
                    "    case Net(model=a) as b:", *indented(inner()), "    case _:", *indented(inner())]  # fmt: skip
        case "class":
            base = draw(st.sampled_from(["", "(nn.Module)", "(Net)", "(unknown.Base)", "(torch.optim.Optimizer)"]))
            return [f"class Net{base}:", *draw(body(depth, "", False))]
    how = draw(st.sampled_from(["def", "async"]))
    decorator = draw(st.sampled_from(DECORATORS))
    called = draw(st.sampled_from(["function", "__init__", "forward", "train", "__call__", "__enter__", "step"]))
    head = f"{'async def' if how == 'async' else 'def'} {called}(self, a: nn.Module = None, *r, model=x, **k):"
    return [f"@{decorator}", head, *draw(body(depth, how, False))]


def indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


IMPORTS = """\
from contextlib import contextmanager
from functools import partial
import torch
import torch.nn.functional as F
from torch import nn
model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8))
optimizer = torch.optim.Adam(model.parameters())
"""


@st.composite
def programs(draw: Draw) -> str:
    """Draw a program that Python compiles."""
    several = draw(st.lists(statement(3, "", False), min_size=1, max_size=4))
    return IMPORTS + "\n".join(line for lines in several for line in lines) + "\n"


def compiles(source: str) -> bool:
    try:
        compile(source, "<random>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(programs().filter(compiles))
def test_random_programs_are_read_to_the_same_findings_twice(source: str) -> None:
    assert findings_in(source) == findings_in(source)


# Every syntax


def standard_files(every: int) -> list[Path]:
    """Return a sample of the standard library, its tests included where they are installed, that stays the same."""
    files = [
        *STANDARD_LIBRARY.glob("*.py"),
        *STANDARD_LIBRARY.glob("test/*.py"),
        *STANDARD_LIBRARY.glob("asyncio/*.py"),
    ]
    return sorted(file for file in files if file.stat().st_size < 60_000)[::every]


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("path", standard_files(every=10), ids=lambda path: path.stem)
def test_file_of_the_standard_library_is_read(path: Path) -> None:
    try:
        tree = parse(path.read_bytes().decode("utf-8", "replace"))
    except (AstroidError, ValueError):
        pytest.skip("astroid does not parse it")
    program = Program(tree)

    assert all(isinstance(finding.details, tuple) for pitfall in PITFALLS for finding in pitfall.check(program))


# Sizes: as deep as Python and astroid themselves can parse


def nested(opening: str, inmost: str, depth: int) -> str:
    """Return blocks within blocks."""
    return "\n".join("    " * level + opening for level in range(depth)) + "\n" + "    " * depth + inmost + "\n"


HUGE = {
    "sum": "y = " + " + ".join(["model(x)"] * 400),
    "text": "y = " + " + ".join(["'text'"] * 400),
    "negations": "y = " + "not " * 90 + "x",
    "brackets": "y = " + "[" * 90 + "x" + "]" * 90,
    "calls in calls": "y = " + "model(" * 90 + "x" + ")" * 90,
    "calls of calls": "y = x" + ".mean()" * 200,
    "attributes": "y = x" + ".a" * 300,
    "subscripts": "y = x" + "[0]" * 300,
    "lambdas": "y = " + "lambda: " * 80 + "model(x)",
    "conditions": "y = " + "x if x else " * 90 + "model(x)",
    "comprehensions": "y = [model(x)" + " for x in loader" * 15 + "]",
    "ifs": nested("if x:", "model(x)", 90),
    "elifs": "if x:\n    pass\n" + "elif y:\n    model(x)\n" * 200,
    "fors": nested("for x in loader:", "model(x)", 18),
    "whiles": nested("while True:", "model(x)", 18),
    "tries": "\n".join("    " * level + "try:" for level in range(18)) + "\n" + "    " * 18 + "model(x)\n"
    + "".join("    " * level + "finally:\n" + "    " * level + "    model(x)\n" for level in reversed(range(18))),
    "withs": "with " + ", ".join(["torch.no_grad()"] * 500) + ":\n    model(x)",
    "context managers": "from contextlib import contextmanager\n@contextmanager\ndef f():\n"
    "    if x:\n        yield\n    else:\n        yield\n" + nested("with f():", "model(x)", 18),
    "functions": nested("def f():", "model(x)", 60),
    "classes": nested("class Net(nn.Module):", "model = nn.Linear(8, 8)", 60),
    "chain of functions": "".join(f"def f{n}():\n    f{n + 1}()\n    f{n + 1}()\n" for n in range(40)) + "f0()",
    "chain of bases": "class C0(nn.Module): pass\n"
    + "".join(f"class C{n + 1}(C{n}): pass\n" for n in range(300)) + "C300()(x)",
    "long number": "y = " + "9" * 4_000,
    "long text": "y = '" + "a" * 1_000_000 + "'",
    "long list": "y = [" + "1, " * 20_000 + "]",
    "long dict": "y = {" + "".join(f"'{n}': nn.Linear({n}, 1), " for n in range(2_000)) + "}",
    "many names": "".join(f"x{n} = nn.Linear({n}, 1)\n" for n in range(2_000)) + "if x:\n    model(x)\n" * 200,
    "many branches": "if x:\n    model.train()\nelse:\n    model.eval()\nmodel(x)\n" * 1_000,
    "many lines": "for x in loader:\n    model.zero_grad()\n    model(x).mean().backward()\n"
    "    optimizer.step()\n" * 5_000,
    "many functions": "".join(f"def f{n}(model):\n    for x in model:\n        model(x)\n" for n in range(2_000)),
}  # fmt: skip


@pytest.mark.parametrize("source", HUGE.values(), ids=HUGE)
def test_huge_source_is_read(source: str) -> None:
    assert findings_in(IMPORTS + source) is not None


ODD_ARGUMENTS = (
    *("", "0", "-1", "1e400", "-1e400", "True", "None", "'a'", "9" * 40, "1, 2, 0", "1, 2, 3, 4, 5, 6", "*x", "**x"),
    *(
        "[]",
        "[0.5, 0.5]",
        "x, [1e400, -1e400]",
        "x, [9.5, -8.5]",
        "x, test_size=1e400",
        "x, batch_size=0",
        "x, lr=1e400",
    ),
)
TAKING_NUMBERS = (
    *("range", "list", "torch.arange", "torch.randint", "torch.zeros", "torch.randn", "nn.Dropout", "nn.Linear"),
    *("torch.utils.data.DataLoader", "torch.utils.data.Subset", "torch.utils.data.random_split", "torch.optim.SGD"),
    *("sklearn.model_selection.train_test_split", "torch.set_grad_enabled", "torch.manual_seed", "torch.autocast"),
    *("torch.optim.lr_scheduler.StepLR", "torch.optim.lr_scheduler.CosineAnnealingLR", "torch.amp.GradScaler"),
)


@pytest.mark.parametrize("function", TAKING_NUMBERS)
def test_arguments_that_no_run_would_bear_are_read(function: str) -> None:
    calls = (f"y = {function}({arguments})\nfor z in y:\n    model(z)\n" for arguments in ODD_ARGUMENTS)

    assert findings_in(IMPORTS + "import sklearn.model_selection\n" + "".join(calls)) is not None


COSTLY = {  # what once took the square of its length, or more
    "one line": "; ".join(["x.to(device)"] * 10_000),
    "one name": "model = nn.Linear(1, 1)\n" * 10_000,
    "one function": "def f(model):\n    f(model)\n    optimizer.step()\n" * 3_000,
    "one colon": "y = [" + ", ".join(["a in b"] * 20_000) + ", test]",
    "many purposes": "y = [" + ", ".join(f"test_{n}" for n in range(20_000)) + "]",
    "long name": "a" * 1_000_000 + " = 1",
    "many parameters": "def f(" + ", ".join(f"a{n}=1" for n in range(8_000)) + "):\n    a1.eval()\n    a2.step()\n",
    "many files": "".join(f"torch.save(model, 'm{n}.pt')\nmodel = torch.load('m{n}.pt')\n" for n in range(2_000)),
    "many kept states": "optimizer = torch.optim.Adam(model.parameters())\nfor x in y:\n" + "".join(
        f"    a{n} = model.state_dict()\n    optimizer.step()\n    model.load_state_dict(a{n})\n" for n in range(150)
    ),
    "many meanings": "".join(f"def g{n}(m):\n    m.cuda()\n    return h(m)\n" for n in range(300))
    + "h = g0\n" + "".join(f"if x{n}:\n    h = g{n}\n" for n in range(300)) + "h(model)\n",
}  # fmt: skip


@pytest.mark.parametrize("pitfalls", [PITFALLS, ()], ids=["what matters", "everything"])
@pytest.mark.parametrize("source", COSTLY.values(), ids=COSTLY)
def test_work_is_bounded(source: str, pitfalls: Sequence[type[Pitfall]]) -> None:
    tree = parse(IMPORTS + source)
    begin = time.process_time()
    program = Program(tree, pitfalls)
    found = sum(1 for pitfall in PITFALLS for _ in pitfall.check(program))

    assert found >= 0
    assert time.process_time() - begin < 10


def test_memory_does_not_grow_with_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of the project's other files is counted by their length."""
    monkeypatch.setattr(project, "_MOST_SOURCE", 20_000)
    monkeypatch.setattr(neighbours, "_MOST_KEPT", 20_000)
    for number in range(40):
        (tmp_path / f"part{number}.py").write_text("def go(model):\n    model.eval()\n" * 50)
        project.tree_of(tmp_path / f"part{number}.py")
        neighbours.reach_of((tmp_path / f"part{number}.py", ""), frozenset({".eval", ".train"}))

    assert 0 < sum(size for _, _, size in project._trees) <= 20_000
    assert 0 < sum(outline.size for outline in neighbours._outlines.values()) <= 20_000


def test_deep_expression_hides_nothing_of_the_rest_of_its_file() -> None:
    mistake = "def f(model, state):\n    model.load_state_dict(state, strict=False)\n"

    assert [symbol for symbol, *_ in findings_in(IMPORTS + HUGE["calls of calls"] + "\n" + mistake)] == [
        "non-strict-load"
    ]


def test_long_sum_hides_nothing_of_its_own_trace() -> None:
    mistake = "model.load_state_dict({}, strict=False)\n"

    assert [symbol for symbol, *_ in findings_in(IMPORTS + HUGE["sum"] + "\n" + mistake)] == ["non-strict-load"]


# The same findings, whatever is around


def lint(
    *paths: Path, arguments: Sequence[str] = (), flags: Sequence[str] = (), environment: dict[str, str] | None = None
) -> str:
    """Run Pylint with our plugin alone in a fresh process; return its messages in the order of printing."""
    command = [sys.executable, *flags, "-m", "pylint", "--rcfile=/dev/null" if os.name == "posix" else "--rcfile=NUL",
               "--load-plugins=pylint_torchcheck", "--disable=all", "--enable=torchcheck,astroid-error", "--score=n",
               "--recursive=y", "--msg-template={path}:{line}:{column}: {symbol} {msg}", *arguments]  # fmt: skip
    variables = {**os.environ, "TORCHCHECK_STRICT": "1", "PYTHONPATH": str(ROOT), **(environment or {})}
    done = subprocess.run(
        [*command, *map(str, paths)], capture_output=True, text=True, check=False, env=variables, cwd=ROOT
    )
    assert done.stderr == ""
    return done.stdout


def messages(output: str) -> list[str]:
    return sorted(line for line in output.splitlines() if not line.startswith("*****"))


@pytest.fixture(scope="module")
def plain() -> str:
    """What Pylint prints for all pairs and fixtures."""
    return lint(*FOLDERS)


def test_something_is_found_and_nothing_is_wrong_with_the_reader(plain: str) -> None:
    assert "missing-zero-grad" in plain
    assert "astroid-error" not in plain


@pytest.mark.parametrize("seed", ["1", "2"])
def test_same_output_with_another_hash_seed(plain: str, seed: str) -> None:
    assert lint(*FOLDERS, environment={"PYTHONHASHSEED": seed}) == plain


def test_same_findings_with_two_jobs(plain: str) -> None:
    assert messages(lint(*FOLDERS, arguments=["-j2"])) == messages(plain)


def test_same_findings_in_reversed_order_of_files(plain: str) -> None:
    files = sorted((file for folder in FOLDERS for file in folder.rglob("*.py")), reverse=True)

    assert messages(lint(*files)) == messages(plain)


def test_same_output_from_memory(plain: str, tmp_path: Path) -> None:
    remembering = {"TORCHCHECK_STRICT": "", "PYLINTHOME": str(tmp_path)}
    lint(*FOLDERS, arguments=["-j2"], environment=remembering)
    pages = {page: page.stat().st_mtime_ns for page in tmp_path.rglob("*.json")}
    assert len(pages) > len(PITFALLS)

    assert lint(*FOLDERS, environment=remembering) == plain
    assert {page: page.stat().st_mtime_ns for page in tmp_path.rglob("*.json")} == pages  # all was recalled


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed, so it is not found either way")
def test_same_findings_without_torch(plain: str, tmp_path: Path) -> None:
    """Every installed package but torch is found on the path, by Python and by astroid."""
    for installed in Path(sysconfig.get_path("purelib")).iterdir():
        if (
            not installed.name.startswith(("torch", "functorch", "nvidia", "__editable__"))
            and installed.suffix != ".pth"
        ):
            (tmp_path / installed.name).symlink_to(installed)
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    hidden = subprocess.run([sys.executable, "-S", "-c", "import torch"], capture_output=True, check=False,
                            env={**os.environ, **environment})  # fmt: skip
    assert b"No module named 'torch'" in hidden.stderr

    assert lint(*FOLDERS, flags=["-S"], environment=environment) == plain


# Pylint's own process


COLLECTING = """
import gc, sys
from pylint.checkers import BaseChecker
from pylint.lint import Run

class Probe(BaseChecker):
    name = "probe"
    msgs = {"W9999": ("probe", "probe", "probe")}

    def visit_module(self, node):
        print(gc.get_threshold()[0])
        self.add_message("probe", node=node)

def register(linter):
    linter.register_checker(Probe(linter))

if __name__ == "__main__":
    gc.set_threshold(*map(int, sys.argv[2:]))
    ours = ["--load-plugins=pylint_torchcheck,probe", "--disable=all", "--enable=torchcheck,probe", "--score=n"]
    Run([*ours, sys.argv[1]], exit=False)
    print(gc.get_threshold())
"""


@pytest.mark.parametrize(
    ("before", "meanwhile"),
    [((701, 11, 12), 100_000), ((0, 11, 12), 0), ((200_000, 11, 12), 200_000)],
    ids=["as Python has it", "switched off", "rarer still"],
)
def test_garbage_is_looked_for_rarely_and_then_as_before(
    tmp_path: Path, before: tuple[int, int, int], meanwhile: int
) -> None:
    (tmp_path / "probe.py").write_text(COLLECTING)
    (tmp_path / "linted.py").write_text("import torch\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}

    done = subprocess.run(
        [sys.executable, tmp_path / "probe.py", tmp_path / "linted.py", *map(str, before)],
        capture_output=True, text=True, check=True, env=environment, cwd=tmp_path,
    )  # fmt: skip

    printed = [line for line in done.stdout.splitlines() if "linted" not in line]
    assert printed == [str(meanwhile), str(before)]
