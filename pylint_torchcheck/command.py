"""The ``torchcheck`` command: Pylint with our pitfalls and nothing else."""

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import pylint
from pylint.config.exceptions import ArgumentPreprocessingError
from pylint.exceptions import InvalidReporterError
from pylint.lint import Run

from pylint_torchcheck import __version__, explain, tracing
from pylint_torchcheck.linter import PitfallLinter, UsageError

USAGE_ERROR = 32  # Pylint's bit for it; 1 fatal, 2 error, 4 warning, 8 refactor, 16 convention

# They come before the user's own arguments, which may say otherwise.
DEFAULTS = (
    "--load-plugins=pylint_torchcheck",
    "--score=n",
    "--reports=n",
    "--persistent=n",
    "--recursive=n",
    "--fail-on=",
)

DESCRIPTION = "Find PyTorch training mistakes before the run."
EPILOG = """\
Every other option goes to Pylint (see pylint --help), for example:
  -j 4                       check with four processes
  --disable=SYMBOL,...       leave pitfalls out
  --output-format=json2      for other programs
  --rcfile=FILE              instead of the project's pyproject.toml or pylintrc

exit status: 0 nothing found; else a sum of 1 (a file was not read), 2 (error), 4 (warning),
8 (refactor), 16 (convention) and 32 (bad usage)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns Pylint's exit status."""
    if arguments is None and hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end quietly in `torchcheck ... | head`
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except (UsageError, explain.UnknownPitfallError, tracing.UnreadableFileError, ArgumentPreprocessingError) as error:
        return _usage_error(str(error))
    except InvalidReporterError as error:
        return _usage_error(f"there is no output format {error}; pylint --help lists them")
    except KeyboardInterrupt:
        return _usage_error("interrupted; files after the last finding may be unchecked")


def _run(arguments: list[str]) -> int:
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if options.version:
        print(f"torchcheck {__version__} (pylint {pylint.__version__})")
    elif options.list:
        print(explain.listing())
    elif options.explain is not None:
        print(explain.explanation(options.explain))
    elif options.trace is not None:
        print(tracing.report(options.trace))
    elif options.help or not arguments:
        parser.print_help()
        return 0 if options.help else USAGE_ERROR
    else:
        return lint(rest)
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="torchcheck",
        usage="torchcheck [pylint options] PATH...\n       torchcheck --explain SYMBOL\n       torchcheck --list\n"
        "       torchcheck --trace FILE",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # Pylint has a --list-msgs
        add_help=False,
    )
    parser.add_argument("--explain", metavar="SYMBOL", help="print why a pitfall bites, a wrong and a right example")
    parser.add_argument("--list", action="store_true", help="print all pitfalls, one line each")
    parser.add_argument("--trace", metavar="FILE", help="print what the reader saw, line by line")
    parser.add_argument("--version", action="store_true", help="print the versions of torchcheck and pylint")
    parser.add_argument("-h", "--help", action="store_true", help="print this")
    return parser


def _usage_error(message: str) -> int:
    print(f"torchcheck: {message}", file=sys.stderr)
    return USAGE_ERROR


def lint(arguments: Sequence[str]) -> int:
    """Check the paths among ``arguments``; the others are Pylint's options. Returns Pylint's exit status."""
    try:
        linter = _Run([*DEFAULTS, *arguments], exit=False).linter
    except SystemExit as error:  # a bad option value: argparse's 2 would read as "an error was found"
        return USAGE_ERROR if error.code == 2 else int(error.code or 0)
    assert isinstance(linter, PitfallLinter)
    if linter.config.exit_zero:
        return 0
    return linter.msg_status | (USAGE_ERROR if linter.met_empty_folder else 0)


class _Run(Run):
    LinterClass = PitfallLinter
