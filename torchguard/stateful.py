"""How the state of each kind of object is saved, compared with the object that is there, and restored."""

from __future__ import annotations

import copy
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from torchguard.errors import CheckpointError, MisuseError, StateMismatchError
from torchguard.keys import plain, unwrapped
from torchguard.sharded import is_sharded, was_sharded
from torchguard.sharded_parts import ShardedModulePart, ShardedOptimizerPart, WholeModulePart, WholeOptimizerPart
from torchguard.streams import is_generator, packed, set_stream_state, stream_state, unpacked
from torchguard.words import some

_PLAIN = (type(None), bool, int, float, complex, str, bytes, torch.Size, torch.dtype, torch.device)


@runtime_checkable
class Stateful(Protocol):
    """What torch's schedulers, torchdata's loaders and your own classes have in common."""

    def state_dict(self) -> Any: ...

    def load_state_dict(self, state: Any, /) -> Any: ...


@runtime_checkable
class Differing(Protocol):
    """Something that can tell what a state that it takes changes in the run."""

    def differences(self, state: Any, /) -> Sequence[str]: ...


class Part(Protocol):
    """One object of a checkpoint."""

    @property
    def local(self) -> bool:
        """Has each rank a state of its own, to be saved by each?"""

    def save(self) -> Any:
        """Its state, which may share memory with it."""

    def refuse(self, saved: Any) -> None:
        """Raise StateMismatchError if the state is another object's."""

    def load(self, saved: Any) -> None:
        """Take the state over."""


def part_of(name: str, subject: object, parameter_names: Mapping[int, str], modules: Sequence[nn.Module] = ()) -> Part:
    """The part that knows how to treat this kind of object.

    Args:
        name: what the object is called in the checkpoint.
        subject: a module, an optimizer, a random generator, or anything `Stateful`.
        parameter_names: by the ``id`` of the parameter; see `names_of_parameters`.
        modules: those among the objects; a sharded optimizer's state is keyed by its module's names.
    """
    match subject:
        case nn.Module() if is_sharded(subject):
            return ShardedModulePart(name, unwrapped(subject))
        case nn.Module():
            return ModulePart(name, unwrapped(subject))
        case Optimizer() if is_sharded(subject):
            return ShardedOptimizerPart(name, subject, _module_of(name, subject, modules))
        case Optimizer():
            return OptimizerPart(name, subject, parameter_names)
        case _ if is_generator(subject):
            return GeneratorPart(name, subject)
        case Stateful():
            return StatefulPart(name, subject)
    raise MisuseError(
        f"{name} is a {type(subject).__name__} without state_dict() and load_state_dict(), so it has nothing to "
        "save; give it both, or leave it out"
    )


def part_for(part: Part, saved: object, modules: Sequence[nn.Module]) -> Part:
    """The part that takes this state, which may have been saved sharded for an object that is whole, or otherwise."""
    match part:
        case ModulePart(name, module) if was_sharded(saved):
            return ShardedModulePart(name, module)
        case OptimizerPart(name, optimizer) if was_sharded(saved):
            return ShardedOptimizerPart(name, optimizer, _module_of(name, optimizer, modules))
        case ShardedModulePart(name, module) if not was_sharded(saved):
            return WholeModulePart(name, module)
        case ShardedOptimizerPart(name, optimizer, module) if not was_sharded(saved):
            return WholeOptimizerPart(name, optimizer, module)
    return part


def names_of_parameters(subjects: Mapping[str, object]) -> dict[int, str]:
    """Names such as ``"model.fc.weight"`` for the parameters of all modules among the objects, by ``id``."""
    modules = {name: unwrapped(subject) for name, subject in subjects.items() if isinstance(subject, nn.Module)}
    return {
        id(parameter): f"{name}.{plain(key)}"
        for name, module in modules.items()
        for key, parameter in module.named_parameters()
    }


def refuse_unreadable(value: object, where: str) -> None:
    """Raise CheckpointError if ``weights_only=True`` could not read the value back."""
    if type(value) in _PLAIN or isinstance(value, Tensor):
        return
    if type(value) in (dict, OrderedDict, Counter):
        for key, inner in value.items():  # type: ignore[attr-defined]
            refuse_unreadable(key, f"a key of {where}")
            refuse_unreadable(inner, f"{where}[{key!r}]")
    elif type(value) in (list, tuple, set):
        for index, inner in enumerate(value):  # type: ignore[arg-type]
            refuse_unreadable(inner, f"{where}[{index}]")
    else:
        raise CheckpointError(
            f"{where} is a {type(value).__module__}.{type(value).__qualname__}, which torch.load refuses under "
            "weights_only=True, so the checkpoint could not be read back; return numbers, strings, lists, dicts and "
            "tensors from state_dict()"
        )


@dataclass(frozen=True)
class ModulePart:
    """A module, saved under the keys that it has without DataParallel, DDP and ``torch.compile``."""

    name: str
    module: nn.Module
    local = False

    def save(self) -> dict[str, Any]:
        return {plain(key): value for key, value in self.module.state_dict().items()}

    def refuse(self, saved: Mapping[str, Any]) -> None:
        here = self.save()
        if lost := here.keys() - saved.keys():
            raise StateMismatchError(f"{self.name} has {some(lost)}, which the checkpoint lacks{self._cure()}")
        if extra := saved.keys() - here.keys():
            raise StateMismatchError(f"{self.name} lacks {some(extra)}, which the checkpoint has{self._cure()}")
        for key, value in here.items():
            if _form(value) != _form(saved[key]):
                raise StateMismatchError(
                    f'{self.name} has "{key}" with {_form(value)} and the checkpoint with '
                    f"{_form(saved[key])}{self._cure()}"
                )

    def load(self, saved: Mapping[str, Any]) -> None:
        self.module.load_state_dict({key: saved[plain(key)] for key in self.module.state_dict()})

    def _cure(self) -> str:
        return (
            ", so it belongs to another architecture; build the module that was saved, or take over what fits by "
            f"torchguard.load_weights({self.name}, path) with the path of {self.name}.pt"
        )


