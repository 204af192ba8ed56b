"""How many planted mistakes are found: one at a time, in real scripts, before and after.

    python benchmarks/corpus.py FOLDER                    # first: fetches the repositories
    python benchmarks/mutations.py FOLDER
    python benchmarks/mutations.py FOLDER --only missing-eval --misses
    python benchmarks/mutations.py FOLDER --keep PLANTED  # writes each pair of scripts, for other tools

It needs Pylint and nothing else, and prints Markdown.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from astroid.builder import AstroidBuilder
from astroid.manager import AstroidManager
from corpus import repositories
from mistakes import MISTAKES, Mistake
from planting import Script
from run_mistakes import RUN_MISTAKES

from pylint_torchcheck.pitfalls import PITFALLS
from pylint_torchcheck.trace import neighbours, project
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.program import Program, mentions_torch

_SEED = 20
_FROM_ONE_REPOSITORY = 2  # scripts, of one mistake
_OF_ONE_MISTAKE = 25  # scripts
_MOST_IMPORTERS = 12  # files that import the spoilt one and are linted as well
_LONGEST = 200_000  # bytes
_ENTRY = re.compile(r'"\w+": [\w.]+\(\)')  # of a checkpoint, that a finding says is missing
_ALL = [*MISTAKES, *RUN_MISTAKES]


@dataclass(frozen=True)
class Planted:
    """A script with one mistake."""

    mistake: Mistake
    repository: str
    path: str  # within the repository
    source: bytes
    line: int  # the first that differs


@dataclass(frozen=True)
class Result:
    """What the linter said of a script with a mistake that it did not say before."""

    planted: Planted
    new: Counter[str]

    @property
    def found(self) -> bool:
        """Whether one of the new findings names the mistake."""
        return any(self.new[symbol] > 0 for symbol in self.planted.mistake.symbols)


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant, lint, print the table; returns the exit status."""
    options = _parser().parse_args(arguments)
    wanted = [one for one in _ALL if not options.only or one.symbols & set(options.only.split(","))]
    wanted = [one for one in wanted if one in RUN_MISTAKES or not options.runs]
    planted = list(choose(options.corpus, wanted))
    if options.keep:
        keep(planted, options.corpus, options.keep)
    tasks = _by_repository(planted)
    with Pool(options.jobs) as pool:
        parts = pool.starmap(examine, [(options.corpus / name, ones) for name, ones in tasks], chunksize=1)
    results = [result for part in parts for result in part]
    print("\n".join(table(results)))
    if options.misses:
        print("\n".join(misses(results)))
    return 0


def choose(corpus: Path, mistakes: Sequence[Mistake]) -> Iterator[Planted]:
    """Choose where to plant: by a fixed seed, one place a script, two scripts a repository, 25 a mistake."""
    offers: dict[str, dict[str, list[Planted]]] = defaultdict(lambda: defaultdict(list))
    for repository in repositories():
        here = [one for one in mistakes if repository.is_of_all or one in RUN_MISTAKES]
        for path in sorted((corpus / repository.name).rglob("*.py")):
            for planted in _plants(corpus, repository.name, path, here):
                offers[planted.mistake.name][repository.name].append(planted)
    for mistake in mistakes:
        draw = random.Random(f"{_SEED} {mistake.name}")
        chosen = [
            planted
            for ones in offers[mistake.name].values()
            for planted in draw.sample(ones, min(len(ones), _FROM_ONE_REPOSITORY))
        ]
        yield from draw.sample(chosen, min(len(chosen), _OF_ONE_MISTAKE))


def _plants(corpus: Path, repository: str, path: Path, mistakes: Sequence[Mistake]) -> Iterator[Planted]:
    within = path.relative_to(corpus / repository)
    if re.search(r"(^|/)(tests?|docs)/|(^|/)test_", within.as_posix()) or path.stat().st_size > _LONGEST:
        return
    try:
        script = Script(path)
    except (SyntaxError, ValueError):  # a UnicodeDecodeError is a ValueError: the file is of another Python
        return
    if not script.mentions(r"(?m)^\s*(import|from) torch\b"):
        return
    for mistake in mistakes:
        draw = random.Random(f"{_SEED} {mistake.name} {repository} {within}")
        places = sorted(set(mistake.places(script)), key=lambda plant: [edit.start for edit in plant])
        if places:
            source = script.planted(draw.choice(places))
            ast.parse(source)  # a mistake must still be Python
            yield Planted(mistake, repository, within.as_posix(), source, _first_difference(script.source, source))


