"""Matrices over pairs of the objects of an image, as tensors, and what "between" asks of three of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from nmn.lexicon import BETWEEN_DEGREES
from nmn.modules.geometry import Array, Mask
from nmn.modules.group import Group

ROUNDING = 1e-6  # pixels
PAIRS_AT_ONCE = 2**18  # entries of one step of the product, 4 bytes each


@dataclass(frozen=True)
class Matrices:
    """Matrices over pairs of objects: of each image, those of some names of a table.

    ``places``: where each name of the table stands among them; -1 for those that are left out.
    """

    values: Float[Tensor, "batch names others regions"]
    places: Int[Tensor, " table"]

    def of(self, group: Group) -> Float[Tensor, "calls others regions"]:
        """Return the matrices that the arguments of some calls name, of their images."""
        names, size = self.values.shape[1:3]
        rows = group.image * names + self.places[group.argument]
        return self.values.view(-1, size, size).index_select(0, rows)


def stacked(matrices: Sequence[Array | None], pairs: Mask) -> Matrices:
    """Return matrices [batch, region, other] of a table, those that are not None, where ``pairs`` are two objects."""
    given = [matrix for matrix in matrices if matrix is not None]
    values = torch.empty(len(pairs), len(given), *pairs.shape[1:])
    for place, matrix in enumerate(given):
        values[:, place] = torch.from_numpy(matrix).transpose(1, 2)
    values *= torch.from_numpy(pairs).unsqueeze(1)
    there = np.array([matrix is not None for matrix in matrices], bool)
    return Matrices(values, torch.from_numpy(np.where(there, np.cumsum(there) - 1, -1)))


def opposite(
    centres: Float[Tensor, "calls regions 2"], some: Int[Tensor, " some"]
) -> Bool[Tensor, "calls some regions others"]:
    """Return [j, i, k]: seen from region i, the regions j (of ``some``) and k are at least BETWEEN_DEGREES apart."""
    cosine, distance, others = _seen_from(centres, some)
    product = distance * others
    return (cosine <= math.cos(math.radians(BETWEEN_DEGREES)) * product) & (product > 0)


def surely_opposite(
    centres: Float[Tensor, "calls regions 2"], some: Int[Tensor, " some"], unsure_px: float
) -> Float[Tensor, "calls some regions others"]:
    """Return ``opposite`` with 0.5 where moving the three regions by half of ``unsure_px`` each could change it."""
    cosine, distance, others = _seen_from(centres, some)
    product = distance * others
    angle = torch.where(product > 0, cosine / product.clamp(min=1e-9), 1.0).clamp(-1, 1).acos()
    slack = sum(torch.asin((unsure_px / length.clamp(min=1e-9)).clamp(max=1)) for length in (distance, others))
    bound = math.radians(BETWEEN_DEGREES)
    return ((angle >= bound - slack).to(centres.dtype) + (angle >= bound + slack)) / 2


def between(group: Group, opposed: Callable[[Int[Tensor, " some"]], Tensor]) -> Float[Tensor, "calls regions"]:
    """Return ``1 - prod_jk(1 - a_j b_k B_ijk)``, some regions j of the first set at a time.

    ``opposed`` gives B, as ``opposite`` does, for some regions.
    """
    first, second = group.operands
    calls, count = first.shape
    distinct = 1 - torch.eye(count, device=first.device)
    outside = torch.ones_like(first)
    at_once = max(1, PAIRS_AT_ONCE // (max(1, calls) * count**2))
    for some in torch.split(torch.arange(count, device=first.device), at_once):
        pairs = first[:, some, None] * second.unsqueeze(1) * distinct[some]
        outside = outside * (1 - pairs.unsqueeze(2) * opposed(some)).prod(-1).prod(1)
    return (1 - outside) * group.mask


def by_distance(
    group: Group,
    centres: Float[Tensor, "calls regions 2"],
    together: Bool[Tensor, "calls regions others"],
    sign: int,
    unsure_px: float = 0.0,
) -> Float[Tensor, "calls regions"]:
    """Return ``a_i (1 - prod_j(1 - b_j prod_k(1 - a_k D_jki)))``, i, j and k three regions.

    D: seen from j, of its panel, k is nearer than i, or with ``sign`` -1 farther; 0.5 where moving regions by half of
    ``unsure_px`` each could change it.
    """
    count = centres.shape[1]
    different = ~torch.eye(count, dtype=torch.bool, device=centres.device)
    apart = (centres.unsqueeze(2) - centres.unsqueeze(1)).square().sum(-1).sqrt() * sign

    def none_ahead(members: Tensor, some: Tensor) -> Tensor:
        if unsure_px:
            return _none_ahead_unsurely(members, apart[:, some], different, unsure_px)
        return _none_ahead(members, apart[:, some])

    (first, second), others = group.operands, (together & different).to(centres.dtype)
    return with_none_ahead(first, second, others, none_ahead, count if unsure_px else 1)


def with_none_ahead(
    first: Float[Tensor, "calls regions"],
    second: Float[Tensor, "calls regions"],
    others: Float[Tensor, "#calls regions others"],
    none_ahead: Callable[[Tensor, Int[Tensor, " some"]], Float[Tensor, "calls some regions"]],
    entries: int = 1,
) -> Float[Tensor, "calls regions"]:
    """Return ``a_i (1 - prod_j(1 - b_j N_ji))``, some regions j of the second set at a time.

    ``none_ahead`` gives N of the members, other than j, of the first set and some j, working with so many ``entries``
    for each of N's; ``others``: which pairs may be chosen.
    """
    outside, count = torch.ones_like(first), first.shape[1]
    at_once = max(1, PAIRS_AT_ONCE // (max(1, len(first)) * count * entries))
    for some in torch.split(torch.arange(count, device=first.device), at_once):
        members = first.unsqueeze(1) * others[:, some]
        outside = outside * (1 - second[:, some].unsqueeze(2) * none_ahead(members, some) * others[:, some]).prod(1)
    return first * (1 - outside)


def _none_ahead(members: Tensor, apart: Tensor) -> Float[Tensor, "calls some regions"]:
    """Return, seen from each j, that no member is nearer than i: a running product over the members by distance."""
    order = apart.argsort(-1)
    running = pad((1 - members).gather(-1, order).cumprod(-1), (1, 0), value=1.0)
    nearer = torch.searchsorted(apart.gather(-1, order), apart - ROUNDING)  # how many regions are
    return running.gather(-1, nearer)


def _none_ahead_unsurely(
    members: Tensor, apart: Tensor, different: Tensor, unsure_px: float
) -> Float[Tensor, "calls some regions"]:
    """Return the same, of distances that may be others: half nearer is what may be nearer or not."""
    farther = apart.unsqueeze(2) - apart.unsqueeze(3)  # [calls, j, k, i]: how much i is
    farther = farther.masked_fill(~different, -torch.inf)
    surely, perhaps = (farther > ROUNDING + 2 * unsure_px, farther > ROUNDING - 2 * unsure_px)
    ahead = (surely.to(members) + perhaps) / 2
    return (1 - members.unsqueeze(3) * ahead).prod(2)


def _seen_from(centres: Tensor, some: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return, for [j, i, k], the inner product of the ways from i to j and to k, and their lengths."""
    apart = centres.unsqueeze(1) - centres.unsqueeze(2)  # [calls, i, k]: from i to k
    length = apart.square().sum(-1).sqrt()
    towards = apart[:, :, some].transpose(1, 2)
    distance = length[:, :, some].transpose(1, 2).unsqueeze(3)
    return (towards.unsqueeze(3) * apart.unsqueeze(1)).sum(-1), distance, length.unsqueeze(1)
