"""Relations between the cells of a grid, as matrix products: a relation is one table of cells for all images.

Whether cell i stands in a relation to cell j depends on their offset alone, so that a word is a small kernel, and a
table of pairs is its windows. A call on 196 cells then costs a row of a matrix product where a product over its pairs
would take 38,416 factors. Everything here equals ``logic`` on attentions of 0 and 1; in between

- a cell that is attended by a part counts as a power of what it would as a whole, ``(1 - K_ji) ^ a_j`` for
  ``1 - a_j K_ji``: relate, relate_every, superlative;
- counts over pairs are taken as normal with the mean, variance and skewness that they have, which is exact where
  nothing is uncertain (refined normal approximation, Hong 2013, section 3.3): relate_count, ordinal;
- alike are two cells for each value that they share, apart: same.

Of an image of several panels each has such a grid, and what is related lies in one panel.

"What is left of every red thing?": find[red], relate_every[left_of].
"""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from nmn.lexicon import BETWEEN_DEGREES
from nmn.modules.group import Group
from nmn.modules.pairs import with_none_ahead

SURE = 1e-6  # least truth whose logarithm is taken
EXACT = 1e-30  # least product whose logarithm is taken
NARROW = 1e-6  # least variance: what is certain stays so
MOST_PAIRS = 2**23  # entries of the table of ``between``, 4 bytes each


class GridTables:
    """Tables [other, region] of pairs of cells for some words, each made when it is first asked for.

    ``rates`` [words offsets_down offsets_right]: that a cell at the offset holds has the truth ``1 - exp(-rate)``.
    """

    def __init__(self, rates: Float[Tensor, "words offsets_down offsets_right"]) -> None:
        self.rates = rates
        self._made: dict[tuple[str, int], Tensor] = {}

    def table(self, name: str, word: int) -> Float[Tensor, "others regions"]:
        """Return the table of a word that a function in KERNELS makes of its rates."""
        if (name, word) not in self._made:
            self._made[name, word] = windows(KERNELS[name](self.rates[word]))
        return self._made[name, word]


KERNELS: dict[str, Callable[[Tensor], Tensor]] = {
    "rate": lambda rates: rates,
    "against": lambda rates: _without_own(-torch.log((-torch.expm1(-rates)).clamp(min=SURE))),  # -log K
    "holds": lambda rates: -torch.expm1(-rates),  # K
    "holds squared": lambda rates: torch.expm1(-rates).square(),
}