@dataclass(frozen=True)
class OptimizerPart:
    """An optimizer, saved with the names and shapes of its parameters, which its own state does not hold."""

    name: str
    optimizer: Optimizer
    parameter_names: Mapping[int, str]
    local = False

    def save(self) -> dict[str, Any]:
        kind = type(self.optimizer).__name__
        return {"class": kind, "parameters": self._parameters(), "state": self.optimizer.state_dict()}

    def refuse(self, saved: Mapping[str, Any]) -> None:
        kind = type(self.optimizer).__name__
        if saved["class"] != kind:
            raise StateMismatchError(
                f"{self.name} is {kind} and the checkpoint was saved with {saved['class']}, whose state means "
                f"something else; write torch.optim.{saved['class']}(...)"
            )
        here, there = self._parameters(), [[tuple(entry) for entry in group] for group in saved["parameters"]]
        if here != there:
            raise StateMismatchError(f"{self.name} {_first_difference(here, there)}")

    def load(self, saved: Mapping[str, Any]) -> None:
        self.optimizer.load_state_dict(saved["state"])

    def _parameters(self) -> list[list[tuple[str, str]]]:
        """Name and form of each parameter, group by group."""
        return [
            [(self.parameter_names.get(id(parameter), ""), _form(parameter)) for parameter in group["params"]]
            for group in self.optimizer.param_groups
        ]


@dataclass(frozen=True)
class StatefulPart:
    """Anything else. Its form is its own affair: whether a state fits is only known once it was loaded."""

    name: str
    subject: Stateful
    local = True

    def save(self) -> Any:
        return self.subject.state_dict()

    def refuse(self, saved: Any) -> None:
        """Try the load, and take it back."""
        if isinstance(self.subject, LRScheduler):
            self._refuse_other_scheduler(saved)
        before = copy.deepcopy(self.save())
        try:
            self.subject.load_state_dict(copy.deepcopy(saved))
        except Exception as error:
            self.subject.load_state_dict(before)
            if isinstance(error, StateMismatchError):
                raise
            raise StateMismatchError(
                f"{self.name} does not take the state in the checkpoint ({type(error).__name__}: {error}); build "
                f"{self.name} as it was when it was saved"
            ) from error
        self.subject.load_state_dict(before)

    def _refuse_other_scheduler(self, saved: Any) -> None:
        """torch's schedulers take over whatever they are given; names with _ differ between versions of torch."""
        here, there = ({key for key in state if not key.startswith("_")} for state in (self.save(), dict(saved)))
        if here != there:
            raise StateMismatchError(
                f"{self.name} is {type(self.subject).__name__} and the checkpoint was saved with another class, as "
                f"they differ in {some(here ^ there)}; build the scheduler that was saved"
            )

    def load(self, saved: Any) -> None:
        self.subject.load_state_dict(saved)

    def differences(self, saved: Any) -> list[str]:
        """Why the run would not go on bit for bit, if the object has something to say about it."""
        return list(self.subject.differences(saved)) if isinstance(self.subject, Differing) else []


@dataclass(frozen=True)
class GeneratorPart:
    """A random generator that the run made itself, of python, numpy or torch."""

    name: str
    generator: Any
    local = True

    def save(self) -> dict[str, Any]:
        return {"class": self._kind(), "state": packed(stream_state(self.generator))}

    def refuse(self, saved: Any) -> None:
        if not isinstance(saved, dict) or saved.get("class") != self._kind():
            raise StateMismatchError(
                f"{self.name} is {self._kind()} and the checkpoint was saved with another kind, whose numbers are "
                f"others; make {self.name} as it was when it was saved"
            )

    def load(self, saved: Any) -> None:
        set_stream_state(self.generator, unpacked(saved["state"]))

    def _kind(self) -> str:
        kind, engine = type(self.generator), type(getattr(self.generator, "bit_generator", None)).__name__
        return f"{kind.__module__}.{kind.__name__}{f' on {engine}' if kind is np.random.Generator else ''}"


def _module_of(name: str, optimizer: Optimizer, modules: Sequence[nn.Module]) -> nn.Module:
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    for module in modules:
        if held & {id(parameter) for parameter in module.parameters()}:
            return module
    raise MisuseError(
        f"the state of {name} is spread over ranks, by the names that the module gives the parameters, and no "
        f"module with them was given; write Checkpointer(folder, model=model, {name}={name}, ...)"
    )


def _form(value: object) -> str:
    if isinstance(value, Tensor):
        return f"shape {tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    return type(value).__name__


def _first_difference(here: list[list[tuple[str, str]]], there: list[list[tuple[str, str]]]) -> str:
    sizes_here, sizes_there = [len(group) for group in here], [len(group) for group in there]
    if sizes_here != sizes_there:
        return (
            f"has parameter groups of {sizes_here} parameters and the checkpoint of {sizes_there}, so their state "
            "cannot be told apart; build the optimizer as it was when it was saved"
        )
    pairs = ((a, b) for one, other in zip(here, there, strict=True) for a, b in zip(one, other, strict=True))
    index, (own, saved) = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
    return (
        f'has "{own[0]}", {own[1]}, as parameter {index} and the checkpoint has "{saved[0]}", {saved[1]}, there, so '
        "the state "
        "of one would go to another; build the optimizer from the parameters in the order in which it was saved"
    )
