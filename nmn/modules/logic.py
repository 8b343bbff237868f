"""The parameter-free modules: soft truth in [0, 1], differentiable, and exact logic on 0/1 inputs.

Regions are taken as independent events, so "at least one" is the product soft-or and a count is the Poisson-binomial
distribution (Hong 2013, section 2.1). ``calls`` is the batch axis: one row a call. Matrices over pairs of regions have
the other region first: ``pairs[call, other, region]``.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import conv1d, pad

from nmn.layout import COMPARISONS, QUANTIFIERS

Attention = Float[Tensor, "calls regions"]
Pairs = Float[Tensor, "calls others regions"]
Number = Float[Tensor, "calls width"]
Truth = Float[Tensor, " calls"]

ONE_BY_ONE = 16  # events at most

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
    return 1 - _none(pairs, attention)


def _none(pairs: Pairs, attention: Attention) -> Attention:
    """Return ``prod_j(1 - a_j K_ji)``: that no attended region is paired with each region."""
    return torch.addcmul(pairs.new_ones(()), pairs, attention.unsqueeze(2), value=-1).prod(1)


def relate_every(pairs: Pairs, attention: Attention, mask: Attention) -> Attention:
    """Return the regions in a relation to every other attended region, ``prod_{j != i}(1 - a_j (1 - K_ji))``."""
    missing = (1 - pairs) * (1 - torch.eye(pairs.shape[-1], device=pairs.device, dtype=pairs.dtype))
    return _none(missing, attention) * mask


def relate_count(pairs: Pairs, mask: Attention, attention: Attention, number: Number) -> Attention:
    """Return the regions in a relation to at least ``number`` attended regions: not to fewer, so never above 1."""
    related = (pairs * attention.unsqueeze(2)).transpose(1, 2)
    counts = poisson_binomial(related, number.shape[-1])
    fewer = (counts * (1 - number.cumsum(-1)).clamp(min=0).unsqueeze(1)).sum(-1)
    return (1 - fewer).clamp(min=0) * mask


def superlative(before: Pairs, attention: Attention) -> Attention:
    """Return the members that no member comes before, ``a_i prod_j(1 - a_j before_ji)``."""
    return attention * _none(before, attention)


def ordinal(before: Pairs, attention: Attention, number: Number) -> Attention:
    """Return the members whose rank, 1 + how many members come before, is ``number``."""
    ahead = (before * attention.unsqueeze(2)).transpose(1, 2)
    ranks = pad(poisson_binomial(ahead, number.shape[-1] - 1), (1, 0))
    return attention * (ranks * number.unsqueeze(1)).sum(-1)


def poisson_binomial(chances: Float[Tensor, "*calls regions"], width: int) -> Float[Tensor, "*calls width"]:
    """Return the distribution of how many of some independent events happen; the last entry counts all from there on.

    One event at a time: with its chance the count moves up by one. The calls lie along the last axis meanwhile, so
    that each operation runs over long rows. Many events are multiplied as polynomials, by halves.
    """
    if chances.shape[-1] > ONE_BY_ONE:
        found = product_of_polynomials(torch.stack([1 - chances, chances], -1), width)
        return pad(found, (0, width - found.shape[-1]))
    flat = chances.unsqueeze(0).flatten(0, -2).t().contiguous()  # [regions, calls]
    distribution = torch.ones_like(flat[:1])  # [counts, calls]
    for chance in flat.unbind(0):
        padded = pad(distribution, (0, 0, 1, 1))
        distribution = torch.lerp(padded[1:], padded[:-1], chance)
    distribution = _lumped(distribution.t(), width)
    return pad(distribution, (0, width - distribution.shape[1])).reshape(*chances.shape[:-1], width)


def product_of_polynomials(
    factors: Float[Tensor, "*calls factors coefficients"], width: int
) -> Float[Tensor, "*calls counts"]:
    """Return the product of polynomials, at most ``width`` coefficients, the last of which adds up all from there on.

    Neighbours are multiplied until one is left, so that there are as many steps as their number can be halved.
    """
    odd: list[Tensor] = []
    while factors.shape[-2] > 1:
        if factors.shape[-2] % 2:
            odd.append(factors[..., -1, :])
            factors = factors[..., :-1, :]
        factors = _multiplied(factors[..., 0::2, :], factors[..., 1::2, :], width)
    product = factors[..., 0, :]
    for factor in odd:
        product = _multiplied(product, factor, width)
    return product


def _multiplied(first: Tensor, second: Tensor, width: int) -> Tensor:
    """Return products of polynomials: of all pairs of coefficients those of equal degree lie on a diagonal."""
    rows, columns = first.shape[-1], second.shape[-1]
    every = pad(first.unsqueeze(-1) * second.unsqueeze(-2), (0, rows))
    diagonals = every.flatten(-2)[..., :-rows].view(*every.shape[:-2], rows, rows + columns - 1)
    return _lumped(diagonals.sum(-2), width)


def _lumped(distribution: Tensor, width: int) -> Tensor:
    if distribution.shape[-1] <= width:
        return distribution
    return torch.cat([distribution[..., : width - 1], distribution[..., width - 1 :].sum(-1, keepdim=True)], -1)


def presence(attention: Attention, values: Float[Tensor, "calls values regions"]) -> Float[Tensor, "calls values"]:
    """Return, for each value, that some attended region has it."""
    return 1 - (1 - values * attention.unsqueeze(1)).prod(-1)


def numbers(
    attention: Attention, values: Float[Tensor, "calls values regions"], width: int
) -> Float[Tensor, "calls values width"]:
    """Return, for each value, the distribution of how many attended regions have it."""
    return poisson_binomial(values * attention.unsqueeze(1), width)


def commonest(numbers: Float[Tensor, "calls values width"]) -> Float[Tensor, "calls values"]:
    """Return that each value occurs and none occurs more often, ``sum_k P(n_v = k) prod_{u != v} P(n_u <= k)``, k > 0.

    The numbers of two values are taken as independent.
    """
    return (numbers * _of_others(numbers.cumsum(-1)))[..., 1:].sum(-1)


def rarest(numbers: Float[Tensor, "calls values width"]) -> Float[Tensor, "calls values"]:
    """Return that each value occurs and no other that does is rarer, ``prod_{u != v} (P(n_u = 0) + P(n_u >= k))``."""
    fewer = numbers.cumsum(-1) - numbers
    return (numbers * _of_others(numbers[..., :1] + 1 - fewer))[..., 1:].sum(-1)


def _of_others(truths: Float[Tensor, "calls values width"]) -> Float[Tensor, "calls values width"]:
    """Return, for each value, the product over all other values."""
    before, after = truths.cumprod(1), truths.flip(1).cumprod(1).flip(1)
    return pad(before[:, :-1], (0, 0, 1, 0), value=1.0) * pad(after[:, 1:], (0, 0, 0, 1), value=1.0)


def panels_sharing(same: Float[Tensor, "calls panels others"], mask: Float[Tensor, "calls panels"]) -> Tensor:
    """Return the panels that are the same as another one, ``1 - prod_{j != i}(1 - m_j S_ij)``, of those in the mask."""
    others = 1 - torch.eye(same.shape[-1], device=same.device, dtype=same.dtype)
    return (1 - (1 - same * others * mask.unsqueeze(1)).prod(-1)) * mask


def as_many(numbers: Float[Tensor, "calls panels width"]) -> Float[Tensor, "calls panels others"]:
    """Return that two panels' numbers are equal, ``sum_n p_in p_jn``."""
    return numbers @ numbers.transpose(1, 2)


