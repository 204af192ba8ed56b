"""``torch.save(model, path)``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pylint_torchcheck.pitfalls.pitfall import Finding, Pitfall, signs
from pylint_torchcheck.pitfalls.questions import Contents, Event, Place, Program, Subject
from pylint_torchcheck.pitfalls.vocabulary import FileWritten, Kind


class WholeModuleSave(Pitfall):
    """A pickled module is its class by name, and its attributes as they are: no weights without that very code.

    After the class is moved, renamed or rewritten the file does not load, or loads into what no longer fits it. It
    needs ``weights_only=False``, which runs whatever else the file holds.
    """

    msgid = "W7746"
    symbol = "whole-module-save"
    message = (
        "%s pickles the module itself%s, which loads only with this very code and with weights_only=False; write "
        "%s.state_dict() in its place, or call torchguard.Checkpointer(folder, ...).save()"
    )
    guard = "torchguard.Checkpointer"
    signs = signs(["torch.save"])
    crosses_files = True

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find modules among what is saved, by themselves or in a mapping or list."""
        for trace in program.traces:
            for event in trace.events(FileWritten):
                if event.contents is not None and not event.is_told("pickle_module"):
                    yield from _pickled(program, event, event.contents)


def _pickled(program: Program, event: Event, contents: Contents) -> Iterator[Finding]:
    """Find modules in what one call saves; what a test saves, or has saved by a function, it is there to read."""
    if any(name.startswith("test_") for name in event.functions):
        return
    if _are_modules(contents.whole):
        place = program.giver(event, *contents.whole)
        if place is not None:
            yield _finding(program, place, "", contents.whole)
        return
    for key, held in contents.entries.items():
        if _are_modules(held):
            place = program.making(event) or program.shown_at(event, *held)
            if place is not None:
                yield _finding(program, place, _where(key), held)
            return


def _where(key: str) -> str:
    return " in it" if key.isdigit() else f" under {key!r}"


def _finding(program: Program, place: Place, where: str, modules: Collection[Subject]) -> Finding:
    name = next(filter(None, map(program.name_of, modules)), "") or "model"
    return Finding(place, (place.text, where, name), any(module.guessed for module in modules))


def _are_modules(values: Collection[Subject]) -> bool:
    """Are these modules, made here or loaded whole?"""
    kinds = {value.kind for value in values if value.owner is None or value.kind is not Kind.CHECKPOINT}
    return Kind.MODULE in kinds and kinds <= {Kind.MODULE, Kind.CHECKPOINT}
