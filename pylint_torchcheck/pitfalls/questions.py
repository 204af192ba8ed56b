"""What a pitfall may ask of a program. The semantic core answers; see ``pylint_torchcheck.trace.program``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import Protocol

from pylint_torchcheck.pitfalls.protocol import Protocol as StateTable
from pylint_torchcheck.pitfalls.releases import TorchRange
from pylint_torchcheck.pitfalls.vocabulary import Kind, Ranks, Trait, Verb


class Place(Protocol):
    """A piece of the user's source."""

    @property
    def text(self) -> str:
        """The source, on one line and cut to a readable length."""

    @property
    def function(self) -> str:
        """The name of the function around it; empty at module level."""


class Subject(Protocol):
    """An abstract object: everything created at one place by one chain of calls."""

    @property
    def kind(self) -> Kind:
        """What it is."""

    @property
    def guessed(self) -> bool:
        """Does its kind rest on how its name is used, not on its constructor?"""

    @property
    def path(self) -> str:
        """The dotted path of the class or function that made it, where it is known."""

    @property
    def constant(self) -> object:
        """The value, where the kind is ``CONSTANT``."""

    @property
    def owner(self) -> Subject | None:
        """The object that it is a part of or was taken from, where that is known."""

    @property
    def on_graph(self) -> bool | None:
        """Is it part of the autograd graph? ``None``: not known."""


class Call(Place, Protocol):
    """A call in the source, with what is known of it from all the ways in which it is reached."""

    @property
    def receivers(self) -> Collection[Subject]:
        """What the method is called on; empty for a plain function."""

    @property
    def receiver_text(self) -> str:
        """The source of what the method is called on."""

    @property
    def chain_text(self) -> str:
        """The source of what a chain of methods that change nothing begins with: ``x`` for ``x.float().cuda()``."""

    @property
    def results(self) -> Collection[Subject]:
        """What the call may return."""

    @property
    def method(self) -> str:
        """The name of the method or function that is called."""

    @property
    def is_statement(self) -> bool:
        """Is the call a statement of its own, and meant to do something?"""

    @property
    def ranks(self) -> AbstractSet[Ranks]:
        """Which ranks of a process group run it, for each way in which it is reached."""

    @property
    def ranks_in_group(self) -> AbstractSet[Ranks]:
        """The same, but only for the ways on which the program has joined a group before, in plain sight."""

    @property
    def is_dropped(self) -> bool:
        """Is the call a statement of its own, or its result bound to a name that nobody reads?"""

    @property
    def target_text(self) -> str:
        """The source of the target that the result is assigned to; empty if there is none."""

    @property
    def in_training(self) -> bool:
        """Does its statement, or a condition around it, ask whether a module is in train mode?"""

    def gives(self, parameter: str) -> bool:
        """Is the argument given: by keyword, by position, or perhaps through ``*args`` or ``**kwargs``?"""

    def argument(self, parameter: str) -> Collection[Subject]:
        """Return what the argument may be; empty if it is not given in plain sight."""

    @property
    def everything(self) -> Collection[Subject]:
        """All that it is given."""

    def depends_on(self, name: str) -> bool:
        """Does the call, or a condition around it in its function, ask for an attribute of this name?"""

    def setting(self, parameter: str) -> object:
        """Return a hyper-parameter: the literal given, or torch's default; ``...`` if it is given and not a literal."""

    def argument_text(self, parameter: str) -> str:
        """Return the source of the argument; empty if it is not given in plain sight."""


