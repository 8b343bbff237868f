"""Scenes as they are drawn: what may be in them, where, and what is said where nothing fits."""

import time
from functools import cache
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nmn.errors import ConfigError
from nmn.modules.exact import encode, encode_arrays
from synth_data.config import SynthConfig
from synth_data.drawn import Drawn, arrays_of, scene_graph
from synth_data.sample import Sampler
from tests.worlds import examples, settings

SCENES = 200
HELD_OUT = ("red circle", "blue square")
Wish = dict[str, str]


def drawn(
    config: SynthConfig, *wishes: Wish, objects: tuple[int, int] | None = None, miss: float = 0.0, seed: int = 0
) -> tuple[Sampler, Drawn]:
    """Draw SCENES scenes that all follow the same wishes."""
    sampler, rng = Sampler(config), np.random.default_rng(seed)
    codes = np.full((SCENES, max(1, len(wishes)), len(sampler.codes.attributes)), -1)
    for place, wish in enumerate(wishes):
        for name, value in wish.items():
            codes[:, place, sampler.codes.place(name)] = sampler.codes.of[value]
    low, high = objects or (config.min_objects, config.max_objects)
    return sampler, sampler.draw(rng, codes, rng.integers(low, high + 1, SCENES), np.full(SCENES, miss))


@cache
def plain(**changes: Any) -> tuple[Sampler, Drawn]:
    return drawn(settings(**changes))


def gaps(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gap between every two boxes, below 0 where they overlap, infinite between a box and itself."""
    low, high = boxes[:, None, :2], boxes[None, :, 2:]
    apart = np.maximum(low - high, (boxes[None, :, :2] - boxes[:, None, 2:])).max(-1)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart)


@pytest.mark.parametrize("likeness", [0.0, 0.4, 1.0])
def test_values_are_those_of_the_first_as_often_as_asked(likeness: float) -> None:
    """Two have a color in common where one is the first and the other copied it, where both did, and by chance."""
    sampler, scenes = drawn(settings(likeness=likeness))
    place = sampler.codes.place("color")
    codes, count = scenes.codes[:, place], scenes.mask.sum(1)
    pairs = (codes[:, :, None] == codes[:, None]) & scenes.mask[:, :, None] & scenes.mask[:, None]
    shared = (pairs.sum() - count.sum()) / (count * (count - 1)).sum()
    copied = np.average(2 / count * likeness + (1 - 2 / count) * likeness**2, weights=count * (count - 1))
    assert shared == pytest.approx(copied + (1 - copied) / len(sampler.codes.values[place]), abs=0.03)


def test_what_a_text_wishes_for_goes_before_likeness() -> None:
    sampler, scenes = drawn(settings(likeness=1.0), {"color": "red"}, {"color": "blue"})
    colors = scenes.codes[:, sampler.codes.place("color")]
    for color in ("red", "blue"):
        assert ((colors == sampler.codes.of[color]) & scenes.mask).any(1).all()


def smallest_gap(found: Drawn) -> float:
    return float(min(gaps(boxes[mask]).min() for boxes, mask in zip(found.boxes, found.mask, strict=True)))


def things(sampler: Sampler, found: Drawn) -> list[list[Wish]]:
    """Return the attributes of every scene's objects."""
    graphs = [scene_graph(found, row, sampler.codes) for row in range(SCENES)]
    return [[dict(thing.attributes) for thing in graph.objects] for graph in graphs]


def pairs(sampler: Sampler, found: Drawn) -> list[set[str]]:
    return [{f"{thing['color']} {thing['shape']}" for thing in scene} for scene in things(sampler, found)]


@pytest.mark.parametrize("changes", [{}, {"touching": 0.5}, {"overlap": 0.3, "max_objects": 5}, {"width": 100}])
def test_every_object_lies_inside_the_image(changes: dict[str, Any]) -> None:
    sampler, found = plain(**changes)
    boxes = found.boxes[found.mask]
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= [sampler.config.width, sampler.config.height]).all()


@pytest.mark.parametrize("gap_px", [0.0, 2.5, 4.0])
def test_objects_keep_their_distance(gap_px: float) -> None:
    assert gap_px <= smallest_gap(plain(gap_px=gap_px, max_objects=6)[1]) < gap_px + 1


def test_objects_that_may_touch_touch_or_keep_their_distance() -> None:
    found = plain(touching=0.5)[1]
    between = np.concatenate([gaps(b[m]).ravel() for b, m in zip(found.boxes, found.mask, strict=True)])
    touching = np.abs(between) < 0.125
    assert (touching | (between >= 2.5)).all()
    assert touching.any()


def test_counts_lie_in_the_range_and_reach_both_ends() -> None:
    found = plain(min_objects=2, max_objects=5)[1]
    assert set(found.mask.sum(1).tolist()) == {2, 3, 4, 5}


