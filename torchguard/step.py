"""One optimizer step with its parts in the one order that is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from torchguard.errors import NonFiniteGradientError, NonFiniteLossError, StateMismatchError
from torchguard.gradient import Gradient
from torchguard.parallel import carry_autocast
from torchguard.refusals import (
    Amp,
    OnNonfinite,
    parameters_of,
    refuse_lbfgs,
    refuse_loss,
    refuse_minimize,
    refuse_objects,
    refuse_options,
    refuse_search_in_backward,
)
from torchguard.search import Search
from torchguard.sync import Sync, sync_of
from torchguard.window import Window

T = TypeVar("T")

_AUTOCAST_DTYPE = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one call of `TrainStep.backward` or `TrainStep.flush` did.

    Attributes:
        stepped: the optimizer stepped.
        skipped: the window ended with a gradient that is nan or inf, and was thrown away.
        grad_norm: global L2 norm of the window's unscaled gradient before clipping; ``None`` inside a window, and
            without ``clip_norm``, since it takes its time (``clip_norm=math.inf`` measures and caps nothing).
        window: micro-batches in the window so far, this one included.
    """

    stepped: bool
    skipped: bool
    grad_norm: float | None
    window: int


class TrainStep:
    """Scale, backward, accumulate; and at the end of a window unscale, clip, step, update, clear, schedule.

    The gradient of a window is the sum of ``loss * weight`` over its micro-batches and over all ranks, divided by the
    sum of the weights, so that any split of the same samples gives the same gradient, the last, shorter window and
    ranks with other numbers of samples included. In a single process, without ``accumulate`` and ``amp``, the numbers
    are bit for bit those of ``zero_grad(); loss.backward(); step()``.

    A window whose gradient is nan or inf is thrown away: neither optimizer, nor scheduler, nor `steps` moves.

    **Ranks.** Give it the model as `ddp`, `fsdp` or torch's own wrappers return it, on every rank. DDP averages once a
    window, during the last micro-batch's backward; FSDP2 reduces each backward, so that gradients stay sharded. Once a
    window the ranks tell one another its weight, over gloo, and notice if they do not do the same. With unequal
    numbers of batches, go through them by `join`.

    **Several optimizers** of one loss (dense and sparse, say) are given together: one scale, one norm, and all step or
    none. For two losses (a GAN) make two TrainSteps: each clears its own gradients when its window begins, so what the
    other's loss left there does not count; with ``accumulate > 1`` keep the other's gradients out of a half-filled
    window by ``with tg.freeze(discriminator):`` around the generator's part. An optimizer that calls the forward itself
    (L-BFGS) is driven by `minimize`.

    Args:
        model: the module that is trained, wrapped or not.
        optimizer: holds the parameters that the loss depends on; one, or several.
        scheduler: one or several, each steps once for each step of the optimizer; ``None``: you step it yourself, say
            once an epoch.
        amp: ``"off"``, ``"bf16"``, or ``"fp16"``, which scales the loss.
        accumulate: micro-batches in one window; one step is taken a window.
        clip_norm: cap on the global L2 norm of the unscaled gradient; ``None``: no cap.
        on_nonfinite: what to do with a window whose gradient is nan or inf: ``"skip"`` it or ``"raise"``.

    Raises:
        MisuseError: from the constructor, if the parts cannot belong together.
        RanksDisagreeError: from the constructor or at a window's end, on every rank, if they differ.

    Source: PyTorch notes, "Automatic Mixed Precision examples".
    Prevents: missing-zero-grad, zero-grad-before-step, scheduler-before-optimizer, clip-before-unscale,
        clip-after-step, unscaled-accumulation, scheduler-on-skipped-step, step-bypasses-scaler, scaler-not-saved,
        nonfinite-loss.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer],
        scheduler: LRScheduler | Sequence[LRScheduler] | None = None,
        *,
        amp: Amp = "off",
        accumulate: int = 1,
        clip_norm: float | None = None,
        on_nonfinite: OnNonfinite = "skip",
    ) -> None:
        self.optimizers = (optimizer,) if isinstance(optimizer, Optimizer) else tuple(optimizer)
        self.schedulers = tuple(scheduler) if isinstance(scheduler, Sequence) else (scheduler,) if scheduler else ()
        refuse_options(amp, accumulate, clip_norm, on_nonfinite)
        refuse_objects(model, self.optimizers, self.schedulers, amp)
        refuse_lbfgs(self.optimizers, amp, accumulate, clip_norm)
        self._model = model
        self._amp, self._on_nonfinite = amp, on_nonfinite
        self._device_type = next(model.parameters()).device.type
        self._scaler = torch.amp.GradScaler(self._device_type) if amp == "fp16" else None
        self._window = Window(accumulate)
        self._steps = self._skipped = 0
        self._is_idle = False  # stands in for other ranks, with a batch that does not count
        self._sync = _brought_together(model, self.optimizers, (amp, accumulate, clip_norm, on_nonfinite))
        self._gradient = Gradient(self.optimizers, self._scaler, self._sync, clip_norm)

    @property
    def steps(self) -> int:
        """Steps that the optimizer has taken."""
        return self._steps

    @property
    def skipped(self) -> int:
        """Windows thrown away because their gradient was nan or inf."""
        return self._skipped

    def autocast(self) -> AbstractContextManager[Any]:
        """The context for forward and loss; `backward` belongs outside.

        Inside an accumulation window it also keeps DDP from averaging before the window's last micro-batch.
        """
        return self._cast() if self._sync is None else self._cast_and_sync(self._sync)

    def backward(self, loss: Tensor, *, weight: float = 1.0) -> StepResult:
        """Add one micro-batch's gradient; step if it ends a window.

        Args:
            loss: mean over the micro-batch, shape ``()``, on the autograd graph. Reading it costs one device sync.
            weight: how much the micro-batch counts in its window, in samples or tokens; more than 0.

        Raises:
            LossError: the loss is no scalar, or not on the graph, or no parameter of the optimizer is.
            NonFiniteLossError: the loss is nan or inf. It is not skipped, because no smaller loss scale would cure it.
            NonFiniteGradientError: only with ``on_nonfinite="raise"``.
            RanksDisagreeError: on every rank, if some are inside a window that others end.
        """
        refuse_search_in_backward(self.optimizers)
        refuse_loss(loss)
        window = self._window
        if window.is_empty:
            self._begin_window(weight)
        factor = 0.0 if self._is_idle else window.factor(weight)
        window.add(factor)
        divisor = self._divisor("backward()") if window.is_full else None
        self._add_gradient_of(loss if factor == 1.0 else loss * factor)
        if divisor is not None:
            return self._end_window(divisor)
        return StepResult(stepped=False, skipped=False, grad_norm=None, window=window.filled)

    def flush(self) -> StepResult:
        """Step with what the unfinished window holds, weighted by what it holds; nothing happens if that is nothing.

        With several ranks every one has to call it.
        """
        if self._window.is_empty:
            return StepResult(stepped=False, skipped=False, grad_norm=None, window=0)
        return self._end_window(self._divisor("flush()"))

    def join(self, batches: Iterable[T]) -> Iterator[T]:
        """Go through this rank's batches, and then stand in for it while other ranks have more.

        With DDP and FSDP2 every rank takes part in every forward and backward, so ranks with unequal numbers of batches
        would wait for one another. A rank that has run out gets its last batch again, which counts nothing, and steps
        along with the others; its buffers stay as they were. Costs one small message a batch, and in a single process
        nothing::

            for x, y in step.join(loader):
                with step.autocast():
                    loss = F.cross_entropy(model(x), y)
                step.backward(loss, weight=len(y))
            step.flush()

        Raises:
            MisuseError: on every rank, if one has no batch at all.
        """
        if self._sync is None:
            yield from batches
            return
        try:
            for batch, is_own in self._sync.ranks.join(batches):
                self._is_idle = not is_own
                with nullcontext() if is_own else _buffers_kept(self._model):
                    yield batch
        finally:
            self._is_idle = False

    def minimize(self, compute_loss: Callable[[], Tensor], *, weight: float = 1.0) -> StepResult:
        """Step with an optimizer that asks for loss and gradient as often as it likes, such as L-BFGS.

        If the gradient becomes nan or inf on the way, the step is skipped: the parameters go back to where they were,
        and the optimizer forgets what it knew of the curvature::

            step.minimize(lambda: F.mse_loss(model(x), y), weight=len(y))

        Args:
            compute_loss: runs the forward and returns the loss; called under `autocast`, once or more.
            weight: as for `backward`.

        Raises:
            MisuseError: with ``amp="fp16"``, ``accumulate`` or several optimizers.
            LossError: as for `backward`.
            NonFiniteLossError: the loss is nan or inf where the search begins.
            NonFiniteGradientError: only with ``on_nonfinite="raise"``.
        """
        refuse_minimize(self.optimizers, self._amp, self._window.size)
        self._begin_window(weight)
        factor = self._window.factor(weight)
        self._window.add(factor)
        share = factor / self._divisor("minimize()")
        search = Search(self._gradient, self._sync, lambda: self._loss_of(compute_loss), share)
        try:
            stepped = self._search(search)
        finally:
            self._throw_away()
        self._count(stepped)
        return StepResult(stepped, not stepped, grad_norm=search.grad_norm, window=1)

    def state_dict(self) -> dict[str, Any]:
        """Counts, loss scale, and the unfinished window with its gradients: a resume inside a window is exact.

        With several ranks each has its own, since inside a window each holds the gradients of its own micro-batches.
        """
        return {
            "amp": self._amp,
            "accumulate": self._window.size,
            "steps": self._steps,
            "skipped": self._skipped,
            "scaler": self._scaler.state_dict() if self._scaler else {},
            "window": self._window.state_dict(),
            "grads": [] if self._window.is_empty else self._gradient.copies(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken.

        Raises:
            StateMismatchError: saved with another ``amp``, inside a window of another size, or with gradients of other
                shapes; nothing was changed.
        """
        self._refuse_state(state)
        self._steps, self._skipped = state["steps"], state["skipped"]
        if self._scaler:
            self._scaler.load_state_dict(state["scaler"])
        self._window.load_state_dict(state["window"])
        self._gradient.clear()
        if state["grads"]:  # outside of a window there are none
            self._gradient.restore(state["grads"])

    def _cast(self) -> AbstractContextManager[Any]:
        if self._amp == "off":
            return nullcontext()
        return torch.autocast(self._device_type, dtype=_AUTOCAST_DTYPE[self._amp])

    @contextmanager
    def _cast_and_sync(self, sync: Sync) -> Iterator[None]:
        with sync.forward(self._window.closes), self._cast():
            yield

    def _loss_of(self, compute_loss: Callable[[], Tensor]) -> Tensor:
        with self.autocast():
            return compute_loss()

    def _search(self, search: Search) -> bool:
        """Did the optimizer step?"""
        (optimizer,) = self.optimizers
        try:
            optimizer.step(search)  # type: ignore[arg-type]  # a loss as a tensor is what L-BFGS wants
        except (NonFiniteLossError, NonFiniteGradientError):
            search.take_back()
            optimizer.state.clear()
            if search.is_at_start or self._on_nonfinite == "raise":
                raise
            return False
        return True

    def _begin_window(self, weight: float) -> None:
        if self._sync and not self._window.is_agreed:
            self._window.agree(self._sync.ranks.tell(weight)[0][0])
        self._window.begin(weight)
        self._gradient.clear()  # another loss may have filled them since the last step

    def _divisor(self, how: str) -> float:
        """What the window's gradient, as it lies in ``.grad`` in the end, is too large by."""
        window = self._window
        if self._sync is None:
            return window.weight
        return self._sync.ranks.weight_of_window(how, window.filled, window.weight)

    def _add_gradient_of(self, loss: Tensor) -> None:
        try:
            self._gradient.add(loss)
        except BaseException:
            self._window.clear()
            raise

    def _end_window(self, divisor: float) -> StepResult:
        filled = self._window.filled
        try:
            finite, grad_norm = self._gradient.clip(self._gradient.average(divisor))
            if finite:
                self._gradient.step()
            elif self._on_nonfinite == "raise":
                raise NonFiniteGradientError(self._nonfinite_message())
            if self._scaler:
                self._scaler.update()  # also after a skip: that is how it finds a smaller scale
        finally:
            self._throw_away()
        self._count(finite)
        return StepResult(stepped=finite, skipped=not finite, grad_norm=grad_norm, window=filled)

    def _count(self, stepped: bool) -> None:
        if not stepped:
            self._skipped += 1
            return
        self._steps += 1
        for scheduler in self.schedulers:
            scheduler.step()

    def _throw_away(self) -> None:
        self._window.clear()
        self._gradient.clear()

    def _nonfinite_message(self) -> str:
        return (
            f"after step {self._steps} {self._gradient.nonfinite()}, so the next step would write it into every "
            "weight; see why: write print(torchguard.diagnose_nonfinite(lambda x, y: loss_fn(model(x), y), x, y))"
        )

    def _refuse_state(self, state: Mapping[str, Any]) -> None:
        if state["amp"] != self._amp:
            raise StateMismatchError(
                f'the TrainStep was saved with amp="{state["amp"]}" and this one has amp="{self._amp}", so the loss '
                f'scale would be wrong; write amp="{state["amp"]}"'
            )
        if state["window"]["filled"] and state["accumulate"] != self._window.size:
            raise StateMismatchError(
                f"the TrainStep was saved inside a window of {state['accumulate']} micro-batches and this one has "
                f"accumulate={self._window.size}; write accumulate={state['accumulate']}"
            )
        saved = [None if grad is None else grad.shape for grad in state["grads"]]
        here = self._gradient.shapes()
        fits = len(saved) == len(here) and all(a is None or a == b for a, b in zip(saved, here, strict=True))
        if saved and not fits:
            raise StateMismatchError(
                f"the TrainStep was saved inside a window with gradients of {len(saved)} parameters, and the "
                f"{len(here)} parameters of this optimizer have other shapes; build model and optimizer as they were"
            )


def _brought_together(model: nn.Module, optimizers: Sequence[Optimizer], options: tuple[object, ...]) -> Sync | None:
    """How the ranks' gradients come together; refuses what would make them wait for one another, or differ."""
    for module in model.modules():
        if isinstance(module, DataParallel):
            carry_autocast(module)
    sync = sync_of(model)
    if sync:
        names = ("amp", "accumulate", "clip_norm", "on_nonfinite")
        shapes = [[tuple(parameter.shape) for parameter in parameters_of(optimizer)] for optimizer in optimizers]
        sync.ranks.refuse_shared_devices(next(model.parameters()).device)
        sync.ranks.refuse_differing([*zip(names, options, strict=True), ("the list of parameters' shapes", shapes)])
    return sync


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """Running statistics and the like, put back to where they were."""
    before = [(buffer, buffer.clone()) for buffer in model.buffers()]
    yield
    for buffer, value in before:
        buffer.copy_(value)