def examine(folder: Path, planted: Sequence[Planted]) -> list[Result]:
    """Lint each script before and after, in a copy of its repository."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch).resolve() / folder.name
        shutil.copytree(folder, copy, ignore=_no_python)
        (copy / ".git").mkdir(exist_ok=True)  # where the project ends
        return [_examined(copy, one) for one in planted]


def _examined(copy: Path, planted: Planted) -> Result:
    """Lint a script; and where that shows nothing, the files that import it, for what two files make together."""
    script = copy / planted.path
    result = Result(planted, _news([script], script, planted.source))
    if not result.found:
        result = Result(planted, result.new + _news(_importers(copy, script), script, planted.source))
    return result


def _news(files: Sequence[Path], script: Path, source: bytes) -> Counter[str]:
    """Return the findings in the files that there are only when the script has this source."""
    before, original = _findings(files), script.read_bytes()
    try:
        script.write_bytes(source)
        return _findings(files) - before
    finally:
        script.write_bytes(original)


def _findings(files: Sequence[Path]) -> Counter[str]:
    """Count findings by symbol; one that says of several entries that they are missing counts for each of them."""
    neighbours.forget()
    project.forget()
    return Counter(symbol for file in files for symbol, _, _ in set(_of_file(file)))


def _of_file(file: Path) -> Iterator[tuple[str, tuple[int, int], str]]:
    try:
        tree = AstroidBuilder(AstroidManager(), apply_transforms=False).string_build(
            project.text_of(file) or "", file.stem, str(file)
        )
    except Exception:  # pylint: disable=broad-exception-caught  # Pylint reports what astroid cannot read
        return
    if not mentions_torch(tree):
        return
    program = Program(tree, PITFALLS)
    for pitfall in PITFALLS:
        for finding in pitfall.check(program):
            if isinstance(finding.place, Place):
                place = (finding.place.node.lineno or 0, finding.place.node.col_offset or 0)
                for entry in _ENTRY.findall(finding.details[-1] if finding.details else "") or [""]:
                    yield pitfall.symbol, place, entry


def _importers(copy: Path, script: Path) -> list[Path]:
    pattern = re.compile(rf"(?m)^\s*(from|import)\b[^#\n]*\b{re.escape(script.stem)}\b")
    found = (
        file
        for file in sorted(copy.rglob("*.py"))
        if file != script and pattern.search(file.read_text(errors="replace"))
    )
    return [file for file, _ in zip(found, range(_MOST_IMPORTERS), strict=False)]


def _no_python(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (not name.endswith(".py") and not Path(folder, name).is_dir()) or name == ".git"]


def _by_repository(planted: Sequence[Planted]) -> list[tuple[str, list[Planted]]]:
    groups: dict[str, list[Planted]] = defaultdict(list)
    for one in planted:
        groups[one.repository].append(one)
    return sorted(groups.items(), key=lambda item: -len(item[1]))


def _first_difference(before: bytes, after: bytes) -> int:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 1)


def table(results: Sequence[Result]) -> Iterator[str]:
    """Return the lines of the table: what was planted how often, and how often it was found."""
    yield "| mistake | symbol | scripts | repositories | found | |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for mistake in _ALL:
        ours = [
            result
            for result in results
            if result.planted.mistake is mistake or result.planted.mistake.name == mistake.name
        ]
        if ours:
            yield _row(mistake.name, " or ".join(sorted(mistake.symbols)), ours)
    yield _row("all", "", results)


def _row(name: str, symbols: str, results: Sequence[Result]) -> str:
    found = sum(result.found for result in results)
    scripts = len({(result.planted.repository, result.planted.path) for result in results})
    places = len({result.planted.repository for result in results})
    counted = len(results) if name != "all" else f"{len(results)} in {scripts}"
    return f"| {name} | {symbols} | {counted} | {places} | {found} | {found / len(results):.0%} |"


def misses(results: Sequence[Result]) -> Iterator[str]:
    """List what was not found, with what was said instead."""
    yield ""
    for result in results:
        if not result.found:
            planted = result.planted
            said = ", ".join(sorted(result.new)) or "nothing"
            yield f"- {planted.mistake.name}: {planted.repository}/{planted.path}:{planted.line} ({said})"


def keep(planted: Sequence[Planted], corpus: Path, folder: Path) -> None:
    """Write each script before and after, by number, and what was planted where."""
    for number, one in enumerate(planted):
        for name, source in (("before", (corpus / one.repository / one.path).read_bytes()), ("after", one.source)):
            place = folder / name / f"{number:03}.py"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(source)
    listing = [
        [one.mistake.name, " ".join(sorted(one.mistake.symbols)), one.repository, one.path, one.line] for one in planted
    ]
    (folder / "planted.json").write_text(json.dumps(listing, indent=0), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, metavar="FOLDER", help="where corpus.py put the repositories")
    parser.add_argument(
        "--only", metavar="SYMBOLS", help="plant only what one of these symbols names, separated by commas"
    )
    parser.add_argument("--runs", action="store_true", help="plant only the mistakes of run_mistakes.py")
    parser.add_argument("--misses", action="store_true", help="list what was not found")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write the scripts before and after into this folder")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="processes (default: 2)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
