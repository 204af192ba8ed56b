"""The public repositories that accuracy is measured on: fetches each at a fixed commit, by git.

    python benchmarks/corpus.py FOLDER

``corpus.txt`` lists them: owner and name, the commit, and a folder where not all of it counts; ``runs.txt`` has more,
where only mistakes of half precision, several GPUs and checkpoints are planted.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LISTS = {True: Path(__file__).with_name("corpus.txt"), False: Path(__file__).with_name("runs.txt")}


@dataclass(frozen=True)
class Repository:
    """A public repository at one commit."""

    address: str  # owner/name
    commit: str
    part: str  # the folder that counts; "." for all of it
    is_of_all: bool = True  # is every kind of mistake planted in it?

    @property
    def name(self) -> str:
        """The folder that it is fetched into."""
        return self.address.partition("/")[2]


def repositories() -> Iterator[Repository]:
    """Read the lists."""
    for is_of_all, listed in _LISTS.items():
        for line in listed.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                address, commit, *part = line.split()
                yield Repository(address, commit, part[0] if part else ".", is_of_all)


def fetch(repository: Repository, folder: Path) -> None:
    """Bring one commit of a repository into a folder, if it is not there yet."""
    place = folder / repository.name
    if place.exists():
        return
    git = ["git", "-C", str(place)]
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    subprocess.run([*git, "sparse-checkout", "set", "--no-cone", f"{repository.part}/**/*.py", "/*.py"], check=True)
    subprocess.run(
        [*git, "fetch", "-q", "--depth=1", "--filter=blob:none", _address(repository), repository.commit], check=True
    )
    subprocess.run([*git, "checkout", "-q", "FETCH_HEAD"], check=True)


def _address(repository: Repository) -> str:
    return f"https://github.com/{repository.address}.git"


if __name__ == "__main__":
    for one in repositories():
        print(one.address, file=sys.stderr)
        fetch(one, Path(sys.argv[1]))
