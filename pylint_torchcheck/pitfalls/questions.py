"""What a pitfall may ask of a program. The semantic core answers; see ``pylint_torchcheck.trace.program``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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

    def excludes(self, other: object) -> bool:
        """Does it stand under a condition whose opposite another place stands under?"""

    def precedes(self, other: object) -> bool:
        """Does it stand above another place, in the same function, or within it?"""


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
    def callee_text(self) -> str:
        """The source of what is called."""

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
    def first_argument_text(self) -> str:
        """The source of the first argument; empty if there is none."""

    @property
    def is_handed_on(self) -> bool:
        """Is the result, as a whole, given to somebody else, returned, or kept under a name that is?"""

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

    def runs_within(self, name: str) -> bool:
        """Is a function of this name under way, whichever way this is reached?"""

    @property
    def is_fallback(self) -> bool:
        """Is the call made only after another way has failed, as in an ``except`` block?"""

    @property
    def is_unrecorded(self) -> bool:
        """Is autograd off, whichever way the call is reached?"""

    def gives(self, parameter: str) -> bool:
        """Is the argument given: by keyword, by position, or perhaps through ``*args`` or ``**kwargs``?"""

    @property
    def has_own_keywords(self) -> bool:
        """Is a keyword given that torch's own function or method of this name does not take?"""

    def argument(self, parameter: str) -> Collection[Subject]:
        """Return what the argument may be; empty if it is not given in plain sight."""

    def argument_values(self) -> Collection[Subject]:
        """Return all that the arguments may be."""

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
    def is_entry(self) -> bool:
        """Is it a value in a dict that is written out?"""

    @property
    def is_written_through(self) -> bool:
        """Is a method called on it that works in place, or one of its elements assigned?"""

    @property
    def index(self) -> object:
        """The constant that what is read is indexed by; ``None`` if it is not."""

    def runs_within(self, name: str) -> bool:
        """Is a function of this name under way, whichever way this is reached?"""

    @property
    def is_before_base(self) -> bool:
        """Does the same function call no method of a base class in earlier lines, or in its own?"""


class Expression(Place, Protocol):
    """An expression in the source, with what it may be."""

    @property
    def values(self) -> Collection[Subject]:
        """What it may be."""


class Comparison(Place, Protocol):
    """``left == right``, ``left != right``, or ``left in [right, ...]``."""

    @property
    def operator(self) -> str:
        """What compares them: ``==``, ``!=``, ``in`` or ``not in``; the right side is then what is in a list."""

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


class Cut(Place, Protocol):
    """A place where text is cut off the front of a name, or out of it."""

    @property
    def removed(self) -> str:
        """The constant text, where it is written out."""

    @property
    def length(self) -> int:
        """How many characters a slice cuts off; 0, if the text is replaced wherever it is."""

    @property
    def is_counted(self) -> bool:
        """Is it told how many times to replace the text?"""

    @property
    def name_text(self) -> str:
        """The source of the name."""

    @property
    def mapping_text(self) -> str:
        """The source of the mapping whose keys the name runs over; empty if it is none that shows."""

    @property
    def asks_how_it_begins(self) -> bool:
        """Does the function, or at module level the loop, ask anywhere how a text begins?"""

    @property
    def has_wrapped_part(self) -> bool:
        """Does the file wrap a part of a model by itself, so that a wrapper's prefix stands inside of the names?"""


class Restart(Place, Protocol):
    """A place where the epoch to go on from is read back."""

    @property
    def after(self) -> int:
        """How many epochs after the one that was saved when it was done the loop begins: 1 is right."""

    @property
    def key(self) -> str:
        """The key under which it is saved."""

    @property
    def target_text(self) -> str:
        """The name that gets the epoch."""


class KeyEdit(Place, Protocol):
    """A place where an entry of a mapping is dropped or made up."""

    @property
    def mapping_text(self) -> str:
        """The source of the mapping."""