def alike(values: Float[Tensor, "calls panels values"]) -> Float[Tensor, "calls panels others"]:
    """Return that two panels show the same values, ``prod_v(p_iv p_jv + (1 - p_iv)(1 - p_jv))``."""
    one, other = values.unsqueeze(2), values.unsqueeze(1)
    return (one * other + (1 - one) * (1 - other)).prod(-1)


def agree(first: Float[Tensor, "calls values"], second: Float[Tensor, "calls values"]) -> Truth:
    """Return that some value is present in both."""
    return exists(first * second)


def compare(comparison: Float[Tensor, "calls 3"], first: Number, second: Number) -> Truth:
    """Return that one number is fewer than, equal to or more than another; ``comparison`` are rows of COUNTED."""
    below_first, below_second = (number.cumsum(-1) - number for number in (first, second))
    chances = torch.stack(
        [(below_first * second).sum(-1), (first * second).sum(-1), (first * below_second).sum(-1)], -1
    )
    return (chances * comparison).sum(-1)


def difference(first: Number, second: Number) -> Number:
    """Return by how much the first number is above the second, ``P(d) = sum_k P(first = k + d) P(second = k)``.

    All that is not above adds up at 0. A convolution, one a call, since numerals can make distributions wide.
    """
    calls, width = first.shape
    moved = conv1d(pad(first, (0, width - 1)).unsqueeze(0), second.unsqueeze(1), groups=calls).squeeze(0)
    above = moved[:, 1:]
    rest = first.sum(-1, keepdim=True) * second.sum(-1, keepdim=True) - above.sum(-1, keepdim=True)
    return torch.cat([rest.clamp(min=0), above], -1)


def within(number: Number, low: Number, high: Number) -> Truth:
    """Return that a number lies between two others, both included."""
    at_most_high = high.flip(-1).cumsum(-1).flip(-1)
    return (number * low.cumsum(-1) * at_most_high).sum(-1)


def majority(inside: Attention, absent: Attention, outside: Attention) -> Float[Tensor, "differences calls"]:
    """Return the distribution of #(members inside) - #(members outside), from -regions to +regions."""
    if inside.shape[1] > ONE_BY_ONE:
        return product_of_polynomials(torch.stack([outside, absent, inside], -1), 2 * inside.shape[1] + 1).t()
    distribution = torch.ones_like(inside[:, 0]).unsqueeze(0)
    for up, none, down in torch.stack([inside, absent, outside]).permute(2, 0, 1).contiguous():
        moved = pad(distribution, (0, 0, 2, 2))
        distribution = torch.addcmul(moved[1:-1] * none, moved[:-2], up)
        distribution = torch.addcmul(distribution, moved[2:], down)
    return distribution


def quantify(quantifier: Int[Tensor, " calls"], words: Sequence[str], first: Attention, second: Attention) -> Truth:
    """Return what each call's quantifier says of two sets; of an empty first set "every" and "half" are true.

    ``quantifier`` are positions in QUANTIFIERS, ``words`` those that occur, so that no other is computed.
    """
    inside, outside = first * second, first * (1 - second)
    truth = (1 - outside).prod(-1)
    chosen = {word: quantifier == QUANTIFIERS.index(word) for word in words if word != "every"}
    if not chosen:
        return truth
    if "neither" in chosen:
        inside = torch.where(chosen["neither"].unsqueeze(1), outside, inside)
    if of_two := [calls for word, calls in chosen.items() if word in ("both", "neither")]:
        outside = outside.masked_fill(torch.stack(of_two).any(0).unsqueeze(1), 0)  # one outside is one too many
    differences, even = pad(majority(inside, 1 - first, outside), (0, 0, 0, 1)), first.shape[1]
    two = differences[even + 2]
    chances = {"most": differences[even + 1 :].sum(0), "half": differences[even], "both": two, "neither": two}
    for word, calls in chosen.items():
        truth = torch.where(calls, chances[word], truth)
    return truth
