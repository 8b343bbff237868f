"""The eight ways to turn a picture by quarters: mirrored or not, by none to three quarters.

A network that was trained on all of them errs differently on each, so that the mean of what it says is nearer.
"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

WAYS = 8
MIRRORED = 4  # the way that mirrors alone


def turned(maps: Shaped[Tensor, "*batch height width"], way: int) -> Shaped[Tensor, "*batch rows columns"]:
    """Return maps turned by a quarter anticlockwise, ``way`` modulo 4 times, and from 4 on mirrored before."""
    mirrored = maps.flip(-1) if way >= MIRRORED else maps
    return torch.rot90(mirrored, way % 4, (-2, -1))


def turned_back(maps: Shaped[Tensor, "*batch rows columns"], way: int) -> Shaped[Tensor, "*batch height width"]:
    """Return maps from which ``turned`` made these."""
    straight = torch.rot90(maps, -way % 4, (-2, -1))
    return straight.flip(-1) if way >= MIRRORED else straight


def distances_back(distances: Float[Tensor, "batch 4 rows columns"], way: int) -> Float[Tensor, "batch 4 height width"]:
    """Return maps of distances to the left, top, right and bottom, seen in turned pictures, as of the pictures."""
    order = [(side - way) % 4 for side in range(4)]
    if way >= MIRRORED:
        order = [order[side] for side in (2, 1, 0, 3)]
    return turned_back(distances, way)[:, order]