class Contents(Protocol):
    """What is saved, as far as it is in sight."""

    @property
    def whole(self) -> Collection[Subject]:
        """What is handed over, as it is."""

    @property
    def entries(self) -> Mapping[str, Collection[Subject]]:
        """What stands under each key that is known."""

    @property
    def values(self) -> Collection[Subject]:
        """All that is saved, one by one, that in mappings and lists inside of it too."""

    @property
    def is_complete(self) -> bool:
        """Are all its own keys in sight?"""


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
    def contents(self) -> Contents | None:
        """What is written to the file, if something is."""

    def is_told(self, keyword: str) -> bool:
        """Is a keyword given to the call by which it happens, or to one that leads to it?"""

    @property
    def receiver_text(self) -> str:
        """The source of what the method is called on by which it happens."""

    @property
    def giver(self) -> Place:
        """The call that brings in what happens to it: that of a helper, where it takes it and hands it on."""

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

    @property
    def happens_at_times(self) -> bool:
        """Does this happen in some iterations and not in others, or to an item that each iteration chooses anew?"""

    @property
    def period(self) -> str:
        """The source of the number of iterations after each of which this happens; empty if it is not periodic."""

    def makes_anew(self, subject: Subject) -> bool:
        """Is an object made within the innermost loop around this, and so made anew in each iteration?"""

    @property
    def functions(self) -> Collection[str]:
        """The names of the functions under way."""

    def is_reached_like(self, subject: Subject) -> bool:
        """Was an object made on the same way into the program?"""

    def shares_loop_with(self, other: object) -> bool:
        """Do both happen in one loop, each time around?"""

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

    def may_follow(self, *events: object, after: Iterable[object], avoiding: Iterable[object] = ()) -> bool:
        """May one of ``events`` happen after one of others, with none of those to avoid between them?"""

    def always_follows(self, event: object, *, after: object) -> bool:
        """Has another event happened on each way that leads to ``event``?"""

    def beside(self, event: object, verb: type[Verb]) -> Iterable[Event]:
        """Return what happened in an iteration of the innermost loop around ``event``; nothing, if it is in none."""


class AboutTensors(Protocol):
    """What may be asked of tensors and the autograd graph."""

    def wasted_gradients(self) -> Iterable[tuple[Event, Subject]]:
        """Return backward passes, each with a module that it need not go back through.

        Nothing that the following step changes lies behind that module, and its own gradients are cleared unused.
        """

    def carried_states(self) -> Iterable[tuple[Call, Place]]:
        """Return calls of modules, each with the argument that is still on the graph of the iteration before."""

    def multiplied_by_zero(self, parts: Iterable[Subject], wholes: Iterable[Subject]) -> Iterable[Place]:
        """Return the products with 0 through which alone ``wholes`` were computed from ``parts``."""

    def live(self, tensors: Iterable[Subject]) -> AbstractSet[Subject]:
        """Return the tensors that gradients flow back to for certain."""

    def unsynchronized_timings(self) -> Iterable[tuple[Call, Call]]:
        """Return looks at the clock, each with a call of a module on a GPU that nothing has waited for."""

    def spent_graphs(self) -> Iterable[Call]:
        """Return the backward passes of loops after which nothing can go back through the same graph again."""

    def are_means(self, subjects: Iterable[Subject]) -> bool:
        """Is each of these tensors the mean of the losses in a batch, scaled for half precision at most?"""

    def entered_classes(self) -> Iterable[Expression]:
        """Return the context managers of torch that ``with`` statements name and do not call."""

    def contexts_of_classes(self) -> Iterable[Expression]:
        """Return the decorators of classes that switch the recording of gradients."""

    def unentered_contexts(self) -> Iterable[Call]:
        """Return the statements that make a context manager of torch, and enter it nowhere."""

    def is_surely_recorded(self, place: object) -> bool:
        """Are gradients recorded at a call or an event, as far as its callers go? None of them is out of sight."""

    def is_leaf(self, subject: Subject) -> bool:
        """Is it a parameter or a tensor that was made in sight to get a gradient?"""

    def is_live(self, subject: Subject) -> bool:
        """Is it a tensor on the autograd graph for certain?"""

    def is_trained_by(self, subject: Subject, event: Event) -> bool:
        """Is it a parameter, or a tensor with a gradient, that a backward pass reaches for certain?"""

    def is_blended(self, subject: Subject, sources: Iterable[Subject]) -> bool:
        """Are parameters other than this one among ``sources``, as for a moving average of them?"""

    def is_changed_by_its_gradient(self, subject: Subject, sources: Iterable[Subject]) -> bool:
        """Is the ``.grad`` of a tensor among ``sources``, so that it must have one?"""

    def is_on_accelerator(self, subject: Subject) -> bool:
        """Is it a tensor that was moved to an accelerator, or was computed from one?"""

    def is_impossible_view(self, call: Call) -> bool:
        """Does a view join dimensions that do not follow one another in memory?"""

    def is_cut_off(self, subject: Subject) -> bool:
        """Is it a tensor that was made of numbers, or detached, or computed so that no graph leads to it?"""

    def is_copy(self, subject: Subject) -> bool:
        """Was an object made by copying another one, so that what happens to it does not happen to that?"""

    def copied_from(self, subject: Subject) -> Collection[Subject]:
        """Return what a tensor is a moved, converted or reshaped copy of; nothing, if it was made another way."""

    def is_scaled_parameter(self, subject: Subject) -> bool:
        """Is it computed from parameters that were made for it, and that nothing else keeps?"""

    def is_told_to_require_gradient(self, subject: Subject) -> bool:
        """Is ``requires_grad`` switched on for it after it was made?"""

    def buffers_left_behind(self) -> Iterable[Attribute]:
        """Return where modules keep tensors as plain attributes that ``forward`` computes with, and nobody moves."""

    def is_scalar(self, subject: Subject) -> bool:
        """Is it a tensor without dimensions for certain?"""

    def is_backpropagated(self, attribute: object) -> bool:
        """Is ``backward()`` called on the name that an attribute belongs to?"""


