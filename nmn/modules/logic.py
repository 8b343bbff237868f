"""The parameter-free modules: soft truth in [0, 1], differentiable, and exact logic on 0/1 inputs.

Regions are taken as independent events, so "at least one" is the product soft-or and a count is the Poisson-binomial
distribution (Hong 2013, section 2.1). ``calls`` is the batch axis: one row a call. Matrices over pairs of regions have
the other region first: ``pairs[call, other, region]``.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from nmn.layout import COMPARISONS

Attention = Float[Tensor, "calls regions"]
Pairs = Float[Tensor, "calls others regions"]
Number = Float[Tensor, "calls width"]
Truth = Float[Tensor, " calls"]

# how much of P(first < second), P(equal), P(first > second) counts, by position in COMPARISONS
_COUNTED = {"equal": (0, 1, 0), "fewer": (1, 0, 0), "more": (0, 0, 1), "at_most": (1, 1, 0), "at_least": (0, 1, 1)}
COUNTED = torch.tensor([_COUNTED[comparison] for comparison in COMPARISONS], dtype=torch.float32)


def both(first: Tensor, second: Tensor) -> Tensor:
    """Return the truth of both, ``x y``."""
    return first * second


def either(first: Tensor, second: Tensor) -> Tensor:
    """Return the truth of either or both, ``x + y - x y``."""
    return first + second - first * second


def exists(attention: Attention) -> Truth:
    """Return that at least one region is attended, ``1 - prod(1 - a)``. "Is there a red circle?" """
    return 1 - (1 - attention).prod(-1)


def relate(pairs: Pairs, attention: Attention) -> Attention:
    """Return the regions in a relation to at least one attended region, ``1 - prod_j(1 - a_j K_ji)``."""
    return 1 - (1 - pairs * attention.unsqueeze(2)).prod(1)


def relate_every(pairs: Pairs, attention: Attention, mask: Attention) -> Attention:
    """Return the regions in a relation to every other attended region, ``prod_{j != i}(1 - a_j (1 - K_ji))``."""
    missing = (1 - pairs) * (1 - torch.eye(pairs.shape[-1], device=pairs.device, dtype=pairs.dtype))
    return (1 - missing * attention.unsqueeze(2)).prod(1) * mask


def relate_count(pairs: Pairs, attention: Attention, number: Number) -> Attention:
    """Return the regions in a relation to at least ``number`` attended regions."""
    related = (pairs * attention.unsqueeze(2)).transpose(1, 2)
    counts = poisson_binomial(related, number.shape[-1])
    return (counts * number.cumsum(-1).unsqueeze(1)).sum(-1)


def superlative(before: Pairs, attention: Attention) -> Attention:
    """Return the members that no member comes before, ``a_i prod_j(1 - a_j before_ji)``."""
    return attention * (1 - before * attention.unsqueeze(2)).prod(1)


def ordinal(before: Pairs, attention: Attention, number: Number) -> Attention:
    """Return the members whose rank, 1 + how many members come before, is ``number``."""
    ahead = (before * attention.unsqueeze(2)).transpose(1, 2)
    ranks = pad(poisson_binomial(ahead, number.shape[-1] - 1), (1, 0))
    return attention * (ranks * number.unsqueeze(1)).sum(-1)


def poisson_binomial(chances: Float[Tensor, "*calls regions"], width: int) -> Float[Tensor, "*calls width"]:
    """Return the distribution of how many of some independent events happen; ``width`` exceeds their number.

    One region at a time: with chance p the count moves up by one.
    """
    distribution = pad(torch.ones_like(chances[..., :1]), (0, width - 1))
    for region in range(chances.shape[-1]):
        moved = pad(distribution[..., :-1], (1, 0))
        distribution = torch.lerp(distribution, moved, chances[..., region, None])
    return distribution


def presence(attention: Attention, values: Float[Tensor, "calls values regions"]) -> Float[Tensor, "calls values"]:
    """Return, for each value, that some attended region has it."""
    return 1 - (1 - values * attention.unsqueeze(1)).prod(-1)


def agree(first: Float[Tensor, "calls values"], second: Float[Tensor, "calls values"]) -> Truth:
    """Return that some value is present in both."""
    return exists(first * second)


def compare(first: Number, second: Number, comparison: Float[Tensor, "calls 3"]) -> Truth:
    """Return that one number is fewer than, equal to or more than another; ``comparison`` are rows of COUNTED."""
    below_first, below_second = (number.cumsum(-1) - number for number in (first, second))
    chances = torch.stack([(below_first * second).sum(-1), (first * second).sum(-1), (first * below_second).sum(-1)], -1)
    return (chances * comparison).sum(-1)


def within(number: Number, low: Number, high: Number) -> Truth:
    """Return that a number lies between two others, both included."""
    at_most_high = high.flip(-1).cumsum(-1).flip(-1)
    return (number * low.cumsum(-1) * at_most_high).sum(-1)


def quantify_every(first: Attention, second: Attention) -> Truth:
    """Return that every member of the first set is in the second; true of an empty first set."""
    return (1 - first * (1 - second)).prod(-1)


def quantify_both(first: Attention, second: Attention) -> Truth:
    """Return that the first set has exactly two members and both are in the second."""
    none, one, two = torch.ones_like(first[:, 0]), torch.zeros_like(first[:, 0]), torch.zeros_like(first[:, 0])
    for region in range(first.shape[1]):
        absent, inside = 1 - first[:, region], first[:, region] * second[:, region]
        none, one, two = none * absent, one * absent + none * inside, two * absent + one * inside
    return two


def quantify_neither(first: Attention, second: Attention) -> Truth:
    """Return that the first set has exactly two members and neither is in the second."""
    return quantify_both(first, 1 - second)


def _majority(first: Attention, second: Attention) -> Float[Tensor, "calls differences"]:
    """Return the distribution of #(in both) - #(only in the first), from -regions to +regions."""
    regions = first.shape[1]
    distribution = pad(torch.ones_like(first[:, :1]), (regions, regions))
    for region in range(regions):
        inside = (first[:, region] * second[:, region]).unsqueeze(1)
        outside = (first[:, region] * (1 - second[:, region])).unsqueeze(1)
        up, down = pad(distribution[:, :-1], (1, 0)), pad(distribution[:, 1:], (0, 1))
        distribution = distribution * (1 - first[:, region, None]) + up * inside + down * outside
    return distribution


def quantify_most(first: Attention, second: Attention) -> Truth:
    """Return that more than half of the first set are in the second; false of an empty first set."""
    return _majority(first, second)[:, first.shape[1] + 1 :].sum(-1)


def quantify_half(first: Attention, second: Attention) -> Truth:
    """Return that exactly half of the first set are in the second; true of an empty first set."""
    return _majority(first, second)[:, first.shape[1]]


QUANTIFY = {
    "every": quantify_every,
    "both": quantify_both,
    "neither": quantify_neither,
    "most": quantify_most,
    "half": quantify_half,
}
