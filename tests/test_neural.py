"""The neural library: a batch equals one by one, where gradients go, what a grid shares, words it has not learned."""

import random

import pytest
import torch

from nmn.errors import ArgumentError, CheckpointError
from nmn.layout import SIGNATURES, Kind, Layout, parse_layout
from nmn.modules import logic
from nmn.modules.grid import _by_distance, _opposed
from nmn.modules.learned_pairs import pair_geometry
from nmn.modules.library import check_words
from nmn.modules.neural import (
    NeuralModules,
    Vocabulary,
    neural_library,
    vocabulary_from_json,
    vocabulary_of,
)
from tests.networks import (
    CHANNELS,
    COLUMNS,
    LEXICON,
    ROWS,
    VOCABULARY,
    assert_equal,
    layouts,
    modules,
    moved,
    one_of,
    regions,
    root_values,
    run,
)

IMAGES = 13


@pytest.mark.parametrize("grid", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_batch_gives_the_same_as_one_by_one_in_any_order_and_with_repeated_images(grid: bool, seed: int) -> None:
    made, some, asked = modules(grid, seed), regions(IMAGES, grid, seed), layouts(seed, 61, panels=not grid)
    images = [random.Random(seed).randrange(IMAGES) for _ in asked]
    together = root_values(run(made, asked, images, some))
    alone = [
        root_values(run(made, [layout], [0], one_of(some, image)))[0]
        for layout, image in zip(asked, images, strict=True)
    ]
    assert_equal(together, alone)
    order = random.Random(seed + 1).sample(range(len(asked)), len(asked))
    shuffled = root_values(run(made, [asked[i] for i in order], [images[i] for i in order], some))
    assert_equal(shuffled, [together[i] for i in order])


@pytest.mark.parametrize("grid", [True, False])
def test_random_parameters_give_answers_that_differ(grid: bool) -> None:
    """The test above would pass on constants."""
    found = torch.cat(root_values(run(modules(grid), [parse_layout("find[red]")] * 5, range(5), regions(5, grid))))
    assert found.std() > 0.1


USES = {
    "find[red]": ("red", None),
    "relate[above](scene)": (None, "above"),
    "relate_every[above](find[red])": ("red", "above"),
    "relate_count[near](find[blue], number[1])": ("blue", "near"),
    "superlative[{}](find[red])": ("red", "{}"),
    "ordinal[{}](find[red], number[2])": ("red", "{}"),
    "describe[shape](find[red])": ("red square rectangle", None),
    "same[color](find[square])": ("square red green blue", None),
    "count(between(find[red], find[blue]))": ("red blue", None),
    "count(nearest(find[red], find[blue]))": ("red blue", None),
    "exists(farthest(scene, find[blue]))": ("blue", None),
    "quantify[most](find[red], find[green])": ("red green", None),
    "agree[color](find[square], scene)": ("square red green blue", None),
    "distinct[color](relate[left_of](find[blue]))": ("red green blue", "left_of"),
    "compare[more](count(find[red]), count(find[green]))": ("red green", None),
    "difference(count(find[red]), count(find[green]))": ("red green", None),
    "within(count(find[red]), number[1], number[3])": ("red", None),
    "commonest[color](find[square])": ("square red green blue", None),
    "rarest[color](find[square])": ("square red green blue", None),
    "unique(or(find[red], and(find[green], not(find[blue]))))": ("red green blue", None),
}
USES_OF_PANELS = {
    "count(where(exists(find[red])))": ("red", None),
    "count(as_many(find[red]))": ("red", None),
    "count(alike[color](find[square]))": ("square red green blue", None),
    "count(and(find[red], inside(panels)))": ("red", None),
}
OF_WHERE_ALONE = {"at_side", "near_side", "panel"}  # what they learn is of places, and has a test of its own


def test_every_module_is_among_those_whose_gradients_are_looked_at() -> None:
    texts = [*USES, *USES_OF_PANELS]
    used = {call.module for text in texts for call in parse_layout(text.format("largest")).calls}
    assert used | OF_WHERE_ALONE == set(SIGNATURES) and not used & OF_WHERE_ALONE


@pytest.mark.parametrize(
    ("text", "grid"),
    [*((text, grid) for text in USES for grid in (True, False)), *((text, False) for text in USES_OF_PANELS)],
)
def test_gradients_reach_every_parameter_of_the_words_used_and_no_other(text: str, grid: bool) -> None:
    superlative = VOCABULARY.superlatives[1]
    values, pair = (USES | USES_OF_PANELS)[text]
    made, some = modules(grid), regions(IMAGES, grid)
    finished = run(made, [parse_layout(text.format(superlative))] * IMAGES, range(IMAGES), some)
    sum(value.square().sum() for value in root_values(finished)).backward()  # type: ignore[union-attr]
    used = {VOCABULARY.values.index(value) for value in (values or "").split()}
    assert [reached(made.words.weight), reached(made.biases)] == [used, used]
    names = (*VOCABULARY.relations, *VOCABULARY.superlatives)
    wanted = set() if pair is None else {names.index(pair.format(superlative))}
    inner, by_word = list(made.pairs.parameters()), 0 if grid else -2  # the table itself, or the last layer's weights
    assert reached(inner[by_word]) == wanted
    assert all(reached(parameter) for parameter in inner) or not wanted


def reached(parameter: torch.Tensor) -> set[int]:
    """Return the rows of a parameter that have a gradient."""
    if parameter.grad is None:
        return set()
    return set(parameter.grad.view(len(parameter), -1).abs().sum(1).nonzero().flatten().tolist())


@pytest.mark.parametrize(
    ("text", "wanted"), [("at_side[left]", "sides"), ("near_side[wall]", "sides"), ("panel[{}]", "pairs")]
)
def test_what_is_of_places_alone_teaches_the_network_of_sides_or_of_pairs_alone(text: str, wanted: str) -> None:
    made, asked = modules(grid=False), parse_layout(text.format(VOCABULARY.superlatives[1]))
    torch.cat(root_values(run(made, [asked] * IMAGES, range(IMAGES), regions(IMAGES, False)))).sum().backward()  # type: ignore[no-untyped-call]
    with_gradient = {
        name.split(".")[0]
        for name, part in made.named_parameters()
        if part.grad is not None and part.grad.abs().sum() > 0
    }
    assert with_gradient == {wanted}


def test_relate_on_a_grid_moves_with_what_it_relates_to() -> None:
    """One attended cell, moved by a row and a column: what is related moves too, as far as the grid reaches."""
    made, some = modules(grid=True), regions(2, grid=True)
    rates = made(some).rates[0].view(-1, ROWS, COLUMNS, ROWS, COLUMNS)
    assert torch.equal(rates[:, 0, 1, :2, 1:4], rates[:, 1, 2, 1:, 2:5])
    assert not torch.allclose(rates[:, 0, 1], rates[:, 1, 2])


def test_relations_of_boxes_do_not_depend_on_where_the_image_is_cut() -> None:
    boxes = regions(3, grid=False).boxes
    assert torch.allclose(pair_geometry(boxes), pair_geometry(boxes + 17), atol=1e-4)
    assert not torch.allclose(pair_geometry(boxes), pair_geometry(boxes * 2), atol=1e-2)


@pytest.mark.parametrize("grid", [True, False])
def test_relate_is_the_product_over_pairs_on_sets_that_are_sure(grid: bool) -> None:
    made, some = modules(grid), regions(IMAGES, grid)
    read = made(some)
    finished = run(made, [parse_layout("relate[above](scene)")] * IMAGES, range(IMAGES), some)
    found = finished.values[Kind.ATTENTION][finished.plan.roots()]
    pairs = read.pairs[:, VOCABULARY.relations.index("above")].expand(IMAGES, -1, -1)
    assert torch.allclose(found, logic.relate(pairs, some.mask.float()) * some.mask, atol=1e-6)


def test_relate_adds_up_the_rates_of_what_is_attended() -> None:
    made = modules(grid=True, vocabulary=Vocabulary({}, ("near",), ()))
    rates = made(regions(1, grid=True)).rates[0, 0]
    finished = run(made, [parse_layout("relate[near](relate[near](scene))")], [0], regions(1, grid=True))
    inner = 1 - torch.exp(-rates.sum(0))
    outer = finished.values[Kind.ATTENTION][finished.plan.roots()][0]
    assert torch.allclose(outer, 1 - torch.exp(-inner @ rates), atol=1e-6)


def test_a_box_is_in_no_relation_to_itself_or_to_one_of_another_panel() -> None:
    some = regions(IMAGES, grid=False)
    rates = modules(grid=False)(some).rates
    members = some.panels.members.float()
    together = torch.einsum("bpj,bpi->bji", members, members) * (1 - torch.eye(7))
    relations = len(VOCABULARY.relations)
    ordered = rates[:, relations:]  # superlatives order what is in all panels
    assert ordered[(together == 0).unsqueeze(1).expand_as(ordered)].gt(0).any()
    rates = rates[:, :relations]
    related = (together > 0).unsqueeze(1).expand_as(rates)
    assert not rates[~related].any() and rates[related].ge(0).all() and rates[related].gt(0).any()


def test_nothing_is_attended_where_a_region_is_padding() -> None:
    some, made = regions(IMAGES, grid=False), modules(grid=False)
    asked = [layout for layout in layouts(5, 300, panels=True) if layout.kind is Kind.ATTENTION]
    finished = run(made, asked, [place % IMAGES for place in range(len(asked))], some)
    attention = finished.values[Kind.ATTENTION]
    assert attention[~some.mask[torch.from_numpy(finished.plan.images[: len(attention)])]].numel() > 0
    for layout, image, row in zip(asked, finished.plan.example_images, finished.plan.roots(), strict=True):
        assert attention[row][~some.mask[image]].abs().max().item() == 0 if not some.mask[image].all() else True, layout
    assert attention.min() >= 0 and attention.max() <= 1


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("find[purple]", 'unknown value "purple"'),
        ("find[gren]", 'unknown value "gren"; the network has learned'),
        ("relate[below](scene)", 'unknown relation "below"; the network has learned left_of, above, near'),
        ("superlative[oldest](scene)", 'unknown superlative "oldest"'),
        ("describe[size](scene)", 'unknown attribute "size"; the network has learned color, shape'),
    ],
)
def test_a_word_that_was_not_learned_is_refused_by_name(layout: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        run(modules(grid=True), [parse_layout(layout)], [0], regions(1, grid=True))


def test_a_vocabulary_makes_the_round_trip() -> None:
    assert vocabulary_from_json(VOCABULARY.to_json()) == VOCABULARY
    for damaged in ({}, {**VOCABULARY.to_json(), "attributes": 3}, None, {**VOCABULARY.to_json(), "relations": 3}):
        with pytest.raises(CheckpointError, match="its vocabulary is malformed"):
            vocabulary_from_json(damaged)


def test_a_vocabulary_holds_what_layouts_use_in_the_lexicons_order() -> None:
    asked: list[Layout] = [
        parse_layout(text) for text in ("describe[shape](find[blue])", "exists(relate[near](find[red]))")
    ]
    used = vocabulary_of(asked, LEXICON)
    assert used == Vocabulary({"color": ("red", "blue"), "shape": VOCABULARY.attributes["shape"]}, ("near",), ())
    assert vocabulary_of([parse_layout("at_side[wall]")], LEXICON) == Vocabulary({}, (), (), sides=True)


def test_a_value_that_no_object_has_and_no_question_names_is_not_learned() -> None:
    asked = [parse_layout("describe[color](find[square])"), parse_layout("exists(find[blue])")]
    shown = vocabulary_of(asked, LEXICON, {"color": ("red",), "shape": ("rectangle",)}.__getitem__)
    assert shown.attributes == {"color": ("red", "blue"), "shape": ("square",)}


def test_a_network_without_words_still_runs() -> None:
    made = NeuralModules(Vocabulary({}, (), ()), CHANNELS)
    assert run(made, [parse_layout("count(scene)")], [3], regions(IMAGES, False)).values[Kind.NUMBER].argmax() == 4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("grid", [True, False])
def test_a_gpu_gives_the_same_answers_and_gradients(grid: bool) -> None:
    asked, some, images = (
        layouts(1, 97, panels=not grid),
        regions(IMAGES, grid),
        [place % IMAGES for place in range(97)],
    )
    found, gradients = [], []
    for device in ("cpu", "cuda"):
        made = modules(grid).to(device)
        finished = run(made, asked, images, moved(some, device))
        values = root_values(finished)
        sum(value.square().sum() for value in values).backward()  # type: ignore[union-attr]
        found.append([value.detach().cpu() for value in values])
        gradients.append([part.grad.cpu() for part in made.parameters() if part.grad is not None])
    assert_equal(found[1], found[0], within=1e-4)
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("module", ["between", "nearest", "farthest"])
def test_what_was_worked_out_while_asking_serves_training_too(module: str) -> None:
    asked = [parse_layout(f"exists({module}(find[{VOCABULARY.values[0]}], find[{VOCABULARY.values[1]}]))")]
    made, some = modules(grid=True, seed=3), regions(1, grid=True)
    _opposed.cache_clear()
    _by_distance.cache_clear()
    with torch.inference_mode():
        run(made, asked, [0], some)
    run(made, asked, [0], some).values[Kind.ATTENTION].sum().backward()  # type: ignore[no-untyped-call]
    assert made.words.weight.grad is not None and made.words.weight.grad.abs().sum() > 0


def test_cells_of_several_panels_are_put_in_order_in_each_alone() -> None:
    """So that no layout may ask for the first of all, which ``exact.py`` would give."""
    first = VOCABULARY.superlatives[0]
    over_panels = neural_library(VOCABULARY, (3, 5), panels=2)
    within = parse_layout(f"exists(where(exists(superlative[{first}](find[{VOCABULARY.values[0]}]))))")
    check_words(within, over_panels)
    for text in (f"exists(superlative[{first}](scene))", f"exists(ordinal[{first}](scene, number[2]))"):
        check_words(parse_layout(text), neural_library(VOCABULARY, (3, 5)))
        with pytest.raises(ArgumentError, match="it is asked of each panel alone"):
            check_words(parse_layout(text), over_panels)
