"""The parameter-free modules: soft values against brute-force enumeration, 0/1 values against logic, gradients."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from nmn.layout import COMPARISONS, QUANTIFIERS
from nmn.modules import logic

REGIONS = 5
chances = st.lists(st.floats(0, 1, width=32), min_size=REGIONS, max_size=REGIONS)


def worlds(attention: list[float]) -> Iterator[tuple[tuple[int, ...], float]]:
    """Yield every 0/1 outcome of independent regions with its probability."""
    for outcome in product((0, 1), repeat=len(attention)):
        probability = 1.0
        for happens, chance in zip(outcome, attention, strict=True):
            probability *= chance if happens else 1 - chance
        yield outcome, probability


def expected(first: list[float], second: list[float], truth: Callable[[set[int], set[int]], bool]) -> float:
    """Return the probability that two independent random sets make a statement true."""
    total = 0.0
    for one, p in worlds(first):
        for other, q in worlds(second):
            sets = {i for i in range(REGIONS) if one[i]}, {i for i in range(REGIONS) if other[i]}
            total += p * q * truth(*sets)
    return total


STATEMENTS: dict[str, Callable[[set[int], set[int]], bool]] = {
    "every": lambda first, second: first <= second,
    "most": lambda first, second: 2 * len(first & second) > len(first),
    "half": lambda first, second: 2 * len(first & second) == len(first),
    "both": lambda first, second: len(first) == 2 and first <= second,
    "neither": lambda first, second: len(first) == 2 and not first & second,
}


@given(chances, chances, st.sampled_from(QUANTIFIERS))
def test_quantifiers_are_the_probability_over_independent_regions(
    first: list[float], second: list[float], word: str
) -> None:
    quantifier = torch.tensor([QUANTIFIERS.index(word)])
    found = logic.quantify(quantifier, [word], torch.tensor([first]), torch.tensor([second]))
    assert found.item() == pytest.approx(expected(first, second, STATEMENTS[word]), abs=1e-5)


@given(chances)
def test_a_count_is_the_distribution_of_the_number_of_events(attention: list[float]) -> None:
    found = logic.poisson_binomial(torch.tensor([attention]), REGIONS + 3)[0].tolist()
    for number in range(REGIONS + 3):
        wanted = sum(p for outcome, p in worlds(attention) if sum(outcome) == number)
        assert found[number] == pytest.approx(wanted, abs=1e-5)


OF_VALUE = (0, 0, 1, 1, 2)  # which value each region has


@given(chances)
def test_the_commonest_and_the_rarest_are_the_probability_over_independent_regions(attention: list[float]) -> None:
    values = (
        torch.nn.functional.one_hot(torch.tensor(OF_VALUE), 4).T.float().unsqueeze(0)
    )  # the last value never occurs
    numbers = logic.numbers(torch.tensor([attention]), values, REGIONS + 1)
    commonest, rarest = [0.0] * 4, [0.0] * 4
    for outcome, p in worlds(attention):
        held = [sum(is_in for is_in, value in zip(outcome, OF_VALUE, strict=True) if value == one) for one in range(4)]
        for value, number in enumerate(held):
            commonest[value] += p * (number > 0 and number == max(held))
            rarest[value] += p * (number > 0 and number == min(one for one in held if one))
    assert logic.commonest(numbers)[0].tolist() == pytest.approx(commonest, abs=1e-5)
    assert logic.rarest(numbers)[0].tolist() == pytest.approx(rarest, abs=1e-5)


@given(chances, chances)
def test_a_difference_is_that_of_independent_numbers(first: list[float], second: list[float]) -> None:
    numbers = [logic.poisson_binomial(torch.tensor([one]), REGIONS + 1) for one in (first, second)]
    wanted = [0.0] * (REGIONS + 1)
    for one, p in worlds(first):
        for other, q in worlds(second):
            wanted[max(0, sum(one) - sum(other))] += p * q
    assert logic.difference(*numbers)[0].tolist() == pytest.approx(wanted, abs=1e-5)


@given(chances)
def test_exists_is_the_probability_of_at_least_one(attention: list[float]) -> None:
    wanted = sum(p for outcome, p in worlds(attention) if any(outcome))
    assert logic.exists(torch.tensor([attention])).item() == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_comparisons_add_up_the_joint_distribution(comparison: str) -> None:
    first, second = torch.tensor([[0.1, 0.2, 0.3, 0.4]]), torch.tensor([[0.4, 0.1, 0.25, 0.25]])
    holds: dict[str, Callable[[int, int], bool]] = {
        "equal": int.__eq__, "fewer": int.__lt__, "more": int.__gt__, "at_most": int.__le__, "at_least": int.__ge__,
    }  # fmt: skip
    wanted = sum(
        first[0, one].item() * second[0, other].item()
        for one in range(4)
        for other in range(4)
        if holds[comparison](one, other)
    )
    found = logic.compare(logic.COUNTED[[COMPARISONS.index(comparison)]], first, second)
    assert found.item() == pytest.approx(wanted, abs=1e-6)


def test_within_counts_both_bounds() -> None:
    one_hot = torch.eye(6)
    for number, low, high in product(range(6), repeat=3):
        found = logic.within(*(one_hot[[value]] for value in (number, low, high)))
        assert found.item() == (low <= number <= high)


def test_soft_results_are_exact_on_zero_and_one() -> None:
    sets = torch.tensor(list(product((0.0, 1.0), repeat=4)))
    first, second = (part.contiguous() for part in (sets.repeat_interleave(16, 0), sets.repeat(16, 1)))
    for number, word in enumerate(QUANTIFIERS):
        found = logic.quantify(torch.full((256,), number), [word], first, second)
        wanted = [STATEMENTS[word](as_set(one), as_set(other)) for one, other in zip(first, second, strict=True)]
        assert found.tolist() == [float(truth) for truth in wanted]
    assert logic.poisson_binomial(sets, 6).argmax(-1).tolist() == sets.sum(-1).tolist()
    assert set(logic.poisson_binomial(sets, 6).flatten().tolist()) == {0.0, 1.0}


def as_set(row: Tensor) -> set[int]:
    return set(torch.nonzero(row).flatten().tolist())


def test_relate_by_hand() -> None:
    pairs = torch.tensor([[[0.0, 1.0, 0.5], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])  # [other, region]
    attention = torch.tensor([[0.5, 1.0, 0.5]])
    assert logic.relate(pairs, attention)[0].tolist() == [0.0, 0.75, 0.25]


def test_superlative_by_hand() -> None:
    before = torch.tensor([[[0.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]])  # 0 before 1 before 2
    assert logic.superlative(before, torch.tensor([[0.5, 1.0, 1.0]]))[0].tolist() == [0.5, 0.5, 0.0]


def test_ordinal_by_hand() -> None:
    before = torch.tensor([[[0.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]])
    second = torch.nn.functional.one_hot(torch.tensor([2]), 6).float()
    assert logic.ordinal(before, torch.tensor([[1.0, 1.0, 1.0]]), second)[0].tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("word", QUANTIFIERS)
def test_gradients_reach_both_sets_of_a_quantifier(word: str) -> None:
    first, second = (torch.full((1, REGIONS), chance, requires_grad=True) for chance in (0.3, 0.6))
    logic.quantify(torch.tensor([QUANTIFIERS.index(word)]), [word], first, second).sum().backward()  # type: ignore[no-untyped-call]
    assert first.grad is not None and second.grad is not None
    assert first.grad.abs().min() > 0 and second.grad.abs().min() > 0
