"""Writes ``docs/pitfalls/<symbol>/README.md`` for each pitfall, from its file and its example pair.

    python tools/generate_pages.py            # write the pages
    python tools/generate_pages.py --check    # only say which pages are out of date; exit status 1 if any is

What the pages say stands in the pitfalls and in the pairs; change it there.
"""

from __future__ import annotations

import argparse
import difflib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import astroid

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pylint_torchcheck.pitfalls import PITFALLS  # noqa: E402  # the checkout's own, installed or not
from pylint_torchcheck.pitfalls.pitfall import Pitfall  # noqa: E402
from pylint_torchcheck.trace.program import Program  # noqa: E402

PAGES = ROOT / "docs" / "pitfalls"
WIDTH = 110
SEVERITIES = {
    "E": "wrong every time",
    "W": "wrong nearly always",
    "R": "a habit that costs something",
    "C": "a habit that costs something",
}


class NoFindingError(Exception):
    """A pitfall does not find itself in its own bad example, so its page would have no message to show."""


def page(pitfall: type[Pitfall]) -> str:
    """Return the page of one pitfall."""
    bad, good = (_example(pitfall, name) for name in ("bad.py", "good.py"))
    return "\n\n".join(_sections(pitfall, bad, good)) + "\n"


def _sections(pitfall: type[Pitfall], bad: str, good: str) -> Iterator[str]:
    yield "<!-- Written by tools/generate_pages.py from the pitfall and its pair; edit those. -->"
    yield f"# {pitfall.symbol}"
    yield _in_markdown(inspect.cleandoc(pitfall.__doc__ or ""))
    yield _facts(pitfall)
    yield "## Wrong"
    yield _intention(bad)
    yield f"```python\n{_code(bad)}\n```"
    yield "What torchcheck says of the marked line:"
    yield f"```text\n{_wrapped(_message(pitfall, bad))}\n```"
    yield "## Right"
    yield "What [`good.py`](good.py) does otherwise. Run both: each prints what comes of it."
    yield f"```diff\n{_difference(bad, good)}\n```"
    yield "## If it is meant"
    yield f"Allow it on one line with `# pylint: disable={pitfall.symbol}`."


def _facts(pitfall: type[Pitfall]) -> str:
    rows = [
        ("Id", f"{pitfall.msgid}, {SEVERITIES[pitfall.msgid[0]]}"),
        ("Family", pitfall.family),
        ("Versions of torch", pitfall.torch_versions),
        ("On by default", "yes" if pitfall.default_enabled else f"no; `--enable={pitfall.symbol}`"),
    ]
    if pitfall.guard:
        rows.append(("Guard that prevents it", f"`{pitfall.guard}`"))
    if pitfall.old_names:
        rows.append(("Old names", ", ".join(f"`{symbol}` ({msgid})" for msgid, symbol in pitfall.old_names)))
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {fact} |" for name, fact in rows)])


def _in_markdown(text: str) -> str:
    """Turn a docstring's ``code`` into `code`."""
    return re.sub(r"``(.+?)``", r"`\1`", text)


def _example(pitfall: type[Pitfall], name: str) -> str:
    return (PAGES / pitfall.symbol / name).read_text(encoding="utf-8")


def _intention(source: str) -> str:
    """Return what an example sets out to do: its docstring."""
    docstring = astroid.parse(source).doc_node
    text = docstring.value if docstring is not None else ""
    return f"[`bad.py`](bad.py): {text[:1].lower()}{text[1:]}"


def _code(source: str) -> str:
    """Return an example without its docstring, which the page shows as text."""
    docstring = astroid.parse(source).doc_node
    skipped = docstring.end_lineno or 0 if docstring is not None else 0
    return "\n".join(source.splitlines()[skipped:]).strip()


def _message(pitfall: type[Pitfall], bad: str) -> str:
    for finding in pitfall.check(Program(astroid.parse(bad))):
        return pitfall.message % finding.details if finding.details else pitfall.message
    raise NoFindingError(f"{pitfall.symbol} finds nothing in its own bad.py; mend one of the two")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _difference(bad: str, good: str) -> str:
    """Return the changed lines with the lines around them, without the headers of a diff and without the marks."""
    before = [re.sub(r"  # \[[a-z-]+\]$", "", line) for line in bad.splitlines()]
    lines = list(difflib.unified_diff(before, good.splitlines(), n=2, lineterm=""))[2:]
    return "\n".join("" if line.startswith("@@") else line.rstrip() for line in lines).strip("\n")


def _outdated() -> Iterator[tuple[Path, str]]:
    for pitfall in PITFALLS:
        path = PAGES / pitfall.symbol / "README.md"
        text = page(pitfall)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            yield path, text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description="Write the pages of the pitfalls.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is out of date")
    check = parser.parse_args(arguments).check
    outdated = list(_outdated())
    for path, text in outdated:
        shown = path.relative_to(ROOT).as_posix()
        if check:
            print(f"{shown} is out of date; run python tools/generate_pages.py")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {shown}")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
