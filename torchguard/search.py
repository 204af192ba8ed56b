"""What an optimizer calls that asks for loss and gradient itself, at several points in one step (L-BFGS)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from torchguard.errors import NonFiniteGradientError
from torchguard.gradient import Gradient
from torchguard.refusals import refuse_loss
from torchguard.sync import Sync


class Search:
    """A closure for ``optimizer.step``: the gradient of the weighted mean over all ranks, and its loss."""

    def __init__(self, gradient: Gradient, sync: Sync | None, compute_loss: Callable[[], Tensor], share: float) -> None:
        self._gradient, self._sync, self._compute_loss, self._share = gradient, sync, compute_loss, share
        self._before = [parameter.detach().clone() for parameter in gradient.parameters()]
        self._points = 0
        self.grad_norm: float | None = None  # where the search begins

    @property
    def is_at_start(self) -> bool:
        """Was there no gradient yet?"""
        return self._points == 0

    def __call__(self) -> Tensor:
        self._gradient.clear()
        loss = self._compute_loss()
        refuse_loss(loss)
        weighted = loss if self._share == 1.0 else loss * self._share
        self._gradient.add(weighted)
        finite, norm = self._gradient.clip(self._gradient.average(1.0))
        self.grad_norm = norm if self.is_at_start else self.grad_norm
        self._points += 1
        if not finite:
            raise NonFiniteGradientError(
                f"at point {self._points} of the search {self._gradient.nonfinite()}; take a smaller lr, or "
                "line_search_fn='strong_wolfe'"
            )
        return self._over_ranks(weighted.detach())

    def take_back(self) -> None:
        """Put the parameters back to where the search began."""
        for parameter, before in zip(self._gradient.parameters(), self._before, strict=True):
            parameter.data.copy_(before)

    def _over_ranks(self, loss: Tensor) -> Tensor:
        """All ranks have to see the same loss, or their searches would part."""
        if self._sync is None:
            return loss
        told = self._sync.ranks.tell(loss.item())
        return loss.new_tensor(sum(own for (own,) in told) / len(told))
