"""The ``torchcheck`` command: what it runs, what it says of paths that it cannot check, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from pylint_torchcheck import explain, linter
from pylint_torchcheck.command import main
from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall
from pylint_torchcheck.targets import module_name

NO_ZERO_GRAD = """\
import os
import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for batch in torch.randn(8, 16, 4):
    loss = model(batch).square().mean()
    loss.backward()
    optimizer.step()
"""
WARNING = 4
ERROR = 2
FATAL = 1
USAGE = 32


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty folder to work in, with one training script that has one mistake."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(NO_ZERO_GRAD, encoding="utf-8")
    return tmp_path


@pytest.fixture
def torchcheck(capsys):
    """Run the command in this process; returns its exit status, output and errors."""

    def run(*arguments):
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def findings(output):
    return [line for line in output.splitlines() if not line.startswith("*****")]


class TestFindings:
    def test_runs_our_pitfalls_and_no_other_check(self, project, torchcheck):
        status, output, _ = torchcheck("train.py")

        assert status == WARNING
        assert [line.rpartition(" ")[2] for line in findings(output)] == ["(missing-zero-grad)"]

    def test_no_score_is_printed(self, project, torchcheck):
        assert "rated" not in torchcheck("train.py")[1]

    def test_silent_on_clean_file(self, project, torchcheck):
        Path("clean.py").write_text("import torch\n", encoding="utf-8")

        assert torchcheck("clean.py") == (0, "", "")

    def test_silent_on_empty_file(self, project, torchcheck):
        Path("empty.py").touch()

        assert torchcheck("empty.py") == (0, "", "")

    def test_disable_leaves_a_pitfall_out(self, project, torchcheck):
        assert torchcheck("--disable=missing-zero-grad", "train.py") == (0, "", "")

    def test_a_pitfall_that_is_off_by_default_is_found_once_enabled(self, project, torchcheck):
        reading = "import torch\nnumber = torch.randn(3).mean().data{}\n"
        (project / "train.py").write_text(reading.format(""), encoding="utf-8")
        (project / "commented.py").write_text(
            reading.format("  # pylint: enable=tensor-data-attribute"), encoding="utf-8"
        )
        output = torchcheck("train.py", "commented.py")[1]

        assert [line.partition(":")[0] for line in findings(output)] == ["commented.py"]
        assert torchcheck("--enable=tensor-data-attribute", "train.py")[0]

    def test_enable_adds_a_check_of_pylint(self, project, torchcheck):
        assert "(unused-import)" in torchcheck("--enable=unused-import", "train.py")[1]

    def test_output_format_passes_through(self, project, torchcheck):
        assert '"symbol": "missing-zero-grad"' in torchcheck("--output-format=json2", "train.py")[1]

    def test_exit_zero_passes_through(self, project, torchcheck):
        status, output, _ = torchcheck("--exit-zero", "train.py")

        assert (status, len(findings(output))) == (0, 1)

    def test_several_jobs_give_the_same_findings(self, project):
        for name in ("a", "b"):
            Path(name).mkdir()
            Path(name, "train.py").write_text(NO_ZERO_GRAD, encoding="utf-8")
        Path("broken.py").write_text("x = (\n", encoding="utf-8")

        runs = [
            subprocess.run(
                [sys.executable, "-m", "pylint_torchcheck", f"-j{jobs}", "."],
                capture_output=True,
                text=True,
                check=False,
            )
            for jobs in (1, 2)
        ]

        assert runs[0].returncode == runs[1].returncode == WARNING | ERROR
        assert sorted(findings(runs[0].stdout)) == sorted(findings(runs[1].stdout))
        assert len(findings(runs[0].stdout)) == 4


class TestConfiguration:
    def configure(self, text):
        Path("pyproject.toml").write_text(text, encoding="utf-8")

    @pytest.mark.parametrize("name", ["missing-zero-grad", "W7711"])
    def test_obeys_a_disabled_pitfall(self, project, torchcheck, name):
        self.configure(f'[tool.pylint."messages control"]\ndisable = ["{name}"]\n')

        assert torchcheck("train.py") == (0, "", "")

    @pytest.mark.parametrize("names", ['"all"', '"W"', '"torchcheck"', '"all", "W", "no-such-message"'])
    def test_what_is_disabled_for_pylint_does_not_silence_us(self, project, torchcheck, names):
        self.configure(f'[tool.pylint."messages control"]\ndisable = [{names}]\n')

        assert "(missing-zero-grad)" in torchcheck("train.py")[1]

    def test_what_is_enabled_for_pylint_stays_out(self, project, torchcheck):
        self.configure('[tool.pylint.main]\nenable = ["unused-import"]\nfail-on = ["unused-import"]\nscore = true\n')

        assert len(findings(torchcheck("train.py")[1])) == 1

    def test_the_command_line_wins(self, project, torchcheck):
        self.configure('[tool.pylint."messages control"]\ndisable = ["missing-zero-grad"]\n')

        assert "(missing-zero-grad)" in torchcheck("--enable=missing-zero-grad", "train.py")[1]

    def test_a_plugin_that_is_not_installed_does_not_matter(self, project, torchcheck):
        self.configure('[tool.pylint.main]\nload-plugins = ["no_such_plugin"]\n[tool.pylint.no_such]\noption = 3\n')

        status, output, _ = torchcheck("train.py")

        assert (status, len(findings(output))) == (WARNING, 1)

    def test_unknown_messages_in_comments_do_not_matter(self, project, torchcheck):
        Path("clean.py").write_text("import torch  # pylint: disable=no-such-message\n", encoding="utf-8")

        assert torchcheck("clean.py") == (0, "", "")

    @pytest.mark.parametrize("name", ["part", "train.py"])
    def test_ignored_names_are_obeyed(self, project, torchcheck, name):
        self.configure(f'[tool.pylint.main]\nignore = ["{name}"]\n')
        Path("part").mkdir()
        Path("train.py").rename("part/train.py")
        Path("clean.py").touch()

        assert torchcheck(".") == (0, "", "")

    def test_names_above_the_project_do_not_matter(self, project, torchcheck):
        self.configure(f'[tool.pylint.main]\nignore = ["{project.parent.name}"]\n')

        assert torchcheck(str(project / "train.py"))[0] == WARNING

    def test_says_so_if_all_is_ignored(self, project, torchcheck):
        self.configure('[tool.pylint.main]\nignore-paths = ["tra.*"]\n')
        words = "torchcheck: nothing was checked, since the configuration ignores all that was named\n"

        assert torchcheck("train.py") == (0, "", words)
        assert torchcheck("--ignore-paths=", "train.py")[0] == WARNING


class TestBadInput:
    """Each is one line, and the other files are still checked."""

    def check(self, torchcheck, target, bit, words):
        status, output, _ = torchcheck(target, "train.py")
        about_target = [line for line in findings(output) if "train.py" not in line]

        assert status == WARNING | bit
        assert "(missing-zero-grad)" in output
        assert len(about_target) == 1
        assert words in about_target[0]

    def test_missing_file(self, project, torchcheck):
        self.check(torchcheck, "nothing.py", FATAL, "nothing.py does not exist; check the path")

    def test_misspelt_file(self, project, torchcheck):
        assert "trian.py does not exist; did you mean train.py?" in torchcheck("trian.py")[1]

    def test_missing_folder(self, project, torchcheck):
        self.check(torchcheck, "no/such.py", FATAL, "no/such.py does not exist, nor does the folder no")

    def test_broken_link(self, project, torchcheck):
        Path("link.py").symlink_to("gone.py")

        self.check(torchcheck, "link.py", FATAL, "link.py links to gone.py, which does not exist")

    def test_notebook(self, project, torchcheck):
        Path("lesson.ipynb").write_text('{"cells": []}', encoding="utf-8")

        self.check(torchcheck, "lesson.ipynb", FATAL, "lesson.ipynb is a notebook, and notebooks are not read yet")

    def test_file_that_cannot_be_opened(self, project, torchcheck):
        Path("folder").mkdir()
        Path("folder", "loop.py").symlink_to("loop.py")  # fails for every user, root too

        self.check(torchcheck, "folder", FATAL, "the file cannot be read (Too many levels of symbolic links)")

    # astroid leaves a file open that it cannot decode.
    @pytest.mark.filterwarnings("ignore:unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.parametrize(
        ("content", "place", "words"),
        [
            pytest.param(b"x = (\n", ":1:4:", "'(' was never closed", id="syntax"),
            pytest.param(b"import torch\nprint 'x'\n", ":2:0:", "Missing parentheses", id="python 2"),
            pytest.param(b"x = 1\n\0\n", ":2:0:", "the file holds null bytes", id="null bytes"),
            pytest.param("x = 1".encode("utf-16"), ":1:0:", "the file holds null bytes", id="utf-16"),
            pytest.param(b"x = 'caf\xe9'\n", ":1:0:", "byte 0xe9 is not UTF-8", id="not utf-8"),
            pytest.param(b"\n" * 9 + b"x = 'caf\xe9'\n", ":10:0:", "byte 0xe9 is not UTF-8", id="not utf-8, late"),
            pytest.param(b"# coding: foo\n", ":1:0:", "declares the encoding foo", id="unknown encoding"),
            pytest.param(b"# coding: ascii\n\n\nx = '\xc3\xa9'\n", ":4:0:", "is not ASCII", id="wrong encoding"),
            pytest.param(b"x = " + b"+".join([b"1"] * 20_000), ":1:0:", "nested too deeply", id="deep"),
        ],
    )
    def test_file_that_is_no_python(self, project, torchcheck, content, place, words):
        Path("odd.py").write_bytes(content)

        self.check(torchcheck, "odd.py", ERROR, words)
        assert f"odd.py{place} E0001: " in torchcheck("odd.py")[1]

    def test_an_error_in_astroid_costs_one_file(self, project, torchcheck, monkeypatch):
        Path("odd.py").write_text("import torch\n", encoding="utf-8")
        build = linter.MANAGER.ast_from_file

        def fail(path, *args, **kwargs):
            if path == "odd.py":
                raise KeyError("torch")
            return build(path, *args, **kwargs)

        monkeypatch.setattr(linter.MANAGER, "ast_from_file", fail)

        self.check(torchcheck, "odd.py", ERROR, "the file cannot be parsed (KeyError: 'torch')")

    def test_folder_without_python_files(self, project, torchcheck):
        Path("data").mkdir()

        status, output, errors = torchcheck("data", "train.py")

        assert status == WARNING | USAGE
        assert errors == "torchcheck: data holds no Python files; name a file, or a folder that holds some\n"
        assert "(missing-zero-grad)" in output

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--disable=missing-zero-gard"], "there is no message missing-zero-gard; did you mean missing-zero-grad?"),
            (["--output-format=nice"], "there is no output format nice"),
            (["--explain"], "expected one argument"),
            (["--explian"], "Unrecognized option found: explian"),
            (["--jobs=many"], "invalid int value: 'many'"),
        ],
    )
    def test_bad_option(self, project, torchcheck, arguments, words):
        status, output, errors = torchcheck("train.py", *arguments)

        assert (status, output) == (USAGE, "")
        assert words in errors.splitlines()[-1]

    def test_no_arguments_print_the_help(self, torchcheck):
        status, output, _ = torchcheck()

        assert status == USAGE
        assert output.startswith("usage: torchcheck")

    def test_closed_pipe_ends_quietly(self, project):
        with subprocess.Popen(
            [sys.executable, "-m", "pylint_torchcheck", "."], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            process.stdout.close()
            errors = process.stderr.read()

        assert errors == b""


class TestFiles:
    def write(self, *paths):
        for path in paths:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(NO_ZERO_GRAD, encoding="utf-8")

    def checked(self, torchcheck, *targets):
        return [line.partition(":")[0] for line in findings(torchcheck(*targets)[1])]

    def test_same_named_modules_are_all_checked(self, project, torchcheck):
        self.write("a/utils.py", "b/utils.py", "utils/other.py")

        assert self.checked(torchcheck, "a", "b/utils.py") == ["a/utils.py", "b/utils.py"]

    def test_scripts_in_a_subfolder_of_a_package_are_checked(self, project, torchcheck):
        self.write("pkg/__init__.py", "pkg/scripts/run.py")

        assert self.checked(torchcheck, "pkg") == ["pkg/__init__.py", "pkg/scripts/run.py"]

    def test_a_package_file_stands_for_itself(self, project, torchcheck):
        self.write("pkg/__init__.py", "pkg/other.py")

        assert self.checked(torchcheck, "pkg/__init__.py") == ["pkg/__init__.py"]

    def test_a_file_named_twice_is_checked_once(self, project, torchcheck):
        assert self.checked(torchcheck, "train.py", "./train.py", ".") == ["train.py"]

    def test_a_dotted_module_name_is_found(self, project, torchcheck):
        self.write("pkg/__init__.py", "pkg/other.py")

        assert self.checked(torchcheck, "pkg.other") == ["pkg/other.py"]

    def test_environments_and_hidden_folders_are_left_out(self, project, torchcheck):
        self.write(".hidden/a.py", "env/lib/b.py", "src/__pycache__/c.py")
        Path("env/pyvenv.cfg").touch()

        assert self.checked(torchcheck, ".") == ["train.py"]

    @pytest.mark.parametrize(
        ("path", "name"),
        [("pkg/__init__.py", "pkg"), ("pkg/a.py", "pkg.a"), ("pkg/plain/a.py", "a"), ("a.py", "a")],
    )
    def test_module_name_counts_packages(self, project, path, name):
        self.write("pkg/__init__.py", path)

        assert module_name(path) == name


class ForgottenThing(Pitfall):
    """Why it bites.

    More of it.
    """

    msgid = "W7799"
    symbol = "forgotten-thing"
    message = "%s forgets the thing; write thing()"
    guard = "torchguard.thing"
    old_names = (("W7798", "lost-thing"),)

    @classmethod
    def check(cls, program):
        yield Finding(place=None, details=("use(a)",))


class TestCatalogue:
    @pytest.fixture(autouse=True)
    def catalogue(self, tmp_path, monkeypatch):
        monkeypatch.setattr(explain, "PITFALLS", (ForgottenThing,))
        monkeypatch.setattr(explain, "PAIRS", (tmp_path / "nowhere", tmp_path))
        (tmp_path / "forgotten-thing").mkdir()
        (tmp_path / "forgotten-thing" / "bad.py").write_text("a = 1\nuse(a)  # [forgotten-thing]\n", encoding="utf-8")
        (tmp_path / "forgotten-thing" / "good.py").write_text("a = thing()\nuse(a)\n", encoding="utf-8")

    def test_list_has_one_line_a_pitfall(self, torchcheck):
        assert torchcheck("--list") == (0, "W7799  forgotten-thing  Why it bites.\n", "")

    @pytest.mark.parametrize("name", ["forgotten-thing", "W7799", "w7799", "lost-thing", "W7798"])
    def test_explain_prints_all_that_is_known(self, torchcheck, name):
        status, output, _ = torchcheck("--explain", name)

        assert status == 0
        assert output == (
            "forgotten-thing (W7799)\n"
            "\n"
            "Why it bites.\n"
            "\n"
            "More of it.\n"
            "\n"
            "Message: use(a) forgets the thing; write thing()\n"
            "\n"
            "Wrong:\n"
            "    a = 1\n"
            "  > use(a)  # [forgotten-thing]\n"
            "\n"
            "Right:\n"
            "    a = thing()\n"
            "    use(a)\n"
            "\n"
            "Guard: torchguard.thing\n"
            "\n"
            "Versions of torch: all\n"
        )

    def test_explain_names_the_nearest_symbol(self, torchcheck):
        message = "torchcheck: there is no pitfall forgoten-thing; did you mean forgotten-thing?\n"

        assert torchcheck("--explain", "forgoten-thing") == (USAGE, "", message)

    def test_explain_without_a_near_symbol_points_to_the_list(self, torchcheck):
        message = "torchcheck: there is no pitfall xyz; torchcheck --list names them all\n"

        assert torchcheck("--explain", "xyz") == (USAGE, "", message)


@pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda pitfall: pitfall.symbol)
def test_explain_shows_both_examples_and_the_marked_line(torchcheck, pitfall):
    status, output, _ = torchcheck("--explain", pitfall.symbol)

    assert status == 0
    assert "\nWrong:\n" in output
    assert f"# [{pitfall.symbol}]\n" in "".join(f"{line}\n" for line in output.splitlines() if line.startswith("  > "))
    assert "\nRight:\n" in output
    assert "..." not in output.partition("Message: ")[2].partition(" ")[0]
