"""In which views of its image each call is asked: the whole of it or, below a ``where``, each panel alone."""

import numpy as np
from numpy.typing import NDArray

from nmn.layout import Layout, asked

Integers = NDArray[np.int64]
Structure = tuple[str | int, ...]  # label, numbers of the operands


def in_views(layout: Layout, members: list[int], structures: int, panels: int) -> list[int]:
    """Return a layout's members in the views in which each is asked, as ``view * structures + number``."""
    if not layout.asks_panels:
        return members
    return [
        view * structures + number
        for number, views in zip(dict.fromkeys(members), views_of(layout, panels), strict=True)
        for view in views
    ]


def views_of(layout: Layout, panels: int) -> list[tuple[int, ...]]:
    """Return the views in which each of a layout's calls is asked."""
    each = tuple(range(1, 1 + panels))
    return [((0,) if outside else ()) + (each if inside else ()) for outside, inside in asked(layout)]


def for_each_panel(below: Integers, layouts: list[Layout], panels: int) -> tuple[Integers, Integers]:
    """Give each ``where`` its operand once for each panel; return the operands and the views they are asked in."""
    wheres = np.flatnonzero([layout.module == "where" for layout in layouts])
    wide = np.full((len(layouts), max(below.shape[1], panels)), -1, np.int64)
    wide[:, : below.shape[1]] = below
    wide[wheres, :panels] = below[wheres, :1]
    shifts = np.zeros_like(wide)
    shifts[wheres, :panels] = np.arange(1, 1 + panels)
    return wide, shifts
