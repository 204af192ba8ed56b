"""Which releases of torch a project declares, and what can be said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pylint_torchcheck.pitfalls.releases import TorchRange
from pylint_torchcheck.trace import requirements


@pytest.fixture(autouse=True)
def fresh_knowledge() -> None:
    requirements.forget()


class TestSpecifiers:
    @pytest.mark.parametrize(
        ("specifier", "meaning"),
        [
            (">=2.1", ">=2.1"),
            (">2.1", ">=2.1"),
            (">= 1.13.1, < 2.6", ">=1.13.1,<2.6"),
            ("<=1.13", "<1.13.1"),
            ("==2.0.1+cu117", "==2.0.1"),
            ("==2.*", ">=2.0,<3.0"),
            ("==2.1.*", ">=2.1,<2.2"),
            ("^2.1", ">=2.1,<3.0"),
            ("^0.4.1", ">=0.4.1,<0.5"),
            ("~2.1.3", ">=2.1.3,<2.2"),
            ("~2", ">=2.0,<3.0"),
            ("~=2.1", ">=2.1,<3.0"),
            ("~=2.1.0", ">=2.1,<2.2"),
            ("!=2.1,>=2", ">=2.0"),
            (">=1.8,>=2.0", ">=2.0"),
            ("", ""),
            ("latest", ""),
        ],
    )
    def test_each_operator_has_its_range(self, specifier: str, meaning: str) -> None:
        assert str(TorchRange.parse(specifier)) == meaning


class TestQuestions:
    def test_a_range_is_from_its_lowest_release_on(self) -> None:
        assert TorchRange.parse(">=2.6").is_from("2.6")

    def test_a_range_that_begins_earlier_is_not(self) -> None:
        assert not TorchRange.parse(">=2.5.1").is_from("2.6")

    def test_a_range_is_before_its_upper_bound(self) -> None:
        assert TorchRange.parse("<2.6").is_before("2.6")

    def test_a_range_that_reaches_further_is_not(self) -> None:
        assert not TorchRange.parse("<=2.6").is_before("2.6")

    @pytest.mark.parametrize("specifier", [">=1.8", "<2.6", "==2.5.1"])
    def test_a_range_admits_what_is_in_it(self, specifier: str) -> None:
        assert TorchRange.parse(specifier).admits_before("2.6")

    @pytest.mark.parametrize("specifier", [">=2.6", "<3", ""])
    def test_a_range_admits_no_release_that_is_not_known_to_be_in_it(self, specifier: str) -> None:
        assert not TorchRange.parse(specifier).admits_before("2.6")

    def test_nothing_is_said_where_nothing_is_declared(self) -> None:
        undeclared = TorchRange()

        assert not undeclared.is_from("0.4")
        assert not undeclared.is_before("99.0")


class TestDeclarations:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("pyproject.toml", '[project]\ndependencies = ["numpy", "torch>=2.1"]\n'),
            (
                "pyproject.toml",
                "[project.optional-dependencies]\nguard = [\"torch [opt] >=2.1 ; python_version>'3.9'\"]\n",
            ),
            ("setup.cfg", "[options]\ninstall_requires =\n    numpy\n    torch>=2.1\n"),
            ("setup.cfg", "[options.extras_require]\ntrain = torch>=2.1\n"),
            ("requirements.txt", "--extra-index-url x\nTorch >= 2.1  # for compile\n"),
            ("requirements-gpu.txt", "torch>=2.1\n"),
        ],
    )
    def test_each_place_of_a_requirement_is_read(self, tmp_path: Path, name: str, text: str) -> None:
        (tmp_path / name).write_text(text)

        assert str(requirements.torch_range(str(tmp_path / "train.py"))) == ">=2.1"

    @pytest.mark.parametrize(
        "text",
        ["torch", "torchvision>=0.9", "torch-geometric>=2.0", "torch.metrics>=1", "torch @ https://host/torch-2.1.whl"],
    )
    def test_what_names_no_release_of_torch_says_nothing(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "requirements.txt").write_text(text)

        assert requirements.torch_range(str(tmp_path / "train.py")) == TorchRange()

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("pyproject.toml", "[project"),
            ("pyproject.toml", "project = 3"),
            ("setup.cfg", "torch>=2.1"),
            ("requirements.txt", f"torch=={'9' * 5000}"),
            ("requirements.in", "torch==2.1"),
            ("notes.txt", "torch==2.1"),
        ],
    )
    def test_a_broken_file_or_another_one_says_nothing(self, tmp_path: Path, name: str, text: str) -> None:
        (tmp_path / name).write_text(text)

        assert requirements.torch_range(str(tmp_path / "train.py")) == TorchRange()

    def test_the_range_holds_all_declarations_of_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_text("torch==1.13.1")
        (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["torch>=2.1,<2.6"]\n')

        assert str(requirements.torch_range(str(tmp_path / "train.py"))) == ">=1.13.1,<2.6"

    def test_a_bound_that_one_declaration_lacks_is_none(self) -> None:
        assert str(TorchRange.hull([TorchRange.parse(">=2.1,<2.6"), TorchRange.parse(">=1.8")])) == ">=1.8"


class TestFolders:
    def test_the_nearest_folder_with_a_release_counts(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_text("torch>=1.0")
        (tmp_path / "example").mkdir()
        (tmp_path / "example" / "requirements.txt").write_text("torch>=2.1")

        assert str(requirements.torch_range(str(tmp_path / "example" / "train.py"))) == ">=2.1"

    def test_folders_without_one_are_passed(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_text("torch>=1.0")
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "requirements.txt").write_text("numpy\n")

        assert str(requirements.torch_range(str(tmp_path / "a" / "b" / "train.py"))) == ">=1.0"

    @pytest.mark.parametrize("mark", [".git", "setup.py", "pyproject.toml"])
    def test_the_project_ends_at_its_root(self, tmp_path: Path, mark: str) -> None:
        (tmp_path / "requirements.txt").write_text("torch>=1.0")
        (tmp_path / "project").mkdir()
        (tmp_path / "project" / mark).touch()

        assert requirements.torch_range(str(tmp_path / "project" / "train.py")) == TorchRange()

    def test_a_folder_far_above_is_not_asked(self, tmp_path: Path) -> None:
        deep = tmp_path.joinpath(*"abcdefghij")
        deep.mkdir(parents=True)
        (tmp_path / "requirements.txt").write_text("torch>=1.0")

        assert requirements.torch_range(str(deep / "train.py")) == TorchRange()

    def test_source_without_a_file_has_no_range(self) -> None:
        assert requirements.torch_range("<?>") == TorchRange()