def _without_own(kernel: Tensor) -> Tensor:
    """Return a kernel with 0 for the cell itself."""
    mask = torch.ones_like(kernel)
    mask[kernel.shape[0] // 2, kernel.shape[1] // 2] = 0
    return kernel * mask


def windows(kernel: Float[Tensor, "*words offsets_down offsets_right"]) -> Float[Tensor, "*words others regions"]:
    """Return the table of a kernel of offsets from the other cell to the region, ``[j, i]`` at ``cell_i - cell_j``."""
    rows, columns = ((size + 1) // 2 for size in kernel.shape[-2:])
    starts = kernel.unfold(-2, rows, 1).unfold(-2, columns, 1)  # [*words, start down, start right, rows, columns]
    return starts.flip(-4, -3).reshape(*kernel.shape[:-2], rows * columns, rows * columns)


def totals(
    group: Group, attention: Tensor, name: str, tables: GridTables, places: Mapping[str, int]
) -> Float[Tensor, "calls regions"]:
    """Return ``sum_j a_j T_ji``, j in i's panel, with the table of each call's word; calls of one are neighbours."""
    found = []
    for part, word in zip(torch.split(attention, list(group.sizes)), group.words, strict=True):
        table = tables.table(name, places[word])
        found.append((part.reshape(-1, len(table)) @ table).view_as(part))
    return torch.cat(found)


def counts_from(
    group: Group, attention: Tensor, tables: GridTables, places: Mapping[str, int]
) -> Float[Tensor, "calls regions width"]:
    """Return the chance that each region is paired with 0, 1, 2, ... or more attended cells, maybe itself."""
    mean = totals(group, attention, "holds", tables, places)
    square = totals(group, attention.square(), "holds squared", tables, places)
    cube = square * (square / mean.clamp(min=SURE))  # as if all were as likely as their squares say on average
    return at_least(group.width, mean, mean - square, mean - 3 * square + 2 * cube)


def at_least(
    width: int,
    mean: Float[Tensor, "calls regions"],
    variance: Float[Tensor, "calls regions"],
    third: Float[Tensor, "calls regions"],
) -> Float[Tensor, "calls regions width"]:
    """Return the chance of 0, 1, 2, ... or more, from a count's mean, variance and third central moment."""
    variance = variance.clamp(min=NARROW)
    below = torch.arange(width, device=mean.device) - 0.5 - mean.unsqueeze(-1)
    at = (below / variance.sqrt().unsqueeze(-1)).clamp(-30, 30)
    density = torch.exp(-at.square() / 2) / math.sqrt(2 * math.pi)
    skewness = (third / variance**1.5).clamp(-1, 1).unsqueeze(-1)
    chance = torch.special.ndtr(-at) - skewness * (1 - at.square()) * density / 6
    return torch.cat([torch.ones_like(chance[..., :1]), chance[..., 1:].clamp(0, 1)], -1)


def shared_by_another(
    attention: Float[Tensor, "calls regions"], values: Float[Tensor, "calls values regions"]
) -> Float[Tensor, "calls regions"]:
    """Return ``1 - prod_v(1 - v_i (1 - prod_{j != i}(1 - a_j v_j)))``: regions that share a value with another."""
    logs = torch.log1p(-(attention.unsqueeze(1) * values).clamp(max=1 - SURE / 10))
    others = -torch.expm1(logs.sum(-1, keepdim=True) - logs)
    return 1 - (1 - values * others).prod(1)


def _ways(rows: int, columns: int) -> Float[Tensor, "others regions 2"]:
    """Return [j, i], from cell i to cell j, in cells."""
    at = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).float()
    return at.unsqueeze(1) - at


@lru_cache(maxsize=4)
@torch.inference_mode(False)  # kept for training too, which could save no tensors of inference
def _opposed(rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor] | None:
    """Return pairs of cells j < k, and a table [pairs regions] of 1.0 where they lie on opposite sides of region i."""
    count = rows * columns
    if count**3 > MOST_PAIRS:
        return None
    way = _ways(rows, columns)
    length = way.norm(dim=-1)
    first, second = torch.triu_indices(count, count, 1)
    product = length[first] * length[second]
    cosine = (way[first] * way[second]).sum(-1)
    table = (cosine <= math.cos(math.radians(BETWEEN_DEGREES)) * product) & (product > 0)
    kept = table.any(1)
    return first[kept].to(device), second[kept].to(device), table[kept].float().to(device)


def between_cells(
    group: Group, rows: int, columns: int, otherwise: Callable[[Group], Tensor]
) -> Float[Tensor, "calls regions"]:
    """Return ``1 - prod_jk(1 - a_j b_k B_ijk)`` within each panel, exactly: its logarithm is a product over pairs.

    Cells are squares here. ``otherwise`` answers on grids whose table would be too large.
    """
    opposed = _opposed(rows, columns, group.operands[0].device)
    if opposed is None:
        return otherwise(group)
    one, other = (operand.reshape(-1, rows * columns) for operand in group.operands)
    first, second, table = opposed
    apart = (1 - one.index_select(1, first) * other.index_select(1, second)) * (
        1 - one.index_select(1, second) * other.index_select(1, first)
    )
    return -torch.expm1(apart.clamp(min=EXACT).log() @ table).view_as(group.operands[0])


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _by_distance(rows: int, columns: int, sign: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return, seen from each cell, all by their distance, and how many are nearer than each, with sign -1 farther."""
    apart = _ways(rows, columns).square().sum(-1) * sign
    order = apart.argsort(-1)
    return order.to(device), torch.searchsorted(apart.gather(-1, order), apart).to(device)


def cells_by_distance(group: Group, rows: int, columns: int, sign: int) -> Float[Tensor, "calls regions"]:
    """Return what ``pairs.by_distance`` does, within each panel, of cells, which are squares here."""
    order, nearer = _by_distance(rows, columns, sign, group.operands[0].device)
    first, second = (operand.reshape(-1, rows * columns) for operand in group.operands)

    def none_ahead(members: Tensor, some: Tensor) -> Tensor:
        running = (1 - members).gather(-1, order[some].expand_as(members)).cumprod(-1)
        return pad(running, (1, 0), value=1.0).gather(-1, nearer[some].expand_as(members))

    others = 1 - torch.eye(rows * columns, device=first.device).unsqueeze(0)
    return with_none_ahead(first, second, others, none_ahead).view_as(group.operands[0])
