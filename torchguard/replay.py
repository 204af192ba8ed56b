"""A forward and a backward pass with every result looked at; what is not finite is traced to the call that made it."""

from __future__ import annotations

import linecache
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode, resolve_name

from torchguard.keys import plain
from torchguard.tensors import NonFinite, first_sample, largest, plain_values, tensors_in

_NOT_THE_USERS = (str(Path(torch.__file__).parent), str(Path(__file__).parent))


@dataclass(eq=False)
class Origin:
    """Where in the user's code something was called, and in which module."""

    operation: str
    module: str
    place: str  # "train.py:14"


@dataclass(eq=False)
class Call(Origin):
    """A call of torch whose result is not finite."""

    found: NonFinite
    sample: int | None
    rows: int  # the size of the result's first dimension; 0: it has none
    dtype: torch.dtype
    largest_input: float
    smallest_input: float  # the input value nearest to 0
    given: list[Tensor] = field(default_factory=list)  # not finite, and made by no call of this replay
    parents: list[Call] = field(default_factory=list)
    on_purpose: bool = False  # an inf that was handed in as a number, or only comes from such a one
    fits_float32: bool = False

    def origin(self) -> Call:
        """The first call on the way here that made something of finite values, or a nan of an inf on purpose."""
        call, seen = self, {id(self)}
        while True:
            earlier = [parent for parent in call.parents if not parent.on_purpose and id(parent) not in seen]
            if not earlier:
                return call
            call = earlier[0]
            seen.add(id(call))


