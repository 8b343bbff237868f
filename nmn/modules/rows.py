"""A table whose rows many calls read: the steps of a run share one buffer for its gradient.

Left to autograd, every read would make a gradient of the whole table, zeros but for its rows, and add it to the others.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable


class Rows:
    """Reads rows of a table: ``Rows(table).read(places)`` is ``table.index_select(0, places)``.

    Differentiable once in the table.
    """

    def __init__(self, table: Float[Tensor, "rows ..."]) -> None:
        self.gathered = _Gathered(table.detach())
        self._opened: Tensor | None = None
        if table.requires_grad and torch.is_grad_enabled():
            self._opened = _Open.apply(table, self.gathered)  # type: ignore[no-untyped-call]

    def read(self, places: Int[Tensor, " places"]) -> Float[Tensor, "places ..."]:
        """Return the rows at some places."""
        if self._opened is None or not torch.is_grad_enabled():
            return self.gathered.table.index_select(0, places)
        found: Tensor = _Read.apply(self._opened, self.gathered, places)  # type: ignore[no-untyped-call]
        return found


class _Gathered:
    """The table without its history, and the gradient that the reads have added up so far."""

    def __init__(self, table: Tensor) -> None:
        self.table = table
        self.grad: Tensor | None = None


class _Open(torch.autograd.Function):
    """Hands the gradient on once all that read the table have added theirs; its value only ties them to it."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, gathered: _Gathered) -> Tensor:
        ctx.gathered = gathered
        ctx.set_materialize_grads(False)
        return table.new_zeros(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: Tensor | None) -> tuple[Tensor | None, None]:
        grad, ctx.gathered.grad = ctx.gathered.grad, None
        return grad, None


class _Read(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, opened: Tensor, gathered: _Gathered, places: Tensor) -> Tensor:
        ctx.gathered = gathered
        ctx.save_for_backward(places)
        ctx.set_materialize_grads(False)
        return gathered.table.index_select(0, places)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor | None) -> tuple[None, None, None]:
        gathered = ctx.gathered
        if grad is not None:
            if gathered.grad is None:
                gathered.grad = torch.zeros_like(gathered.table)
            gathered.grad.index_add_(0, ctx.saved_tensors[0], grad.to(gathered.grad.dtype))
        return None, None, None
