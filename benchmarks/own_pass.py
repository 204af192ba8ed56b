"""Runs Pylint with the plugin in this process and says how much of its time went into our own pass.

    python own_pass.py RESULT.json PYLINT-ARGUMENT...

Writes JSON: the CPU seconds of the whole process, those within ``TorchChecker.leave_module``, and those of each file.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from astroid import nodes
from pylint.lint import Run

from pylint_torchcheck.checker import TorchChecker

_inner = TorchChecker.leave_module
files: dict[str, tuple[int, float]] = {}  # path -> lines, CPU seconds


def timed(checker: TorchChecker, node: nodes.Module) -> None:
    """Do what the checker does, and note how long it took."""
    begun = time.process_time()
    _inner(checker, node)
    files[node.file] = (node.tolineno or 0, time.process_time() - begun)


def main(result: str, *arguments: str) -> None:
    """Lint, then write the result; Pylint's messages go where they always go."""
    setattr(TorchChecker, "leave_module", timed)  # noqa: B010 -- a type checker objects to the plain assignment
    Run(list(arguments), exit=False)
    own_s = sum(seconds for _, seconds in files.values())
    # The process's clock starts with the process, so the interpreter's start and all imports are in the whole.
    content = {"whole_s": time.process_time(), "own_s": own_s, "files": files}
    Path(result).write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