def test_values_are_those_that_are_allowed_and_all_of_them() -> None:
    allowed = {"color": {"red", "cyan"}, "shape": {"star", "ring"}, "size": {"small", "large"}, "texture": {"solid"}}
    keys = {"color": "colors", "shape": "shapes", "size": "sizes", "texture": "textures"}
    sampler, found = plain(**{keys[name]: tuple(sorted(values)) for name, values in allowed.items()})
    seen = {name: {thing[name] for scene in things(sampler, found) for thing in scene} for name in allowed}
    assert seen == allowed


def test_a_scene_of_one_shade_notes_none() -> None:
    sampler, found = plain(shades=("normal",))
    assert not any("shade" in thing for scene in things(sampler, found) for thing in scene)


def test_pairs_that_are_held_out_never_occur() -> None:
    few = {"colors": ("red", "blue"), "shapes": ("circle", "square")}
    seen = {pair for scene in pairs(*plain(**few, held_out=HELD_OUT)) for pair in scene}
    assert seen == {"red square", "blue circle"}
    assert set(HELD_OUT) <= {pair for scene in pairs(*plain(**few)) for pair in scene}


@pytest.mark.parametrize("wish", [{"color": "red", "shape": "circle"}, {"shape": "circle"}, {"color": "blue"}])
def test_not_even_a_wish_brings_a_pair_that_is_held_out(wish: Wish) -> None:
    seen = pairs(*drawn(settings(held_out=HELD_OUT), wish, wish))
    assert not any(scene & set(HELD_OUT) for scene in seen)


def test_towers_keep_to_what_objects_may_be() -> None:
    config = settings("nlvr", size=20, families=("tower_count",), held_out=("yellow square",))
    colors = {thing.attributes["color"] for example in examples(config) for thing in example.scene.objects}
    assert colors == {"black", "blue"}
    for changes in ({"shapes": ("circle",)}, {"sizes": ("small", "large")}, {"required": ("blue square",)}):
        with pytest.raises(ConfigError, match="towers are of medium squares"):
            Sampler(settings("nlvr", **changes))


def test_every_scene_has_one_of_the_pairs_that_are_required() -> None:
    seen = pairs(*plain(required=HELD_OUT))
    assert all(scene & set(HELD_OUT) for scene in seen)
    assert not all(scene & set(HELD_OUT) for scene in pairs(*plain()))


def test_the_first_objects_follow_their_wishes() -> None:
    wishes = {"color": "red", "shape": "star", "size": "small"}, {"color": "green"}
    for scene in things(*drawn(settings(), *wishes)):
        assert all(any(wish.items() <= thing.items() for thing in scene) for wish in wishes)


def test_a_wish_is_missed_by_one_value_as_often_as_asked() -> None:
    """Of 200 scenes, 100 are missed on average; 5 standard deviations are 36. A missed value is drawn again."""
    wish = {"color": "red", "shape": "star"}
    scenes = things(*drawn(settings(), wish, objects=(1, 1), miss=0.5))
    kept = sum(wish.items() <= scene[0].items() for scene in scenes)
    assert 64 < kept < 150
    assert all(set(wish.items()) & set(scene[0].items()) for scene in scenes)


def test_the_place_in_a_scene_does_not_tell_what_was_wished() -> None:
    wish = {"color": "red", "shape": "star"}
    scenes = things(*drawn(settings(colors=("red", "blue")), wish, objects=(4, 4)))
    assert {place for scene in scenes for place in range(4) if wish.items() <= scene[place].items()} == {0, 1, 2, 3}


def test_sizes_are_what_their_values_say_give_or_take_the_jitter() -> None:
    """Squares are as wide as their size; sides are rounded to half pixels, so a quarter more on both sides."""
    sampler, found = plain(shapes=("square",), rotate=False, max_objects=5)
    for size, pixels in (("small", 9.0), ("medium", 13.0), ("large", 18.0)):
        boxes = found.boxes[(found.codes[:, sampler.codes.place("size")] == sampler.codes.of[size]) & found.mask]
        sides = boxes[:, 2:] - boxes[:, :2]
        assert 0.9 * pixels - 0.25 <= sides.min() < sides.max() <= 1.1 * pixels + 0.25


def test_cells_of_a_grid_hold_one_object_each_at_their_centre() -> None:
    found = drawn(settings("shapes"))[1]
    centres = (found.boxes[..., :2] + found.boxes[..., 2:]) / 2
    for places, mask in zip(centres, found.mask, strict=True):
        cells = [tuple(centre) for centre in places[mask].tolist()]
        assert len(set(cells)) == len(cells)
        assert set(cells) <= {(x, y) for x in (5.0, 15.0, 25.0) for y in (5.0, 15.0, 25.0)}


# ---- objects over each other --------------------------------------------------------------------------------------

OVER = settings(overlap=0.5, max_objects=4, relations=("left_of", "in_front_of", "behind"))


@cache
def over() -> tuple[Sampler, Drawn]:
    return drawn(OVER)


def test_what_is_in_front_is_drawn_later_and_behind_is_its_mirror() -> None:
    sampler, found = over()
    listed = 0
    for row in range(SCENES):
        graph = scene_graph(found, row, sampler.codes)
        front = {(thing, other) for other, row in enumerate(graph.relations["in_front_of"]) for thing in row}
        behind = {(thing, other) for other, row in enumerate(graph.relations["behind"]) for thing in row}
        assert all(thing > other for thing, other in front)
        assert behind == {(other, thing) for thing, other in front}
        listed += len(front)
    assert listed > SCENES // 4


