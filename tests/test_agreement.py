"""Files, classes, symbols, ids, pages, guards and imports agree, so that forgetting one of them is a failing test."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import ModuleType

import astroid
import pytest

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.pitfall import Pitfall
from pylint_torchcheck.trace.program import Program

ROOT = Path(__file__).parents[1]
LINTER = ROOT / "pylint_torchcheck"
GUARDS = ROOT / "torchguard"
PAGES = ROOT / "docs" / "pitfalls"
VERSIONS = ROOT / "docs" / "torch_versions.md"
FIXTURES = ROOT / "tests" / "fixtures"
FRAGMENTS = [ROOT / "CHANGELOG.md", *(ROOT / "changelog.d").glob("*.md")]

IMPERATIVES = ("write ", "call ", "add ", "pass ", "put ")
NAMING = ("amp", "checkpoints", "parallel")  # families whose messages name the guard

# What the modules below a path may not import; a longer path adds to what a shorter one says.
FORBIDDEN = {
    "pylint_torchcheck": ("torch", "numpy", "torchguard"),
    "pylint_torchcheck/pitfalls": (
        *("astroid", "pylint"),
        *(f"pylint_torchcheck.{name}" for name in ("torch_api", "trace", "checker", "command", "linter", "explain")),
    ),
    "pylint_torchcheck/torch_api": (
        *("astroid", "pylint"),
        *(f"pylint_torchcheck.{name}" for name in ("trace", "checker", "command", "linter", "explain")),
    ),
    "pylint_torchcheck/trace": (
        "pylint",
        *(f"pylint_torchcheck.{name}" for name in ("checker", "command", "linter", "explain")),
    ),
    "torchguard": (
        *("pylint", "astroid"),
        *(f"pylint_torchcheck.{name}" for name in ("torch_api", "trace", "checker", "command", "linter", "explain")),
    ),
}

each_pitfall = pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda pitfall: pitfall.symbol)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def pitfall_modules() -> list[Path]:
    return sorted(path for path in (LINTER / "pitfalls").glob("*/*.py") if path.name != "__init__.py")


def imports_of(path: Path) -> Iterator[str]:
    """Return the dotted name of everything that a file imports, inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(read(path))):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(level=0, module=str(module), names=names):
                yield from (f"{module}.{alias.name}" for alias in names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def public_guards() -> set[str]:
    tree = ast.parse(read(GUARDS / "__init__.py"))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return set(ast.literal_eval(value))
    return set()


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """Import the tool that writes the pages."""
    spec = importlib.util.spec_from_file_location("generate_pages", ROOT / "tools" / "generate_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestNames:
    def test_there_are_pitfalls(self) -> None:
        assert len(PITFALLS) >= 10

    def test_each_file_holds_one_pitfall(self) -> None:
        files = [path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in pitfall_modules()]

        assert sorted(files) == sorted(pitfall.__module__ for pitfall in PITFALLS)

    @each_pitfall
    def test_file_and_class_are_named_like_the_symbol(self, pitfall: type[Pitfall]) -> None:
        words = pitfall.symbol.split("-")

        assert pitfall.__module__.rpartition(".")[2] == "_".join(words)
        assert pitfall.__name__ == "".join(word.capitalize() for word in words)

    @each_pitfall
    def test_symbol_is_no_order(self, pitfall: type[Pitfall]) -> None:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", pitfall.symbol)
        assert not pitfall.symbol.startswith(("avoid-", "bad-", "use-"))
        assert not re.match(r"no-(?!grad-)", pitfall.symbol)  # `no_grad` is a name

    @each_pitfall
    def test_id_has_the_prefix_of_the_checker(self, pitfall: type[Pitfall]) -> None:
        assert re.fullmatch(r"[CREW]77\d\d", pitfall.msgid)

    def test_ids_and_symbols_are_unique(self) -> None:
        old = list(chain.from_iterable(pitfall.old_names for pitfall in PITFALLS))
        ids = [pitfall.msgid for pitfall in PITFALLS] + [msgid for msgid, _ in old]
        symbols = [pitfall.symbol for pitfall in PITFALLS] + [symbol for _, symbol in old]

        assert len(ids) == len(set(ids))
        assert len(symbols) == len(set(symbols))


class TestCompleteness:
    @each_pitfall
    def test_has_a_pair(self, pitfall: type[Pitfall]) -> None:
        assert (PAGES / pitfall.symbol / "bad.py").is_file()
        assert (PAGES / pitfall.symbol / "good.py").is_file()

    @each_pitfall
    def test_has_fixtures(self, pitfall: type[Pitfall]) -> None:
        assert len(list((FIXTURES / pitfall.symbol).glob("*.py"))) >= 2

    @pytest.mark.parametrize("folder", [PAGES, FIXTURES], ids=["pages", "fixtures"])
    def test_every_folder_belongs_to_a_pitfall(self, folder: Path) -> None:
        symbols = {pitfall.symbol for pitfall in PITFALLS}

        assert {path.name for path in folder.iterdir() if any(path.glob("*.py"))} <= symbols

    def test_every_example_says_what_it_shows(self) -> None:
        paths = [*PAGES.rglob("*.py"), *FIXTURES.rglob("*.py")]
        silent = [path for path in paths if not read(path).startswith(('"""', "#"))]

        assert not silent

    @each_pitfall
    def test_page_is_up_to_date(self, pitfall: type[Pitfall], generator: ModuleType) -> None:
        assert read(PAGES / pitfall.symbol / "README.md") == generator.page(pitfall), "run tools/generate_pages.py"

    @each_pitfall
    def test_changelog_names_it(self, pitfall: type[Pitfall]) -> None:
        assert any(pitfall.symbol in f"{path.name} {read(path)}" for path in FRAGMENTS)

    @each_pitfall
    def test_guard_exists(self, pitfall: type[Pitfall]) -> None:
        package, _, name = (pitfall.guard or "torchguard.").partition(".")

        assert package == "torchguard"
        assert name in public_guards() | {""}

    @each_pitfall
    def test_what_it_knows_of_releases_is_proven(self, pitfall: type[Pitfall]) -> None:
        source = read(Path(inspect.getfile(pitfall)))

        assert "torch_range" not in source or f"| `{pitfall.symbol}` |" in read(VERSIONS)

    @each_pitfall
    def test_message_names_the_guard(self, pitfall: type[Pitfall]) -> None:
        findings = pitfall.check(Program(astroid.parse(read(PAGES / pitfall.symbol / "bad.py"))))
        messages = [pitfall.message % finding.details for finding in findings]

        assert pitfall.family not in NAMING or (pitfall.guard or "") in messages[0]

    def test_detectors_are_named_like_pitfalls(self) -> None:
        detectors = {path.stem for path in (GUARDS / "watch" / "detectors").glob("*.py")} - {"__init__"}

        assert detectors <= {pitfall.symbol.replace("-", "_") for pitfall in PITFALLS}


class TestWords:
    @each_pitfall
    def test_message_is_one_line_that_begins_with_the_users_code(self, pitfall: type[Pitfall]) -> None:
        assert pitfall.message.startswith("%s ")
        assert "\n" not in pitfall.message
        assert not pitfall.message.endswith(".")

    @each_pitfall
    def test_message_ends_with_what_to_write(self, pitfall: type[Pitfall]) -> None:
        assert pitfall.message.rpartition("; ")[2].startswith(IMPERATIVES)

    @each_pitfall
    def test_message_takes_what_its_findings_give(self, pitfall: type[Pitfall]) -> None:
        program = Program(astroid.parse(read(PAGES / pitfall.symbol / "bad.py")))
        findings = list(pitfall.check(program))

        assert findings
        for finding in findings:
            assert len(finding.details) == pitfall.message.count("%s") == pitfall.message.count("%")

    @each_pitfall
    def test_reason_is_a_sentence_and_a_paragraph(self, pitfall: type[Pitfall]) -> None:
        first, blank, *rest = (pitfall.__doc__ or "").strip().splitlines()

        assert first.endswith(".")
        assert not blank
        assert rest


class TestImports:
    def modules(self, folder: str) -> list[Path]:
        return sorted((ROOT / folder).rglob("*.py"))

    @pytest.mark.parametrize("folder", FORBIDDEN)
    def test_imports_point_the_right_way(self, folder: str) -> None:
        wrong = [
            f"{path.relative_to(ROOT)} imports {name}"
            for path in self.modules(folder)
            for name in imports_of(path)
            if any(is_within(name, package) for package in FORBIDDEN[folder])
        ]

        assert self.modules(folder)
        assert not wrong

    def test_guards_do_not_import_the_sanitizer(self) -> None:
        guards = [path for path in self.modules("torchguard") if "watch" not in path.parts]
        wrong = [
            path.name
            for path in guards
            for name in imports_of(path)
            if is_within(name, "torchguard.watch") or is_within(name, "pylint_torchcheck")
        ]

        assert not wrong

    def test_no_relative_imports_hide_from_this_test(self) -> None:
        hidden = [
            path.name
            for path in [*self.modules("pylint_torchcheck"), *self.modules("torchguard")]
            for node in ast.walk(ast.parse(read(path)))
            if isinstance(node, ast.ImportFrom) and node.level
        ]

        assert not hidden
