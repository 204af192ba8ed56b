"""What importing torchguard promises."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import torchguard as tg
from torchguard import errors

FILES = sorted(Path(tg.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("missing", ["torch", "numpy"])
def test_without_torch_one_sentence_says_what_to_install(missing):
    script = f"import sys; sys.modules[{missing!r}] = None; import torchguard"
    root = Path(tg.__file__).parent.parent
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=False)

    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].endswith("write pip install 'pylint-torchcheck[guard]'")


def test_every_public_name_exists():
    assert sorted(tg.__all__) == sorted(set(tg.__all__))
    assert all(hasattr(tg, name) for name in tg.__all__)


def test_every_error_is_public_and_in_the_tree():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]

    assert all(kind.__name__ in tg.__all__ and kind.__name__ in errors.__doc__ for kind in kinds)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_linter_is_never_imported(file):
    imported = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])

    assert imported.isdisjoint({"pylint", "astroid"})