class AboutModules(Protocol):
    """What may be asked of modules, their parts and their attributes."""

    def uncalled_methods(self) -> Iterable[Attribute]:
        """Return where a method that torch gives an object is read, and not called."""

    def is_handed_to(self, attribute: object, path: str) -> bool:
        """Is what is read an argument of a library's function, by itself or in a dict, list or tuple?"""

    def hidden_modules(self, attribute: object) -> Collection[Subject]:
        """Return the modules in a collection that an attribute of a module gets, and that it has no other way."""

    def hidden_parameters(self, attribute: object) -> Collection[Subject]:
        """Return the parameters in a collection that an attribute of a module gets, and that it has no other way."""

    def shadowed_methods(self) -> Iterable[Attribute]:
        """Return the assignments by which an object hides a method of its own that it has from ``nn.Module``."""

    def runs_in_forward(self, call: Call) -> bool:
        """Is a call a part of a module's ``forward``, or of what that calls, whichever way it is reached?"""

    def enclosing_kind(self, place: object) -> Kind | None:
        """Return what the objects are whose method a place stands in; ``None`` if it stands in none."""

    def is_rankless_sequence(self, subject: Subject) -> bool:
        """Is its class one of the project that is indexed, has a length, and never speaks of ranks?"""

    def is_wrapped_by(self, subject: Subject, path: str) -> bool:
        """Does a call of a library's function or class in the file give the object back, wrapped?"""

    def opens_autocast(self, subject: Subject) -> bool:
        """Does the module's own ``forward`` speak of autocast?"""

    def belong(self, parts: Iterable[Subject], wholes: Iterable[Subject]) -> bool:
        """Is any of ``parts`` one of the modules ``wholes``, or a module in one of them?"""

    def has(self, subject: Subject, trait: Trait) -> bool | None:
        """Is the module made so? ``None``: not known."""


class AboutFiles(Protocol):
    """What may be asked of what is saved, read back and resumed."""

    def reads_first(self, read: object, write: object) -> bool:
        """Is a file read before another one is written, on a way on which it is never read after that?"""

    def is_of_constructor(self, event: object) -> bool:
        """Does an event happen each time that an object of its class is made?"""

    def key_prefix(self, wrapping: object) -> str:
        """Return what the names in a wrapper's state dict begin with."""

    def same_reference(self, one: object, other: object) -> bool:
        """Does an event happen to what the result of another one was assigned to, by that very name?"""

    def shown_at(self, event: object, *about: Subject) -> Place | None:
        """Return where an event shows in this file: itself, or the call that leads to it in another one.

        In another file it is shown for what it is about, if that is of this file.
        """

    def is_of_this_file(self, subject: Subject) -> bool:
        """Was an object made by code of this file, or is it known by a name here?"""

    def leaves_sight(self, event: object) -> bool:
        """May code that is not in sight get hold of what was read from a file?"""

    def giver(self, event: object, *about: Subject) -> Place | None:
        """Return the call in this file that brings in what is saved: that of a helper, where it but hands it on."""

    def making(self, event: object) -> Place | None:
        """Return where the one mapping that is saved was made, if that is in this file."""

    def written_name(self, call: object, parameter: str) -> str:
        """Return the name of a file that an argument is, with ``{}`` for what is filled in.

        Empty if it does not stand in the source.
        """

    def restarts(self) -> Iterable[Restart]:
        """Return where epochs are read back that were saved at the end of each of them."""

    def cuts(self) -> Iterable[Cut]:
        """Return where a constant text, or so many characters, are cut off a text."""

    def key_edits(self, word: str) -> Iterable[KeyEdit]:
        """Return where entries of a mapping are dropped or made up of which the key is known to hold ``word``."""

    def reads_back(self, call: object) -> bool:
        """Does a call load what the program itself has saved under the same name, whichever way it is reached?"""


