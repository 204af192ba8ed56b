"""Modules and optimizers whose tensors are spread over ranks, or whose saved state is: how each is saved and restored.

Four kinds: what is sharded here may have been saved whole, and what was saved among the shards may be whole here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.optim import Optimizer

from torchguard.errors import StateMismatchError
from torchguard.keys import plain
from torchguard.words import count, some

_FLAT = StateDictOptions(flatten_optimizer_state_dict=True)
_WHOLE = StateDictOptions(full_state_dict=True)  # each rank has all of it, and takes its part


@dataclass(frozen=True)
class ShardedModulePart:
    """A module with DTensors. Its own file says which tensors there are; they themselves are among the shards."""

    name: str
    module: nn.Module
    local = False

    def shards(self) -> dict[str, Tensor]:
        return {f"{self.name}.{key}": cast(Tensor, value) for key, value in get_model_state_dict(self.module).items()}

    def save(self) -> dict[str, Any]:
        return {"sharded": _forms(self.shards())}

    def refuse(self, saved: Any) -> None:
        _refuse_forms(self.name, _forms(self.shards()), saved["sharded"])

    def load(self, saved: Any) -> None:
        """Nothing: the shards were read into the module's own tensors."""


@dataclass(frozen=True)
class WholeModulePart:
    """A module with DTensors that was saved whole, before it was sharded or on a single process."""

    name: str
    module: nn.Module
    local = False

    def save(self) -> dict[str, Any]:
        return ShardedModulePart(self.name, self.module).save()

    def refuse(self, saved: Any) -> None:
        _refuse_forms(self.name, _forms(get_model_state_dict(self.module)), _forms(saved))

    def load(self, saved: Any) -> None:
        set_model_state_dict(self.module, dict(saved), options=_WHOLE)


@dataclass(frozen=True)
class ShardedOptimizerPart:
    """The optimizer of a module with DTensors; its state is keyed by the names of the parameters."""

    name: str
    optimizer: Optimizer
    module: nn.Module
    local = False

    def shards(self) -> dict[str, Tensor]:
        if not self.optimizer.state:  # torch would make it by a step with zero gradients, which is not nothing
            return {}
        return {f"{self.name}.{key}": value for key, value in self._flat().items() if isinstance(value, Tensor)}

    def save(self) -> dict[str, Any]:
        flat = self._flat() if self.optimizer.state else {}
        others = {key: value for key, value in flat.items() if not isinstance(value, Tensor)}
        groups = [{key: value for key, value in group.items() if key != "params"} for group in self._groups()]
        kind = type(self.optimizer).__name__
        return {"class": kind, "sharded": _forms(self.shards()), "plain": others, "groups": groups}

    def refuse(self, saved: Any) -> None:
        _refuse_optimizer(self.name, self.optimizer, saved, len(saved["groups"]))
        self.prepare(saved)
        _refuse_forms(self.name, _forms(self.shards()), saved["sharded"])

    def prepare(self, saved: Mapping[str, Any]) -> None:
        """Make the tensors of the state, if the saved one had any, for the shards to be read into."""
        if saved["sharded"] and not self.optimizer.state:
            self._flat()

    def load(self, saved: Any) -> None:
        if saved["sharded"]:
            own: dict[str, Any] = {key: value for key, value in self._flat().items() if isinstance(value, Tensor)}
            set_optimizer_state_dict(self.module, self.optimizer, {**own, **saved["plain"]}, options=_FLAT)
        else:
            self.optimizer.state.clear()
        for group, values in zip(self._groups(), saved["groups"], strict=True):
            group.update(values)

    def _flat(self) -> dict[str, Any]:
        return dict(get_optimizer_state_dict(self.module, self.optimizer, options=_FLAT))

    def _groups(self) -> list[dict[str, Any]]:
        return self.optimizer.param_groups


@dataclass(frozen=True)
class WholeOptimizerPart:
    """The optimizer of a module with DTensors, saved whole; parameters are found by their names."""

    name: str
    optimizer: Optimizer
    module: nn.Module
    local = False

    def save(self) -> dict[str, Any]:
        return ShardedOptimizerPart(self.name, self.optimizer, self.module).save()

    def refuse(self, saved: Any) -> None:
        _refuse_optimizer(self.name, self.optimizer, saved, len(saved["parameters"]))
        there = {_inner(name): form for group in saved["parameters"] for name, form in group}
        own = {parameter for group in self.optimizer.param_groups for parameter in group["params"]}
        here = {plain(key): value for key, value in self.module.named_parameters() if value in own}
        _refuse_forms(self.name, _forms(here), there)

    def load(self, saved: Any) -> None:
        names = [[_inner(name) for name, _ in group] for group in saved["parameters"]]
        states = saved["state"]["state"]
        groups = [
            {**group, "params": of_group} for group, of_group in zip(saved["state"]["param_groups"], names, strict=True)
        ]
        flat = [name for of_group in names for name in of_group]
        state: dict[str, Any] = {
            "state": {flat[index]: values for index, values in states.items()},
            "param_groups": groups,
        }
        if states:
            set_optimizer_state_dict(self.module, self.optimizer, state, options=_WHOLE)
        else:
            self.optimizer.state.clear()
        for own, group in zip(self.optimizer.param_groups, groups, strict=True):
            own.update({key: value for key, value in group.items() if key != "params"})


def _inner(name: str) -> str:
    """``"fc.weight"`` of ``"model.fc.weight"``."""
    return name.partition(".")[2]


def _refuse_optimizer(name: str, optimizer: Optimizer, saved: Any, groups: int) -> None:
    kind = type(optimizer).__name__
    if saved["class"] != kind:
        raise StateMismatchError(
            f"{name} is {kind} and the checkpoint was saved with another class; build the optimizer that was saved"
        )
    if len(optimizer.param_groups) != groups:
        raise StateMismatchError(
            f"{name} has {count(len(optimizer.param_groups), 'parameter group')} and the checkpoint {groups}; build "
            "the optimizer as it was when it was saved"
        )


def _forms(tensors: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: f"shape {tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}" for key, value in tensors.items()
    }


def _refuse_forms(name: str, here: Mapping[str, str], there: Mapping[str, str]) -> None:
    if odd := here.keys() ^ there.keys():
        raise StateMismatchError(f"{name} and the checkpoint differ in {some(odd)}; build {name} as it was saved")
    for key, form in here.items():
        if form != there[key]:
            raise StateMismatchError(
                f'{name} has "{key}" with {form} and the checkpoint with {there[key]}; build {name} as it was saved'
            )
