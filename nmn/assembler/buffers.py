"""Where the values of a run lie, and how gradients find them again.

A step writes its values into consecutive rows and reads those of its operands. Left to autograd, every write and every
read would copy, and zero, a whole buffer once more on the way back. Here one node a step stands for both, gradients are
added up in a buffer of their own, and the nodes form a chain, so that all that read a row add to its gradient before
the step that wrote it takes it.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nmn.assembler.plan import Plan, Step
from nmn.layout import Kind

Gathered = tuple[Tensor, ...]


class Buffers:
    """The values of each kind of a run, written a step at a time."""

    def __init__(self, plan: Plan, widths: dict[Kind, int | None], like: Tensor) -> None:
        self.kinds = tuple(widths)
        self.data = {
            kind: like.new_empty(plan.sizes[kind], *([] if width is None else [width]))
            for kind, width in widths.items()
        }
        self.grads: dict[Kind, Tensor] = {}
        self.steps, self.waiting = plan.steps, -1
        self._value: Tensor | None = None
        self._chain: Tensor | None = None

    def exchange(self, index: int, rows: Gathered) -> Gathered:
        """Write what ``put`` brought last, and return the operands of step ``index``, which lie in ``rows``."""
        kinds, value = self.steps[index].operand_kinds, self._value
        if self._chain is None and not (value is not None and value.requires_grad and torch.is_grad_enabled()):
            self._write()
            return self.read(kinds, rows)
        self._chain, *gathered = _Exchange.apply(self._chain, value, self, self.waiting, kinds, rows)  # type: ignore[no-untyped-call]
        return tuple(gathered)

    def put(self, index: int, value: Tensor) -> None:
        """Take the value of step ``index``, to be written before anything is read."""
        self.waiting, self._value = index, value

    def close(self) -> dict[Kind, Tensor]:
        """Return all values."""
        value = self._value
        if self._chain is None and not (value is not None and value.requires_grad and torch.is_grad_enabled()):
            self._write()
            return self.data
        found = _Close.apply(self._chain, value, self, self.waiting)  # type: ignore[no-untyped-call]
        self.data, self._chain, self._value = {}, None, None
        return dict(zip(self.kinds, found, strict=True))

    def _write(self) -> None:
        if self._value is not None:
            self.slice_of(self.waiting, self.data)[...] = self._value.detach()

    def slice_of(self, index: int, tensors: dict[Kind, Tensor]) -> Tensor:
        """Return the rows of a step."""
        step: Step = self.steps[index]
        return tensors[step.kind][step.rows]

    def grad_of(self, index: int, dtype: torch.dtype) -> Tensor:
        """Return the gradient of a step's values, apart from the buffer that others still add to."""
        return self.slice_of(index, self.grads).to(dtype, copy=True)

    def read(self, kinds: tuple[Kind, ...], rows: Gathered) -> Gathered:
        """Return rows of some kinds' values."""
        return tuple([self.data[kind].index_select(0, some) for kind, some in zip(kinds, rows, strict=False)])


class _Exchange(torch.autograd.Function):
    """One step's values written, the next one's operands read; ``chain`` only orders the way back."""

    @staticmethod
    def forward(
        ctx: Any, chain: Tensor | None, value: Tensor, buffers: Buffers, index: int, kinds: Any, rows: Gathered
    ) -> tuple[Tensor, ...]:
        ctx.buffers, ctx.index, ctx.kinds, ctx.dtype = buffers, index, kinds, value.dtype
        ctx.save_for_backward(*rows[: len(kinds)])
        ctx.set_materialize_grads(False)
        buffers.slice_of(index, buffers.data)[...] = value
        return value.new_zeros(()), *buffers.read(kinds, rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, chain: Tensor | None, *grads: Tensor | None) -> tuple[Any, ...]:
        buffers = ctx.buffers
        for kind, rows, grad in zip(ctx.kinds, ctx.saved_tensors, grads, strict=False):
            if grad is not None:
                buffers.grads[kind].index_add_(0, rows, grad.to(buffers.grads[kind].dtype))
        value = buffers.grad_of(ctx.index, ctx.dtype) if ctx.needs_input_grad[1] else None
        return chain, value, None, None, None, None


class _Close(torch.autograd.Function):
    """The last step's values written, and all of them given out."""

    @staticmethod
    def forward(ctx: Any, chain: Tensor | None, value: Tensor, buffers: Buffers, index: int) -> tuple[Tensor, ...]:
        ctx.buffers, ctx.index, ctx.dtype = buffers, index, value.dtype
        ctx.set_materialize_grads(False)
        buffers.slice_of(index, buffers.data)[...] = value
        ctx.shapes = {kind: (data.shape, data.dtype, data.device) for kind, data in buffers.data.items()}
        return tuple(data.view_as(data) for data in buffers.data.values())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        buffers = ctx.buffers
        for (kind, (shape, dtype, device)), grad in zip(ctx.shapes.items(), grads, strict=True):
            buffers.grads[kind] = (
                torch.zeros(shape, dtype=dtype, device=device)
                if grad is None
                else grad.clone(memory_format=torch.contiguous_format)
            )
        value = buffers.grad_of(ctx.index, ctx.dtype) if ctx.needs_input_grad[1] else None
        return None, value, None, None