class AboutSurroundings(Protocol):
    """What may be asked of what is around a program: releases, libraries, processes, the environment."""

    @property
    def torch_range(self) -> TorchRange:
        """The releases of torch that the project around the file declares; where it declares none, nothing is known."""

    @property
    def is_test(self) -> bool:
        """Is the file one of tests, by its name?"""

    def variables_read(self) -> Iterable[tuple[Place, str]]:
        """Return the variables of the environment that are read, each with where that is done."""

    def calls_anywhere(self, *paths: str) -> bool:
        """Is one of these functions called, in the file or in those of the project that it leads to?"""

    def uses_library(self, name: str) -> bool:
        """Is anything of a library called?"""

    def rests_on_rank(self, subjects: Iterable[Subject]) -> bool:
        """Is any of them a rank of a process group, or computed or built from one?"""

    def are_private_files(self, subjects: Iterable[Subject]) -> bool:
        """Are they files in memory, or temporary ones, that no other process sees?"""

    def items(self, subjects: Collection[Subject]) -> Collection[object]:
        """Return the items of a list or tuple that is written out, ``None`` for one that is no constant."""


class Program(AboutTensors, AboutModules, AboutFiles, AboutSurroundings, Protocol):
    """One source file, read."""

    @property
    def traces(self) -> Iterable[Trace]:
        """One for the module's body and one for each function that nothing in the file calls."""

    def calls(self, path: str) -> Iterable[Call]:
        """Return the calls of a library function, by its public dotted path."""

    def far_calls(self, path: str) -> Iterable[tuple[Place, Call]]:
        """Return the calls that save or load in other files of the project, each with the call that leads there.

        Only those that a process group comes to that was joined before.
        """

    def method_calls(self, *names: str) -> Iterable[Call]:
        """Return the calls of methods with one of these names, on whatever they are called; all, if none is named."""

    def pure_tensor_calls(self) -> Iterable[Call]:
        """Return the calls of methods that give a tensor elsewhere, otherwise, or changed, and leave it as it was."""

    def assignments(self, *names: str) -> Iterable[Attribute]:
        """Return the assignments to attributes with one of these names, or to any, in the order of reading."""

    def attributes(self, *names: str) -> Iterable[Attribute]:
        """Return where attributes with one of these names are read, and not called."""

    def call_of(self, event: object) -> Call | None:
        """Return the call by which an event happened; ``None`` if it is no call in this file."""

    def name_of(self, subject: Subject) -> str:
        """Return the name that an object was first bound to; empty if it has none."""

    def comparisons(self) -> Iterable[Comparison]:
        """Return where two things are compared by ``==`` or ``!=``, or one with those in a list."""

    def happenings(self, *verbs: type[Verb]) -> Iterable[tuple[Place, Collection[tuple[Trace, Event]]]]:
        """Return where in this file something happens, each with all the ways in which it does."""

    def constructions(self, kind: Kind) -> Iterable[Call]:
        """Return the calls that make objects of a kind, and nothing else."""

    def place_of(self, event: object) -> Place | None:
        """Return where an event of a loop shows in this file; ``None`` if the loop is in another one."""

    def call_at(self, place: object) -> Call | None:
        """Return the call that a place is; ``None`` if it is none."""

    def creation(self, subject: Subject) -> Call | None:
        """Return the call of a library's class that made an object; ``None`` if it is not in the file."""

    @property
    def variables_set(self) -> Collection[str]:
        """The variables of the environment that the program sets itself."""

    @property
    def variables_known(self) -> Collection[str]:
        """The variables of the environment that are read, in the file or in those of the project that it leads to."""

    def path_of(self, subject: Subject) -> str:
        """Return the path of the library's function or class that an object came from; empty if it is not known."""

    def origins(self, subjects: Iterable[Subject]) -> AbstractSet[Subject]:
        """Return the subjects and all that they were computed or built from."""

    def uses(self, subject: Subject) -> Collection[str]:
        """Return what is done with an object: the keys, attributes and methods that are asked of it."""

    def breaches(self, protocol: StateTable) -> Iterable[Breach]:
        """Return where a protocol is broken on every way that leads there."""
