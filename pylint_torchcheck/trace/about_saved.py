"""What a pitfall may ask of what is saved, read back and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.questions import Subject
from pylint_torchcheck.torch_api.effects import (
    KEY_PREFIXES,
)
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.epochs import Restart, restarts
from pylint_torchcheck.trace.events import Event
from pylint_torchcheck.trace.files import Files, written_name
from pylint_torchcheck.trace.keys import Cut, KeyEdit, cuts, edits_of
from pylint_torchcheck.trace.places import Place
from pylint_torchcheck.trace.reading import Reading
from pylint_torchcheck.trace.references import reference, target_of
from pylint_torchcheck.trace.values import HANDED_ON, Value


class AboutFiles(Reading):
    """What a pitfall may ask of what is saved, read back and resumed."""

    def reads_first(self, read: object, write: object) -> bool:
        """Is a file read before another one is written, on a way on which it is never read after that?"""
        return isinstance(read, CallSite) and isinstance(write, CallSite) and self._saved.come_after(read, write)

    def is_of_constructor(self, event: object) -> bool:
        """Does an event happen each time that an object of its class is made?"""
        if not isinstance(event, Event) or event.loops:
            return False
        statement = event.node.statement()
        return isinstance(statement.parent, nodes.FunctionDef) and statement.parent.name == "__init__"

    def key_prefix(self, wrapping: object) -> str:
        """Return what the names in a wrapper's state dict begin with."""
        call = self._by_node.get(wrapping.node) if isinstance(wrapping, Event) else None
        return next((KEY_PREFIXES[path] for path in (call.paths if call else ()) if path in KEY_PREFIXES), "module.")

    def same_reference(self, one: object, other: object) -> bool:
        """Does an event happen to what the result of another one was assigned to, by that very name?"""
        if not isinstance(one, Event) or not isinstance(other, Event):
            return False
        receiver = one.node.func.expr if isinstance(one.node.func, nodes.Attribute) else None
        named = reference(receiver, one.frame)
        return bool(named[0]) and named == target_of(other.node, other.frame)

    def shown_at(self, event: object, *about: Subject) -> Place | None:
        """Return where an event shows in this file: itself, or the call that leads to it in another one.

        In another file it is shown for what it is about, if that is of this file, or comes from another call than it.
        """
        if not isinstance(event, Event):
            return None
        call = event.node if event.node.root() is self._tree else event.leaving_call(self._tree)
        is_here = call is event.node or all(
            self.is_of_this_file(one) or self._is_from_elsewhere(one, call) for one in about
        )
        return Place(call) if call is not None and is_here else None

    def _is_from_elsewhere(self, subject: Subject, call: nodes.NodeNG | None) -> bool:
        """Was an object made by another call in this file than the one given?"""
        frame = subject.frame if isinstance(subject, Value) else None
        calls = [one for one in (frame.calls if frame is not None else ()) if one.root() is self._tree]
        return bool(calls) and calls[-1] is not call

    def is_of_this_file(self, subject: Subject) -> bool:
        """Was an object, or what it is an attribute of, made by code of this file, or is it known by a name here?"""
        if not isinstance(subject, Value):
            return False
        is_made = subject.site is not None and subject.site.root() is self._tree
        if is_made or any(subject in values for _, values in self.bindings):
            return True
        return subject.site is None and subject.owner is not None and self.is_of_this_file(subject.owner)

    def leaves_sight(self, event: object) -> bool:
        """May code that is not in sight get hold of what was read from a file?"""
        if not isinstance(event, Event):
            return True
        is_handed_on = any(HANDED_ON in self._store.uses.get(value, ()) for value in event.results)
        return is_handed_on or CallSite(event.node).is_kept(is_called=bool(event.frame.calls))

    def giver(self, event: object, *about: Subject) -> Place | None:
        """Return the call in this file that brings in what is saved: that of a helper, where it but hands it on."""
        if not isinstance(event, Event):
            return None
        return event.giver if event.giver.node.root() is self._tree else self.shown_at(event, *about)

    def making(self, event: object) -> Place | None:
        """Return where the one mapping that is saved was made, if that is in this file."""
        sites = event.contents.sites if isinstance(event, Event) and event.contents is not None else ()
        return Place(sites[0]) if len(sites) == 1 and sites[0].root() is self._tree else None

    def written_name(self, call: object, parameter: str) -> str:
        """Return the name of a file that an argument is; empty if it does not stand in the source."""
        return written_name(call.argument_node(parameter)) if isinstance(call, CallSite) else ""

    def restarts(self) -> Iterator[Restart]:
        """Return where epochs are read back that were saved at the end of each of them."""
        for trace in self._traces:
            yield from restarts(trace, self._tree)

    def cuts(self) -> Iterator[Cut]:
        """Return where a constant text, or so many characters, are cut off a text."""
        return cuts(self._tree)

    def key_edits(self, word: str) -> Iterator[KeyEdit]:
        """Return where entries of a mapping are dropped or made up of which the key is known to hold ``word``."""
        return edits_of(word, self._tree)

    def reads_back(self, call: object) -> bool:
        """Does a call load what the program itself has saved under the same name, whichever way it is reached?"""
        return isinstance(call, CallSite) and self._saved.are_read_back(call)

    @cached_property
    def _saved(self) -> Files:
        return Files(self.calls("torch.save"), self._traces)
