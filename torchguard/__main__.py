"""``python -m torchguard COMMAND``: each command is a module of `torchguard.commands`, imported when asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

# command: its module, and one line about it
COMMANDS = {
    "checkpoints": ("torchguard.commands.checkpoints", "list the checkpoints in a folder, and verify them"),
    "verify-resume": ("torchguard.commands.verify_resume", "kill a training script, resume it, and compare bit by bit"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in COMMANDS:
        status: int = import_module(COMMANDS[given[0]][0]).main(given[1:])
        return status
    asked = not given or given[0] in ("-h", "--help")
    lines = [] if asked else [f"there is no command {given[0]!r}"]
    lines += ["usage: python -m torchguard COMMAND ...", ""]
    lines += [f"  {name:15} {about}" for name, (_, about) in COMMANDS.items()]
    print("\n".join(lines), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main())