@dataclass(frozen=True)
class _Arguments:
    """A function of torch and what it is called with."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def call(self) -> Any:
        return self.func(*self.args, **self.kwargs)

    def tensors(self) -> Iterator[Tensor]:
        return (tensor for _, tensor in tensors_in((self.args, self.kwargs), ""))

    @property
    def name(self) -> str:
        """``log`` for ``torch.log`` and ``Tensor.log``, ``truediv`` for ``/``."""
        name = (resolve_name(self.func) or getattr(self.func, "__name__", "") or "?").rpartition(".")[2]
        return name.strip("_") if name.startswith("__") else name


@dataclass(frozen=True)
class _Seen:
    """The tensors that a call takes, looked at before it, since it may write to them."""

    dirty: list[Tensor]
    largest: float
    smallest: float

    @classmethod
    def of(cls, arguments: _Arguments) -> _Seen:
        tensors = list(arguments.tensors())
        return cls(
            dirty=[tensor for tensor in tensors if NonFinite.of(tensor)],
            largest=max(map(largest, tensors), default=0.0),
            smallest=min(map(_nearest_to_zero, tensors), default=math.inf),
        )


class Forward(TorchFunctionMode):
    """While it is entered, looks at the result of every function of torch, and at which module calls it."""

    def __init__(self) -> None:
        super().__init__()
        self.growth: dict[str, float] = {}  # module path -> largest magnitude of its output
        self._exits = ExitStack()
        self._modules: list[str] = []
        self._names: dict[int, str] = {}  # of modules, parameters and buffers, by id
        self._named: list[object] = []  # keeps those ids from being used again
        self._parameters: dict[Tensor, None] = {}
        self._buffers: list[tuple[Tensor, Tensor]] = []
        self._made: dict[int, tuple[Tensor, Call]] = {}
        self._nodes: dict[Node, Origin] = {}
        self._looking = False

    # entering

    def __enter__(self) -> Forward:
        if "torch._dynamo" in sys.modules:  # else nothing was compiled, and the import takes seconds
            self._see_through_compiled_modules()
        for handle in (
            register_module_forward_pre_hook(self._enter_module),
            register_module_forward_hook(self._leave_module, always_call=True),
        ):
            self._exits.callback(handle.remove)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        super().__exit__(kind, error, tb)  # type: ignore[no-untyped-call]
        self._exits.close()

    def _see_through_compiled_modules(self) -> None:
        """They would hide their operations, and warn of hooks."""
        self._exits.enter_context(torch.compiler.set_stance("force_eager"))
        self._exits.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", message=".*global hooks", category=UserWarning)

    def restore_buffers(self) -> None:
        """Give every buffer of the modules that ran the value it had before."""
        with torch.no_grad():
            for buffer, value in self._buffers:
                buffer.copy_(value)

    # modules

    def _enter_module(self, module: nn.Module, _inputs: object) -> None:
        if id(module) not in self._names:
            with self._aside():
                self._learn_names(module)
        if isinstance(module, nn.parallel.DistributedDataParallel) and module.require_backward_grad_sync:
            module.require_backward_grad_sync = False  # this backward is not the one that the other ranks wait for
            self._exits.callback(setattr, module, "require_backward_grad_sync", True)
        self._modules.append(self._names[id(module)])

    def _leave_module(self, _module: nn.Module, _inputs: object, output: object) -> None:
        with self._aside():
            self.growth[self._modules.pop()] = max(
                (largest(tensor) for _, tensor in tensors_in(output, "")), default=0.0
            )

    def _learn_names(self, root: nn.Module) -> None:
        kind = type(root).__name__
        for path, module in root.named_modules():
            self._learn_name(module, plain(f"{kind}.{path}" if path else kind))
        for path, parameter in root.named_parameters():
            self._parameters.setdefault(parameter)
            self._learn_name(parameter, plain(f"{kind}.{path}"))
        for path, buffer in root.named_buffers():
            if id(buffer) not in self._names:
                self._buffers.append((buffer, buffer.detach().clone()))
            self._learn_name(buffer, plain(f"{kind}.{path}"))

    def _learn_name(self, thing: object, name: str) -> None:
        self._names.setdefault(id(thing), name)
        self._named.append(thing)

    def parameters(self, also: Sequence[Tensor] = ()) -> list[Tensor]:
        """The trainable parameters of every module that ran, then the others of ``also``, each once."""
        found = dict.fromkeys([*self._parameters, *also])
        return [parameter for parameter in found if parameter.requires_grad]

    def name_of(self, tensor: Tensor) -> str:
        """``"Net.fc.weight"``; for what no module holds, its shape."""
        return self._names.get(id(tensor)) or f"a tensor of shape {tuple(tensor.shape)}"

    # calls

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        arguments = _Arguments(func, args, dict(kwargs or {}))
        if self._looking:
            return arguments.call()
        with self._aside():
            seen = _Seen.of(arguments)
            result = arguments.call()
            for changed in _changed(func, args, result):
                self._see(arguments, seen, changed)
        return result

    def _see(self, arguments: _Arguments, seen: _Seen, output: Tensor) -> None:
        if output.grad_fn is not None and output.grad_fn not in self._nodes:
            self._learn_nodes(output.grad_fn, self._origin(arguments))
        found = NonFinite.of(output)
        if not found:
            self._made.pop(id(output), None)
            return
        made = [self._made.get(id(tensor)) for tensor in seen.dirty]
        call = Call(
            **vars(self._origin(arguments)),
            found=found,
            sample=first_sample(output),
            rows=_rows(output),
            dtype=output.dtype,
            largest_input=seen.largest,
            smallest_input=seen.smallest,
            given=[tensor for tensor, by in zip(seen.dirty, made, strict=True) if by is None],
            parents=[by[1] for by in made if by is not None],
        )
        call.on_purpose = not found.nan and _is_meant(call, arguments)
        call.fits_float32 = not seen.dirty and _fits_float32(arguments, output)
        self._made[id(output)] = (output, call)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """What is called in here is our own looking, and no part of the step."""
        before, self._looking = self._looking, True
        try:
            yield
        finally:
            self._looking = before

    def call_that_made(self, tensor: Tensor) -> Call | None:
        """The call whose result a tensor is; ``None`` where it was not seen."""
        made = self._made.get(id(tensor))
        return made[1] if made else None

    def node_origin(self, node: Node) -> Origin | None:
        """The call in the forward pass whose derivative a node computes."""
        return self._nodes.get(node)

    def _learn_nodes(self, node: Node, origin: Origin) -> None:
        """One call may make several nodes; those of earlier calls are known already."""
        unknown = [node]
        while unknown:
            if (node := unknown.pop()) is not None and node not in self._nodes:
                self._nodes[node] = origin
                unknown.extend(before for before, _ in node.next_functions if before is not None)

    def _origin(self, arguments: _Arguments) -> Origin:
        return Origin(arguments.name, self._modules[-1] if self._modules else "", _users_line())


@dataclass(frozen=True)
class FirstGradient:
    """The first node of a backward pass that made something not finite of finite gradients."""

    node: Node
    came: float  # the largest magnitude that went into it
    found: NonFinite
    sample: int | None
    rows: int
    dtype: torch.dtype


class Backward:
    """One backward pass, with the gradients that go into and come out of every node looked at."""

    def __init__(self, loss: Tensor, forward: Forward) -> None:
        self.first: FirstGradient | None = None
        self.growth: dict[str, float] = {}  # module path -> largest magnitude of a gradient in it, loss first
        self._loss = loss
        self._forward = forward

    def run(self, parameters: Sequence[Tensor]) -> list[Tensor | None]:
        """The gradients of the loss, in the order of ``parameters``; nothing is accumulated anywhere."""
        with ExitStack() as exits:
            for node in _nodes_below(self._loss.grad_fn):
                exits.callback(node.register_hook(self._watch(node)).remove)
            grads = torch.autograd.grad(
                self._loss, list(parameters), torch.ones_like(self._loss), allow_unused=True, materialize_grads=False
            )
        return list(grads)

    def _watch(self, node: Node) -> Callable[..., None]:
        def look(grad_inputs: tuple[Tensor | None, ...], grad_outputs: tuple[Tensor | None, ...]) -> None:
            came = [grad for grad in grad_outputs if grad is not None]
            self._note_growth(node, came)
            if self.first or any(NonFinite.of(grad) for grad in came):
                return
            for grad in grad_inputs:
                if grad is not None and (found := NonFinite.of(grad)):
                    self.first = FirstGradient(
                        node, max(map(largest, came), default=0.0), found, first_sample(grad), _rows(grad), grad.dtype
                    )
                    return

        return look

    def _note_growth(self, node: Node, grads: list[Tensor]) -> None:
        origin = self._forward.node_origin(node)
        if origin and origin.module:
            size = max(map(largest, grads), default=0.0)
            self.growth[origin.module] = max(size, self.growth.get(origin.module, 0.0))


def _rows(tensor: Tensor) -> int:
    return tensor.shape[0] if tensor.ndim else 0


def _nodes_below(root: Node | None) -> Iterator[Node]:
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting.extend(before for before, _ in node.next_functions)
        yield node


def _changed(func: Callable[..., Any], args: tuple[Any, ...], result: object) -> Iterator[Tensor]:
    """The tensors that a call made or wrote to."""
    results = [tensor for _, tensor in tensors_in(result, "")]
    yield from results
    written = args[0] if args and getattr(func, "__name__", "") == "__setitem__" else None
    if isinstance(written, Tensor):
        yield written


def _is_meant(call: Call, arguments: _Arguments) -> bool:
    """Was the inf handed in as a number, or does it only come from where that was so?"""
    if call.parents or call.given:
        return all(parent.on_purpose for parent in call.parents) and not call.given
    numbers = _numbers_in((arguments.args, arguments.kwargs))
    return any(isinstance(number, float) and math.isinf(number) for number in numbers)


def _numbers_in(found: object) -> Iterator[object]:
    if isinstance(found, Mapping):
        found = tuple(found.values())
    if isinstance(found, (list, tuple)):
        for inner in found:
            yield from _numbers_in(inner)
    else:
        yield found


def _fits_float32(arguments: _Arguments, output: Tensor) -> bool:
    """Would the same call be finite in float32? Asked of float16 alone, and of functions that write to nothing."""
    if output.dtype != torch.float16 or arguments.name.endswith("_"):
        return False
    wider = _Arguments(arguments.func, _as_float32(arguments.args), _as_float32(arguments.kwargs))
    try:
        with torch.autocast(output.device.type, enabled=False), torch.no_grad():
            result = wider.call()
    except Exception:  # pylint: disable=broad-exception-caught  # a question on the side, about any function
        return False
    return all(NonFinite.of(tensor) is None for _, tensor in tensors_in(result, ""))


def _as_float32(found: Any) -> Any:
    if isinstance(found, Tensor):
        return found.float() if found.dtype == torch.float16 else found
    if isinstance(found, dict):
        return {key: _as_float32(value) for key, value in found.items()}
    if type(found) in {list, tuple}:
        return type(found)(_as_float32(value) for value in found)
    return found


def _nearest_to_zero(tensor: Tensor) -> float:
    values = plain_values(tensor)
    return math.inf if values is None else float(values.abs().nan_to_num(math.inf).min())


def _users_line() -> str:
    """The innermost line outside torch and this package, with its source."""
    frame: FrameType | None = sys._getframe(1)  # pylint: disable=protected-access  # documented, of CPython and PyPy
    while frame is not None and frame.f_code.co_filename.startswith(_NOT_THE_USERS):
        frame = frame.f_back
    if frame is None:
        return ""
    path, number = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(path, number).strip()
    return f"{Path(path).name}:{number}" + (f": {source}" if source else "")