class Attribute(Place, Protocol):
    """An attribute in the source, read or assigned, with what is known of it from all the ways that lead there."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def receivers(self) -> Collection[Subject]:
        """What it belongs to."""

    @property
    def receiver_text(self) -> str:
        """The source of what it belongs to."""

    @property
    def values(self) -> Collection[Subject]:
        """What it may be, or what is assigned to it."""

    @property
    def value_text(self) -> str:
        """The source of what is assigned; empty where the attribute is read, or where many things are assigned."""

    @property
    def is_own(self) -> bool:
        """Does a method read or assign it on its own ``self``?"""

    @property
    def is_statement(self) -> bool:
        """Is reading it a statement of its own?"""

    @property
    def is_computed_with(self) -> bool:
        """Is it an operand of arithmetic, or put into a text?"""

    @property
    def index(self) -> object:
        """The constant that what is read is indexed by; ``None`` if it is not."""

    @property
    def called_before(self) -> Collection[str]:
        """The names of what the same function calls in earlier lines, or in its own."""


class Comparison(Place, Protocol):
    """``left == right`` or ``left != right``."""

    @property
    def left(self) -> Collection[Subject]:
        """What the left side may be."""

    @property
    def right(self) -> Collection[Subject]:
        """What the right side may be."""

    @property
    def left_text(self) -> str:
        """The source of the left side."""

    @property
    def right_text(self) -> str:
        """The source of the right side."""


class Event(Protocol):
    """Something that happened, at one place, in one way of reaching it."""

    @property
    def verb(self) -> type[Verb]:
        """What happened."""

    @property
    def place(self) -> Place:
        """Where."""

    @property
    def subjects(self) -> Collection[Subject]:
        """What it may have happened to."""

    @property
    def results(self) -> Collection[Subject]:
        """What came of it."""

    @property
    def in_evaluation(self) -> bool:
        """Is this part of validation, test or inference, by the names around it?"""

    @property
    def looped_over(self) -> Collection[Subject]:
        """What the innermost loop around it runs over."""

    @property
    def over_loader(self) -> bool:
        """Does the innermost loop around it run over a data loader?"""

    @property
    def autocast(self) -> str | None:
        """The type that autocast computes in here, or ``"off"``; ``None``: no autocast, empty: of a type not known."""

    @property
    def depth(self) -> int:
        """In how many loops, one inside the other, does this happen?"""

    @property
    def in_every_iteration(self) -> bool:
        """Does this happen in each iteration of the innermost loop around it, whatever the conditions?"""

    @property
    def is_periodic(self) -> bool:
        """Does this happen every so many iterations of the innermost loop, as ``if index % 4 == 0`` says?"""

    def makes_anew(self, subject: Subject) -> bool:
        """Is an object made within the innermost loop around this, and so made anew in each iteration?"""

    @property
    def outlives_iteration(self) -> bool:
        """Was what it adds to made before the innermost loop around it, and is it never made anew inside?"""


class Breach(Protocol):
    """A protocol that is broken, whichever way the program took."""

    @property
    def place(self) -> Place:
        """Where it breaks."""

    @property
    def guessed(self) -> bool:
        """Is the subject a guess?"""


class Trace(Protocol):
    """The events of one way into the program: the module's body, or a function that it never calls."""

    def events(self, *verbs: type[Verb]) -> Iterable[Event]:
        """Return what happened, in the order of reading; all of it, if no verb is named."""

    def beside(self, event: object, verb: type[Verb]) -> Iterable[Event]:
        """Return what happened in an iteration of the innermost loop around ``event``; nothing, if it is in none."""


