"""Relations between the cells of a grid: equal to logic on sets, near it in between, the same wherever they start."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.layout import QUANTIFIERS, Kind, parse_layout
from nmn.modules import logic, pairs
from nmn.modules.grid import (
    KERNELS,
    GridTables,
    at_least,
    between_cells,
    cells_by_distance,
    counts_from,
    shared_by_another,
    totals,
    windows,
)
from nmn.modules.group import Group
from nmn.modules.neural import NeuralModules
from nmn.modules.pairs import between, opposite
from nmn.modules.read_regions import ReadRegions
from tests.networks import CHANNELS, VOCABULARY, modules, regions

ROWS, COLUMNS = 3, 5
CELLS = ROWS * COLUMNS
CALLS = 7


def sure_modules() -> NeuralModules:
    """Return modules whose relations hold or do not, as far as numbers of 32 bits can say."""
    made = modules(grid=True)
    theta = made.get_parameter("pairs.theta")
    theta.data = torch.where(theta > 0, 60.0, -60.0)
    theta.data[:, ROWS - 1, COLUMNS - 1] = -60.0  # no cell comes before itself
    return made


def group_of(read: ReadRegions, module: str, word: str, *operands: Tensor, width: int = CELLS + 2) -> Group:
    places = {
        **{w: i for i, w in enumerate(VOCABULARY.relations)},
        **{w: i for i, w in enumerate(VOCABULARY.superlatives)},
    }
    calls = len(operands[0])
    return Group(
        read, torch.arange(calls) % len(read.boxes), None, torch.full((calls,), places.get(word, 0)), operands, width,
        Kind.ATTENTION, (word,), (calls,),
    )  # fmt: skip


def sets(seed: int = 0, calls: int = CALLS, share: float = 0.4) -> Tensor:
    return (torch.rand(calls, CELLS, generator=torch.Generator().manual_seed(seed)) < share).float()


def soft(seed: int = 0) -> Tensor:
    return torch.rand(CALLS, CELLS, generator=torch.Generator().manual_seed(seed))


def numerals(*numbers: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(numbers), CELLS + 2).float()


def test_windows_of_a_kernel_are_its_values_at_the_offset_of_two_cells() -> None:
    kernel = torch.arange(5 * 9.0).view(5, 9)
    found = windows(kernel)
    for other in range(CELLS):
        for region in range(CELLS):
            down, right = region // COLUMNS - other // COLUMNS, region % COLUMNS - other % COLUMNS
            assert found[other, region] == kernel[down + ROWS - 1, right + COLUMNS - 1]


SUPERLATIVE = VOCABULARY.superlatives[0]


@pytest.mark.parametrize("module", ["relate", "relate_every", "superlative"])
def test_relations_of_sets_of_cells_are_those_of_logic(module: str) -> None:
    made = sure_modules()
    read, attention = made(regions(CALLS, grid=True)), sets(share=0.15)
    word = SUPERLATIVE if module == "superlative" else "above"
    found = made.library.modules[module](group_of(read, module, word, attention))
    place = VOCABULARY.relations.index("above") if module != "superlative" else len(VOCABULARY.relations)
    pairs = read.pairs[0, place].expand(CALLS, -1, -1)
    wanted = {
        "relate": lambda: logic.relate(pairs, attention),
        "relate_every": lambda: logic.relate_every(pairs, attention, torch.ones(CALLS, CELLS)),
        "superlative": lambda: logic.superlative(pairs, attention),
    }[module]()
    assert 0.02 < wanted.mean() < 0.98
    assert torch.allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize("module", ["relate_count", "ordinal"])
def test_counts_over_sets_of_cells_are_those_of_logic(module: str) -> None:
    made = sure_modules()
    read, attention, number = made(regions(CALLS, grid=True)), sets(3), numerals(0, 1, 2, 3, 4, 1, 2)
    word = SUPERLATIVE if module == "ordinal" else "above"
    found = made.library.modules[module](group_of(read, module, word, attention, number))
    place = len(VOCABULARY.relations) if module == "ordinal" else VOCABULARY.relations.index("above")
    pairs = read.pairs[0, place].expand(CALLS, -1, -1)
    every = torch.ones(CALLS, CELLS)
    wanted = (
        logic.ordinal(pairs, attention, number) if module == "ordinal"
        else logic.relate_count(pairs, every, attention, number)
    )  # fmt: skip
    assert 0.02 < wanted.mean() < 0.98
    assert torch.allclose(found, wanted, atol=1e-6)


def test_counts_over_uncertain_pairs_are_near_those_of_logic() -> None:
    made = modules(grid=True)
    read = made(regions(CALLS, grid=True))
    for number in range(6):
        attention = soft(number)
        group = group_of(read, "relate_count", "above", attention, numerals(*[number] * CALLS))
        found = made.library.modules["relate_count"](group)
        pairs = read.pairs[0, VOCABULARY.relations.index("above")].expand(CALLS, -1, -1)
        wanted = logic.relate_count(pairs, torch.ones(CALLS, CELLS), attention, group.operands[1])
        assert (found - wanted).abs().max() < 0.06, number


def test_a_count_that_is_certain_is_a_step_and_of_none_or_more_always() -> None:
    mean = torch.tensor([[0.0, 1.0, 3.0]])
    found = at_least(5, mean, torch.zeros_like(mean), torch.zeros_like(mean))
    assert found[0].tolist() == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 1, 0]]


def test_chances_of_more_never_grow() -> None:
    mean = torch.linspace(0, 9, 23).unsqueeze(0)
    found = at_least(12, mean, mean * 0.4, mean * 0.1)
    assert (found[..., 1:] <= found[..., :-1] + 0.02).all() and found.min() >= 0 and found.max() <= 1


def squares(module: str, one: Tensor, other: Tensor) -> tuple[Group, Tensor]:
    """Return calls of a module on cells that are squares of one pixel, and the middles of these."""
    at = torch.arange(CELLS)
    low = torch.stack([at % COLUMNS, at // COLUMNS], -1).float().expand(CALLS, -1, -1)
    some = replace(regions(CALLS, grid=True), boxes=torch.cat([low, low + 1], -1))
    return group_of(modules(grid=True)(some), module, "", one, other), low + 0.5


@pytest.mark.parametrize("attention", [sets, soft])
def test_between_cells_is_the_product_over_all_pairs(attention: object) -> None:
    assert callable(attention)
    group, centres = squares("between", attention(1), attention(2))
    wanted = between(group, lambda chosen: opposite(centres, chosen).float())
    found = between_cells(group, ROWS, COLUMNS, otherwise=lambda group: torch.zeros(0, 0))
    assert wanted.mean() > 0.05
    assert torch.allclose(found, wanted, atol=2e-5)


@pytest.mark.parametrize("at_once", [pairs.PAIRS_AT_ONCE, 1])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("attention", [sets, soft])
def test_cells_by_distance_are_those_of_objects_there(
    attention: object, sign: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(attention)
    monkeypatch.setattr(pairs, "PAIRS_AT_ONCE", at_once)
    group, centres = squares("nearest", attention(1), attention(2))
    together = torch.ones(CALLS, CELLS, CELLS, dtype=torch.bool)
    wanted = pairs.by_distance(group, centres, together, sign)
    assert wanted.mean() > 0.05
    assert torch.allclose(cells_by_distance(group, ROWS, COLUMNS, sign), wanted, atol=1e-6)


def test_cells_of_two_panels_are_near_in_their_own() -> None:
    (one, other), (group, _) = (soft(1), soft(2)), squares("nearest", soft(1), soft(2))
    apart = cells_by_distance(group, ROWS, COLUMNS, 1)
    both = replace(group, operands=(torch.cat([one, other], 1), torch.cat([other, one], 1)))
    swapped = cells_by_distance(replace(group, operands=(other, one)), ROWS, COLUMNS, 1)
    assert torch.equal(cells_by_distance(both, ROWS, COLUMNS, 1), torch.cat([apart, swapped], 1))


def test_between_on_a_large_grid_goes_the_other_way() -> None:
    group = group_of(modules(grid=True)(regions(2, grid=True)), "between", "", sets(calls=2), sets(calls=2))
    marker = torch.zeros(2, CELLS)
    assert between_cells(group, 41, 43, otherwise=lambda group: marker) is marker


def test_cells_that_share_a_value_with_another_are_those_of_logic() -> None:
    kinds = torch.randint(0, 4, (CALLS, CELLS), generator=torch.Generator().manual_seed(0))
    values = torch.nn.functional.one_hot(kinds, 4).transpose(1, 2)[:, :3].float()  # cells of kind 3 have no value
    attention = sets(5)
    alike = torch.einsum("cvj,cvi->cji", values, values) * (1 - torch.eye(CELLS))
    found = shared_by_another(attention, values)
    assert torch.allclose(found, logic.relate(alike, attention), atol=1e-5)


def test_a_table_is_made_once_and_of_its_word_alone() -> None:
    rates = torch.rand(3, 5, 9)
    tables = GridTables(rates)
    assert tables.table("rate", 1) is tables.table("rate", 1)
    assert torch.equal(tables.table("rate", 1), windows(rates[1]))
    assert tables.table("against", 2).diagonal().eq(0).all()
    assert torch.allclose(tables.table("holds squared", 0), tables.table("holds", 0) ** 2)
    assert set(KERNELS) == {"rate", "against", "holds", "holds squared"}


def test_calls_of_several_words_take_each_their_own_table() -> None:
    tables, attention = GridTables(torch.rand(3, 5, 9)), soft()
    read = modules(grid=True)(regions(CALLS, grid=True))
    group = replace(group_of(read, "relate", "a", attention), words=("a", "b"), sizes=(2, CALLS - 2))
    found = totals(group, attention, "rate", tables, {"a": 2, "b": 0})
    words = [2, 2, *[0] * (CALLS - 2)]
    for call, word in enumerate(words):
        assert torch.allclose(found[call], attention[call] @ tables.table("rate", word), atol=1e-5)
    assert counts_from(group, attention, tables, {"a": 2, "b": 0}).shape == (CALLS, CELLS, CELLS + 2)


def test_numbers_on_a_grid_end_and_the_last_stands_for_all_from_there_on() -> None:
    torch.manual_seed(0)
    made = NeuralModules(VOCABULARY, CHANNELS, (5, 7))
    assert made.library.most == 16
    features = torch.randn(1, CHANNELS, 5, 7)
    from nmn.vision.grid import grid_regions

    read = made(grid_regions(features, 70, 50))
    finished = execute(
        plan([parse_layout("count(scene)"), parse_layout("count(find[red])")], [0, 0]), made.library, read
    )
    scene, red = finished.values[Kind.NUMBER][finished.plan.roots()]
    assert scene.tolist() == [0] * 17 + [1]
    assert red.sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("events", [17, 23, 41])
def test_many_events_are_counted_as_one_by_one(events: int) -> None:
    chances = torch.rand(3, events, generator=torch.Generator().manual_seed(events))
    distribution = torch.ones(3, 1)
    for chance in chances.unbind(1):
        up = torch.nn.functional.pad(distribution, (1, 0)) * chance.unsqueeze(1)
        distribution = torch.nn.functional.pad(distribution, (0, 1)) * (1 - chance.unsqueeze(1)) + up
    found = logic.poisson_binomial(chances, events + 3)
    assert torch.allclose(found[:, : events + 1], distribution, atol=1e-6) and not found[:, events + 1 :].any()
    for width in (1, 4, 9, events):
        cut = logic.poisson_binomial(chances, width)
        assert torch.allclose(cut[:, :-1], distribution[:, : width - 1], atol=1e-6)
        assert torch.allclose(cut[:, -1], distribution[:, width - 1 :].sum(1), atol=1e-6)


def test_few_events_are_cut_the_same_way() -> None:
    chances = torch.tensor([[0.5, 0.5, 0.5]])
    assert logic.poisson_binomial(chances, 2).tolist() == [[0.125, 0.875]]


def test_majorities_of_many_regions_are_exact_on_sets() -> None:
    first, second = (torch.rand(2, 7, 23, generator=torch.Generator().manual_seed(1)) < 0.5).float()
    for number, word in enumerate(QUANTIFIERS):
        found = logic.quantify(torch.full((7,), number), [word], first, second)
        inside, outside = (first * second).sum(1), (first * (1 - second)).sum(1)
        two = first.sum(1) == 2
        wanted = {"every": outside == 0, "most": inside > outside, "half": inside == outside,
                  "both": two & (outside == 0), "neither": two & (inside == 0)}[word]  # fmt: skip
        assert found.tolist() == wanted.float().tolist()


def test_gradients_of_a_grid_are_those_of_differences() -> None:
    """Each module over pairs, against finite differences in numbers of 64 bits."""
    attention = soft(1)[:2].double().requires_grad_()
    rates = torch.rand(2, 5, 9, dtype=torch.float64, requires_grad=True)
    read = modules(grid=True)(regions(2, grid=True))

    def of(name: str, attention: Tensor, rates: Tensor) -> Tensor:
        group = group_of(read, "relate", "a", attention, width=5)
        if name == "counts":
            return counts_from(group, attention, GridTables(rates), {"a": 1})
        if name == "between":
            return shared_by_another(attention, attention.unsqueeze(1) * 0.7)
        return torch.exp(-totals(group, attention, name, GridTables(rates), {"a": 1}))

    for name in ("rate", "against", "counts", "between"):
        assert torch.autograd.gradcheck(lambda *parts, name=name: of(name, *parts), (attention, rates), atol=1e-4)


def test_what_moves_by_a_cell_moves_what_is_related_by_a_cell() -> None:
    made = modules(grid=True)
    read = made(regions(2, grid=True))
    attention = torch.zeros(2, ROWS, COLUMNS)
    attention[0, 1, 1], attention[1, 1, 2] = 1, 1
    found = made.library.modules["relate"](group_of(read, "relate", "near", attention.flatten(1)))
    first, second = found.view(2, ROWS, COLUMNS)
    assert torch.allclose(first[:, :-1], second[:, 1:], atol=1e-6)
    assert all(not torch.equal(one, other) for one, other in pairwise(found))
