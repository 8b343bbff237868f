"""Modules of one's own, in every library."""

from functools import partial
from typing import Any

from torch import Tensor

from nmn.errors import LayoutError
from nmn.layout import OWN_NAMES, Argument, Kind, Signature, register_signature, unregister_signature
from nmn.modules.group import Group, Module

CUSTOM: dict[str, Module] = {}
ROUNDING = 0.01  # by which a chance may be off in bfloat16


def register_module(name: str, signature: Signature, function: Module) -> None:
    """Add a module of one's own to SIGNATURES and to every library, also to those of networks that are loaded.

    ``function`` takes a Group and returns a tensor with one row a call: [calls regions] for an attention, [calls] for
    a truth, [calls width] for a number, all between 0 and 1; a run in which it returns something else raises
    LayoutError. Raises LayoutError if the name is taken by another signature; by an equal one, the function takes its
    place.

    Boxes are in pixels of the image as the network sees it (its longer side has 128 with the weights that ship), of a
    scene in its own units; those of ``group.regions.panels`` are the sides of the whole.

    >>> from nmn.layout import Kind
    >>> left_half = Signature((Kind.ATTENTION,), Kind.ATTENTION, None, "members in the left half")
    >>> def run_left_half(group: Group) -> Tensor:
    ...     regions = group.regions
    ...     right_edges, middle = regions.boxes[..., 2], regions.panels.boxes[:, :1, [0, 2]].mean(-1)
    ...     return group.operands[0] * (right_edges <= middle)[group.image]
    >>> register_module("left_half", left_half, run_left_half)
    >>> unregister_module("left_half")
    """
    if name in OWN_NAMES:
        raise LayoutError(f"module {name!r} is one of the language's own")
    if not callable(function) or not isinstance(signature, Signature):
        raise LayoutError(f"module {name!r}: expected a Signature and a function of a Group")
    if signature.output is Kind.ATTRIBUTE and signature.argument is not Argument.ATTRIBUTE:
        raise LayoutError(f"module {name!r}: its argument must name the attribute whose values it yields")
    register_signature(name, signature)
    CUSTOM[name] = partial(_checked, name, function)


def _checked(name: str, function: Module, group: Group) -> Tensor:
    """Return what a module of one's own gives; raise LayoutError where its shape is not its kind's, or it no chance."""
    calls, regions = len(group.image), group.regions.features.shape[1]
    panels = group.regions.panels.count
    rows = {Kind.ATTENTION: (calls, regions), Kind.PANELS: (calls, panels), Kind.NUMBER: (calls, group.width)}
    try:
        value: Any = function(group)
    except Exception as error:
        error.add_note(f"in module {name!r}, which was registered by register_module")
        raise
    fits = isinstance(value, Tensor) and (
        value.ndim == 2 and len(value) == calls
        if group.kind is Kind.ATTRIBUTE
        else value.shape == rows.get(group.kind, (calls,))
    )
    if not fits:
        got = f"a tensor {list(value.shape)}" if isinstance(value, Tensor) else repr(value)[:60]
        wanted = "[calls values]" if group.kind is Kind.ATTRIBUTE else str(list(rows.get(group.kind, (calls,))))
        raise LayoutError(f"module {name!r}: expected a tensor {wanted} for {group.kind}, one row a call; got {got}")
    seen = value[group.mask > 0] if group.kind is Kind.ATTENTION else value  # what is padded may be anything
    if not bool(((seen >= -ROUNDING) & (seen <= 1 + ROUNDING)).all()):  # of NaN neither is true; waits for a GPU
        low, high = float(seen.min()), float(seen.max())
        raise LayoutError(f"module {name!r}: expected chances between 0 and 1; got {low:.3g} to {high:.3g}")
    return value  # type: ignore[no-any-return]


def unregister_module(name: str) -> None:
    """Take a module of one's own out of the language again."""
    unregister_signature(name)
    CUSTOM.pop(name, None)