class Program(Protocol):
    """One source file, read."""

    @property
    def torch_range(self) -> TorchRange:
        """The releases of torch that the project around the file declares; where it declares none, nothing is known."""

    @property
    def traces(self) -> Iterable[Trace]:
        """One for the module's body and one for each function that nothing in the file calls."""

    def calls(self, path: str) -> Iterable[Call]:
        """Return the calls of a library function, by its public dotted path."""

    def method_calls(self, *names: str) -> Iterable[Call]:
        """Return the calls of methods with one of these names, on whatever they are called; all, if none is named."""

    def pure_tensor_calls(self) -> Iterable[Call]:
        """Return the calls of methods that give a tensor elsewhere, otherwise, or changed, and leave it as it was."""

    def assignments(self, *names: str) -> Iterable[Attribute]:
        """Return the assignments to attributes with one of these names, or to any, in the order of reading."""

    def attributes(self, *names: str) -> Iterable[Attribute]:
        """Return where attributes with one of these names are read, and not called."""

    def wasted_gradients(self) -> Iterable[tuple[Event, Subject]]:
        """Return backward passes, each with a module that it need not go back through.

        Nothing that the following step changes lies behind that module, and its own gradients are cleared unused.
        """

    def carried_states(self) -> Iterable[tuple[Call, Place]]:
        """Return calls of modules, each with the argument that is still on the graph of the iteration before."""

    def name_of(self, subject: Subject) -> str:
        """Return the name that an object was first bound to; empty if it has none."""

    def comparisons(self) -> Iterable[Comparison]:
        """Return where two things are compared by ``==`` or ``!=``."""

    def is_cut_off(self, subject: Subject) -> bool:
        """Is it a tensor that was made of numbers, or detached, so that no graph leads to it?"""

    def copied_from(self, subject: Subject) -> Collection[Subject]:
        """Return what a tensor is a moved, converted or reshaped copy of; nothing, if it was made another way."""

    def uncalled_methods(self) -> Iterable[Attribute]:
        """Return where a method that torch gives an object is read, and not called."""

    def is_handed_to(self, attribute: object, path: str) -> bool:
        """Is what is read an argument of a library's function, by itself or in a dict, list or tuple?"""

    def constructions(self, kind: Kind) -> Iterable[Call]:
        """Return the calls that make objects of a kind, and nothing else."""

    def hidden_modules(self, attribute: object) -> Collection[Subject]:
        """Return the modules in a collection that an attribute of a module gets, and that it has no other way."""

    def shadowed_methods(self) -> Iterable[Attribute]:
        """Return the assignments by which an object hides a method of its own that it has from ``nn.Module``."""

    def enclosing_kind(self, place: object) -> Kind | None:
        """Return what the objects are whose method a place stands in; ``None`` if it stands in none."""

    def is_scalar(self, subject: Subject) -> bool:
        """Is it a tensor without dimensions for certain?"""

    def is_backpropagated(self, attribute: object) -> bool:
        """Is ``backward()`` called on the name that an attribute belongs to?"""

    def place_of(self, event: object) -> Place | None:
        """Return where an event of a loop shows in this file; ``None`` if the loop is in another one."""

    def creation(self, subject: Subject) -> Call | None:
        """Return the call of a library's class that made an object; ``None`` if it is not in the file."""

    def kind_around(self, place: object) -> Kind | None:
        """Return what the instances of the class around a call are; ``None`` if it is in no class."""

    @property
    def variables_set(self) -> Collection[str]:
        """The variables of the environment that the program sets itself."""

    @property
    def variables_known(self) -> Collection[str]:
        """The variables of the environment that are read, in the file or in those of the project that it leads to."""

    def variables_read(self) -> Iterable[tuple[Place, str]]:
        """Return the variables of the environment that are read, each with where that is done."""

    def calls_anywhere(self, *paths: str) -> bool:
        """Is one of these functions called, in the file or in those of the project that it leads to?"""

    def uses_library(self, name: str) -> bool:
        """Is anything of a library called?"""

    def rests_on_rank(self, subjects: Iterable[Subject]) -> bool:
        """Is any of them a rank of a process group, or computed or built from one?"""

    def path_of(self, subject: Subject) -> str:
        """Return the path of the library's function or class that an object came from; empty if it is not known."""

    def items(self, subjects: Collection[Subject]) -> Collection[object]:
        """Return the items of a list or tuple that is written out, ``None`` for one that is no constant."""

    def is_rankless_sequence(self, subject: Subject) -> bool:
        """Is its class one of the project that is indexed, has a length, and never speaks of ranks?"""

    def is_wrapped_by(self, subject: Subject, path: str) -> bool:
        """Does a call of a library's function or class in the file give the object back, wrapped?"""

    def opens_autocast(self, subject: Subject) -> bool:
        """Does the module's own ``forward`` speak of autocast?"""

    def reads_back(self, call: object) -> bool:
        """Does a call load what the program itself has saved under the same name, whichever way it is reached?"""

    def origins(self, subjects: Iterable[Subject]) -> AbstractSet[Subject]:
        """Return the subjects and all that they were computed or built from."""

    def uses(self, subject: Subject) -> Collection[str]:
        """Return what is done with an object: the keys, attributes and methods that are asked of it."""

    def belong(self, parts: Iterable[Subject], wholes: Iterable[Subject]) -> bool:
        """Is any of ``parts`` one of the modules ``wholes``, or a module in one of them?"""

    def has(self, subject: Subject, trait: Trait) -> bool | None:
        """Is the module made so? ``None``: not known."""

    def breaches(self, protocol: StateTable) -> Iterable[Breach]:
        """Return where a protocol is broken on every way that leads there."""
