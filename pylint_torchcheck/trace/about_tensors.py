"""What a pitfall may ask of tensors and the autograd graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from astroid import nodes

from pylint_torchcheck.pitfalls.questions import Subject
from pylint_torchcheck.pitfalls.vocabulary import ChangedInPlace, Kind
from pylint_torchcheck.torch_api.effects import (
    ACTING_AT_ONCE,
    COPIERS,
    GRAD_CONTEXTS,
    MOVING_METHODS,
)
from pylint_torchcheck.torch_api.objects import made_by
from pylint_torchcheck.trace.buffers import Buffers
from pylint_torchcheck.trace.callsites import CallSite
from pylint_torchcheck.trace.carried import carried, live
from pylint_torchcheck.trace.detached import Detached
from pylint_torchcheck.trace.devices import is_on_accelerator
from pylint_torchcheck.trace.events import Event
from pylint_torchcheck.trace.layouts import Layouts
from pylint_torchcheck.trace.places import Place, dotted
from pylint_torchcheck.trace.products import nullified
from pylint_torchcheck.trace.reading import Reading
from pylint_torchcheck.trace.recording import Recording, is_blended
from pylint_torchcheck.trace.retained import Retained
from pylint_torchcheck.trace.shapes import is_mean, is_scalar
from pylint_torchcheck.trace.sites import AttributeSite, Expression
from pylint_torchcheck.trace.timing import Timings
from pylint_torchcheck.trace.values import NOTHING, Value, Values, values_among
from pylint_torchcheck.trace.waste import Waste


class AboutTensors(Reading):
    """What a pitfall may ask of tensors and the autograd graph."""

    def wasted_gradients(self) -> Iterator[tuple[Event, Value]]:
        """Return backward passes, each with a module that it need not go back through."""
        for trace in self._traces:
            yield from Waste(trace, self._store, self._origins).wasted()

    def carried_states(self) -> Iterator[tuple[CallSite, Place]]:
        """Return calls of modules, each with the argument that is still on the graph of the iteration before."""
        for trace in self._traces:
            yield from ((call, Place(argument)) for call, argument in carried(trace, self._by_node, self._store))

    def multiplied_by_zero(self, parts: Iterable[Subject], wholes: Iterable[Subject]) -> Iterator[Place]:
        """Return the products with 0 through which alone ``wholes`` were computed from ``parts``."""
        products = nullified(values_among(parts), values_among(wholes), self._store)
        yield from (Place(value.site) for value in products if value.site is not None)

    def live(self, tensors: Iterable[Subject]) -> Values:
        """Return the tensors that gradients flow back to for certain."""
        return live(values_among(tensors), self._store)

    def unsynchronized_timings(self) -> Iterator[tuple[CallSite, CallSite]]:
        """Return looks at the clock, each with a call of a module on a GPU that nothing has waited for."""
        yield from Timings(self._by_node, self._traces).unsynchronized()

    def spent_graphs(self) -> Iterator[CallSite]:
        """Return the backward passes of loops after which nothing can go back through the same graph again."""
        kept = NOTHING.union(
            *(values for target, values in self._bindings.items() if isinstance(target, nodes.AssignAttr))
        )
        found = (event.node for trace in self._traces for event in Retained(trace, self._store, kept).spent())
        yield from (self._by_node[node] for node in dict.fromkeys(found) if node in self._by_node)

    def are_means(self, subjects: Iterable[Subject]) -> bool:
        """Is each of these tensors the mean of the losses in a batch, scaled for half precision at most?"""
        tensors = values_among(subjects)
        return bool(tensors) and all(is_mean(value, self._store) for value in tensors)

    def entered_classes(self) -> Iterator[Expression]:
        """Return the context managers of torch that ``with`` statements name and do not call."""
        yield from (one for one in self._entered if one.values and all(map(_is_context_class, one.values)))

    def contexts_of_classes(self) -> Iterator[Expression]:
        """Return the decorators of classes that switch the recording of gradients."""
        yield from (
            one for one in self._above_classes if one.values and all(v.path in GRAD_CONTEXTS for v in one.values)
        )

    def unentered_contexts(self) -> Iterator[CallSite]:
        """Return the statements that make a context manager of torch, and enter it nowhere."""
        for callsite in self._callsites:
            paths = callsite.paths
            is_context = paths and all(made_by(path) is Kind.CONTEXT for path in paths)
            if callsite.is_statement and is_context and paths.isdisjoint(ACTING_AT_ONCE):
                yield callsite

    @cached_property
    def _recording(self) -> Recording:
        freezes = any(self.assignments("requires_grad")) or any(self.method_calls("requires_grad_", "detach_"))
        return Recording(self._traces, self._by_node, self._store, freezes=freezes)

    def is_surely_recorded(self, place: object) -> bool:
        """Are gradients recorded at a call or an event, as far as its callers go? None of them is out of sight."""
        frames = {place.frame} if isinstance(place, Event) else place.frames if isinstance(place, CallSite) else ()
        return self._recording.is_certain(frames)

    def is_leaf(self, subject: Subject) -> bool:
        """Is it a parameter or a tensor that was made in sight to get a gradient?"""
        return isinstance(subject, Value) and self._recording.is_leaf(subject)

    def is_live(self, subject: Subject) -> bool:
        """Is it a tensor on the autograd graph for certain?"""
        return isinstance(subject, Value) and self._recording.is_live(subject)

    def is_trained_by(self, subject: Subject, event: object) -> bool:
        """Is it a parameter, or a tensor with a gradient, that a backward pass reaches for certain?"""
        if not isinstance(subject, Value) or not isinstance(event, Event):
            return False
        return self._recording.is_trained_by(subject, event)

    def is_blended(self, subject: Subject, sources: Iterable[Subject]) -> bool:
        """Are parameters other than this one among ``sources``, as for a moving average of them?"""
        return isinstance(subject, Value) and is_blended(subject, values_among(sources))

    def is_changed_by_its_gradient(self, subject: Subject, sources: Iterable[Subject]) -> bool:
        """Is the ``.grad`` of a tensor among ``sources``, so that it must have one?"""
        return isinstance(subject, Value) and self._recording.is_changed_by_its_gradient(subject, values_among(sources))

    def is_on_accelerator(self, subject: Subject) -> bool:
        """Is it a tensor that was moved to an accelerator, or was computed from one?"""
        return isinstance(subject, Value) and is_on_accelerator(subject, self._by_node, self._store)

    def is_impossible_view(self, call: object) -> bool:
        """Does a view join dimensions that do not follow one another in memory?"""
        return isinstance(call, CallSite) and Layouts(self._by_node, self._store).is_impossible(call)

    @cached_property
    def _detached(self) -> Detached:
        changes = (event for trace in self._traces for event in trace.events(ChangedInPlace))
        changed = {value for event in changes for value in event.subjects}
        return Detached(self._store, changed, self._told_to_require_gradient)

    def is_cut_off(self, subject: Subject) -> bool:
        """Is it a tensor that was made of numbers, or detached, or computed so that no graph leads to it?"""
        return isinstance(subject, Value) and self._detached.is_cut_off(subject)

    def is_copy(self, subject: Subject) -> bool:
        """Was an object made by copying another one, so that what happens to it does not happen to that?"""
        call = self._by_node.get(subject.site) if isinstance(subject, Value) else None
        return call is not None and bool(call.paths) and call.paths <= COPIERS

    def copied_from(self, subject: Subject) -> Values:
        """Return what a tensor is a moved, converted or reshaped copy of; nothing, if it was made another way."""
        if not isinstance(subject, Value) or subject.path not in MOVING_METHODS:
            return NOTHING
        sources = self._store.parts.get(subject, ())
        return frozenset(value for value in sources if value.kind in {Kind.TENSOR, Kind.PARAMETER})

    def is_scaled_parameter(self, subject: Subject) -> bool:
        """Is it computed from parameters that were made for it, and that nothing else keeps?"""
        if not isinstance(subject, Value) or not isinstance(subject.site, nodes.BinOp):
            return False
        parameters = {part for part in self._store.parts.get(subject, ()) if part.kind is Kind.PARAMETER}
        return bool(parameters) and all(part.owner is None and subject.site.parent_of(part.site) for part in parameters)

    def is_told_to_require_gradient(self, subject: Subject) -> bool:
        """Is ``requires_grad`` switched on for it after it was made?"""
        return subject in self._told_to_require_gradient

    @cached_property
    def _told_to_require_gradient(self) -> set[Value]:
        """The tensors of which ``requires_grad`` is set to true, or is so by ``requires_grad_()``."""
        found: set[Value] = set()
        for site in self.assignments("requires_grad"):
            if all(value.constant is True for value in site.values):
                found |= site.receivers
        for call in self.method_calls("requires_grad_"):
            if all(value.constant is True for value in call.argument("requires_grad")):
                found |= call.receivers
        return found

    def buffers_left_behind(self) -> Iterator[AttributeSite]:
        """Return where modules keep tensors as plain attributes that ``forward`` computes with, and nobody moves."""
        yield from Buffers(self.assignments(), self._told_to_require_gradient, self._by_node, self._store).left_behind()

    def is_scalar(self, subject: Subject) -> bool:
        """Is it a tensor without dimensions for certain?"""
        return isinstance(subject, Value) and is_scalar(subject, self._store)

    def is_backpropagated(self, attribute: object) -> bool:
        """Is ``backward()`` called on the name that an attribute belongs to?"""
        if not isinstance(attribute, AttributeSite):
            return False
        return self._roles.of(attribute.node.scope(), dotted(attribute.node.expr)) is Kind.TENSOR


def _is_context_class(value: Value) -> bool:
    return value.kind is Kind.LIBRARY and made_by(value.path) is Kind.CONTEXT