def test_scenes_as_arrays_are_encoded_as_their_graphs_are() -> None:
    sampler, found = over()
    graphs = [scene_graph(found, row, sampler.codes) for row in range(SCENES)]
    one = encode_arrays(arrays_of(found, OVER), sampler.codes.lexicon, 1.5)
    other = encode(graphs, sampler.codes.lexicon, 1.5)
    for name in ("features", "boxes", "mask", "codes", "relations.values", "orders.values", "sides"):
        assert torch.equal(attrgetter(name)(one), attrgetter(name)(other)), name


def test_only_boxes_that_overlap_have_one_in_front() -> None:
    _, found = over()
    assert found.in_front is not None
    for boxes, front in zip(found.boxes, found.in_front, strict=True):
        assert (gaps(boxes)[front] < 0).all()


def test_without_overlap_nothing_is_in_front() -> None:
    _, found = plain(relations=("left_of", "in_front_of"))
    assert found.in_front is not None and not found.in_front.any()


def test_what_is_in_front_hides_a_part_that_can_be_seen_and_leaves_enough() -> None:
    """Squares that are not turned fill their boxes, so the share that is hidden is that of the boxes' intersection."""
    _, found = drawn(
        settings(
            overlap=0.6, max_objects=2, min_objects=2, rotate=False, shapes=("square",), relations=("in_front_of",)
        )
    )
    assert found.in_front is not None
    for (under, top), front in zip(found.boxes, found.in_front[:, 1, 0], strict=True):
        sides = np.clip(np.minimum(under[2:], top[2:]) - np.maximum(under[:2], top[:2]), 0, None)
        share = sides.prod() / (under[2:] - under[:2]).prod()
        assert (share > 0) == front
        assert not front or 0.02 < share < 0.55


# ---- what cannot be -----------------------------------------------------------------------------------------------


def test_too_many_and_too_large_objects_are_refused_soon_and_by_name() -> None:
    start = time.monotonic()
    with pytest.raises(ConfigError, match=r"no room for 20 objects .* lower max_objects=20, size_px or gap_px"):
        drawn(settings(min_objects=20, max_objects=20, size_px=(40.0, 40.0, 40.0)))
    assert time.monotonic() - start < 20


def test_an_object_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"size_px: expected lengths of 0\.5 px to the side of a panel"):
        settings(size_px=(90.0, 90.0, 90.0))


def test_objects_larger_than_the_cells_of_a_grid_are_refused() -> None:
    message = r"grid: objects of up to 19.8 px do not fit into cells of 16.0 x 16.0 px: lower grid=4, size_px"
    with pytest.raises(ConfigError, match=message):
        Sampler(settings(placement="grid", grid=4, rotate=False))
    boxes = drawn(settings(placement="grid", grid=4, rotate=False, size_px=(6.0, 10.0, 14.0)))[1].boxes
    assert boxes.min() >= 0 and boxes.max() <= 64


def test_a_grid_with_too_few_cells_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="max_objects: a grid of 3 x 3 cells holds 9 objects at most"):
        settings("shapes", max_objects=10)


def test_holding_out_every_pair_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="held_out: no pair of a colour and a shape is left"):
        Sampler(settings(colors=("red",), shapes=("circle",), held_out=("red circle",)))


def test_one_number_of_pixels_is_due_for_each_size() -> None:
    with pytest.raises(ConfigError, match="size_px: expected 3 numbers, for small, medium, large"):
        drawn(settings(size_px=(7.0, 11.0)))


def test_objects_are_made_smaller_before_a_scene_is_refused() -> None:
    """12 large squares do not fit with their gaps: 12 * (18 + 2.5)^2 is 5043 of 4096 square pixels."""
    _, found = drawn(
        settings(min_objects=12, max_objects=12, shapes=("square",), rotate=False), *[{"size": "large"}] * 12
    )
    assert (found.mask.sum(1) == 12).all() and smallest_gap(found) >= 2.5


def test_objects_find_places_where_no_relation_is_an_order() -> None:
    free = settings("shapes", placement="free", empty_cells=False, max_objects=4)
    assert smallest_gap(drawn(free)[1]) >= free.gap_px


def test_what_is_in_front_stays_so_where_panels_lie_side_by_side() -> None:
    config = settings("pairs", overlap=0.6, min_objects=2, relations=("left_of", "in_front_of", "behind"))
    _, found = drawn(config)
    assert found.in_front is not None
    shares = found.panel[:, :, None] == found.panel[:, None]
    for front, boxes, mask, alike in zip(found.in_front, found.boxes, found.mask, shares, strict=True):
        assert not front[~alike].any() and not front[~mask].any() and not front[:, ~mask].any()
        overlap = gaps(boxes) < 0
        assert not (front & ~overlap).any()
    assert set(found.panel[np.nonzero(found.in_front)[:2]].tolist()) == {0, 1}
