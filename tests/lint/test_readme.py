"""What README shows is what happens."""

import re
from pathlib import Path

from pylint_torchcheck.command import main
from pylint_torchcheck.pitfalls import PITFALLS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_shows_the_real_output(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)

    main(["examples"])
    output = capsys.readouterr().out

    assert output.count("\n") > 6
    assert f"```\n{output}```" in README


def test_readme_names_only_pitfalls_that_exist():
    finds = README.partition("## What it finds")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", finds))

    assert named
    assert named <= {pitfall.symbol for pitfall in PITFALLS}


def test_example_has_six_different_pitfalls(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)

    main(["--msg-template={symbol}", "examples/mistakes.py"])
    symbols = capsys.readouterr().out.splitlines()[1:]

    assert len(symbols) == len(set(symbols)) == 6


def test_silent_on_the_guarded_example(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)

    assert main(["examples/digits.py"]) == 0
    assert capsys.readouterr().out == ""
