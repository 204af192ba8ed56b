"""An environment with this checkout and the other tools, made once and kept under a cache folder."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
OWN_PASS = Path(__file__).with_name("own_pass.py")

# The others, at the versions that the README's figures belong to.
PEERS = ("torchfix==0.7.0", "torch-preflight==0.5.0")
REPORTED = ("pylint", "astroid", "TorchFix", "libcst", "torch-preflight", "torch")
_LISTING = "from importlib.metadata import distributions\nfor d in distributions(): print(d.name, d.version)"


@dataclass(frozen=True)
class Environment:
    """A Python interpreter with the tools installed, and a folder to run them in."""

    python: Path
    folder: Path  # no configuration file but an empty one, so that none of the user's counts

    def script(self, name: str) -> str:
        """Return the path of a command that is installed beside the interpreter."""
        return str(self.python.with_name(name))

    @property
    def variables(self) -> dict[str, str]:
        """What to set so that this checkout is the one that is measured, and no terminal is asked for its width."""
        return {"PYTHONPATH": str(CHECKOUT), "PYLINTHOME": str(self.folder), "NO_COLOR": "1", "COLUMNS": "200"}

    @cached_property
    def versions(self) -> dict[str, str]:
        """The versions of all that is installed, by name."""
        listed = subprocess.run([self.python, "-c", _LISTING], check=True, capture_output=True, text=True).stdout
        return dict(line.split(" ", 1) for line in listed.splitlines())


def default_cache() -> Path:
    """Return the folder for the environment where the user names none."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "torchcheck-benchmarks"


def prepare(cache: Path) -> Environment:
    """Return the environment of this checkout, which is made if it is not there yet."""
    wanted = [*_pins(), *PEERS]
    key = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()[:12]
    place = cache.resolve() / key
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        print(f"making an environment in {place}", file=sys.stderr)
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", *wanted], check=True, stdout=sys.stderr)
        (place / "complete").touch()
    return at(python, cache)


def at(python: Path, cache: Path) -> Environment:
    """Return an environment that stands already, with its folder to run in."""
    folder = cache.resolve() / "empty"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pylintrc").touch()  # the first place where Pylint looks
    return Environment(python.absolute(), folder)  # not resolved: a venv's interpreter is a link


def _pins() -> Iterator[str]:
    """The lines of the checkout's constraints that concern the linter."""
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    yield from (line for line in lines if line.startswith(("pylint==", "astroid==")))


def facts(environment: Environment) -> str:
    """Return what the figures depend on: machine, load, Python, versions, the state of the checkout."""
    versions = environment.versions
    tools = ", ".join(f"{name} {versions[name]}" for name in REPORTED if name in versions)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    machine = f"{os.cpu_count()} cores ({_processor()}), {platform.system()}"
    return f"{machine}, load {load}; Python {platform.python_version()}; {tools}; commit {_commit()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
