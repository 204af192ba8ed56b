"""What the source must hold for a pitfall to be possible, so that most code is never read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum, auto
from typing import TypeAlias

from pylint_torchcheck.pitfalls.vocabulary import Verb


class Sign(Enum):
    """Something that shows in the source and is no name."""

    __hash__ = object.__hash__  # members are singletons, and that of Enum is slow

    DROPPED_RESULT = auto()  # a method of tensors called as a statement
    UNCALLED_METHOD = auto()  # an attribute as a statement, or a method of torch's that is handed on and not called
    KEPT_COLLECTION = auto()  # a list, tuple or dict that an attribute is set to
    KEPT_TENSOR = auto()  # a tensor that an `__init__` makes and sets an attribute to
    BARE_CONSTRUCTOR = auto()  # an `__init__` that sets attributes before it calls that of a base class, if it does
    LIKE_REQUIRES_GRAD = auto()  # an attribute with nearly the name of `requires_grad`, that is set
    BUILT_IN_FORWARD = auto()  # a `forward` that names a layer
    BUILT_AND_CALLED = auto()  # a layer that is made and called in one function
    LEAF = auto()  # a tensor that is told to require a gradient, or a parameter that is moved as it is made
    COMPARED_DEVICE = auto()  # what is called a device, compared with something
    KEPT_ITERATOR = auto()  # what `parameters()` or `filter` gives, kept under a name or returned
    FUNCTIONAL_DROPOUT = auto()  # a call of the function, or of attention with a rate
    LEAF_CHANGED = auto()  # a change in place by a gradient, of what is called a weight, or near `requires_grad=True`
    DATA_CHANGED = auto()  # a change in place through `.data`
    REARRANGED_VIEW = auto()  # a view, not of what is made contiguous, after a change of the order of dimensions
    IDLE_CONTEXT = auto()  # a context manager of torch that is named and not called, called alone, or above a class
    TENSOR_OF_NAME = auto()  # `tensor(...)` of something that is not written out
    RETAINED_GRAPH = auto()  # `retain_graph=True`
    GROWTH = auto()  # a sum or a list that something is added to
    FORWARD_CALLED = auto()  # a call of `forward`, other than that of the base class
    EVALUATION = auto()  # a name that speaks of validation, test or inference
    BATCHES = auto()  # a name that speaks of a data loader
    RANK = auto()  # a name that speaks of ranks, or of the first one, or of the environment that holds one


# What says all by itself that a function is worth reading, and says nothing of those that call it.
LOCAL = frozenset(
    {
        *(Sign.UNCALLED_METHOD, Sign.KEPT_COLLECTION, Sign.BARE_CONSTRUCTOR, Sign.BUILT_IN_FORWARD, Sign.LEAF),
        *(Sign.FUNCTIONAL_DROPOUT, Sign.COMPARED_DEVICE, Sign.IDLE_CONTEXT, Sign.LEAF_CHANGED, Sign.REARRANGED_VIEW),
        Sign.TENSOR_OF_NAME,
    }
)
Clue: TypeAlias = str | Sign | type[Verb]


class Near(frozenset[Clue]):
    """Clues of which one must stand in the file that is read, since that is where the pitfall is reported."""


class InAnyFunction(frozenset[Clue]):
    """Clues of which one must stand in any function of the file, or in what that leads to, perhaps in another one."""


Signs: TypeAlias = tuple[frozenset[Clue], ...]


# Of a question that is answered by looking at the source, for which nothing needs to be read.
UNREAD: Signs = (frozenset(),)


def signs(*groups: Iterable[Clue]) -> Signs:
    """Return signs: of each group one clue must be there.

    A string is a name in the source, with a dot before it if it is an attribute's, and `` =`` after that if something
    is assigned to it, or `` [`` if it is asked for an element; a path is a function of torch's, under whatever name it
    was imported; a verb stands for all names of what makes it happen.
    """
    return tuple(group if isinstance(group, frozenset) else frozenset(group) for group in groups)


def may_hold(wanted: Signs, near: Collection[Clue], reached: Collection[Clue], of_file: Collection[Clue]) -> bool:
    """Is there a clue of each group?

    Args:
        near: what a function holds, with those that it may call in its file.
        reached: the same, with other files of the project.
        of_file: what all functions of the file reach.
    """
    where: dict[type, Collection[Clue]] = {Near: near, frozenset: reached, InAnyFunction: of_file}
    return all(not group.isdisjoint(where[type(group)]) for group in wanted)
