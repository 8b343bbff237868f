"""Contrast groups: two texts, two scenes that differ in one object, and every text true of one of them."""

import numpy as np
import pytest

from nmn.scene import SceneGraph, SceneObject
from synth_data.contrast import edits
from synth_data.drawn import Drawn, scene_graph
from synth_data.example import Example
from synth_data.reference import evaluate
from synth_data.sample import Sampler
from tests.worlds import examples, settings

CONFIG = settings("contrast", size=96, shard_size=48)
GROUPS = [examples(CONFIG)[start : start + 4] for start in range(0, CONFIG.size, 4)]


def changed(one: SceneGraph, other: SceneGraph) -> list[tuple[SceneObject, SceneObject]]:
    """Return the objects that differ, before and after."""
    return [pair for pair in zip(one.objects, other.objects, strict=True) if pair[0] != pair[1]]


def test_four_examples_in_a_row_share_a_group_of_their_own() -> None:
    assert [example.group for example in examples(CONFIG)] == [place // 4 for place in range(CONFIG.size)]


def test_a_group_has_two_texts_and_two_scenes() -> None:
    for group in GROUPS:
        assert len({example.text for example in group}) == len({example.layout for example in group}) == 2
        assert len({str(example.scene.to_json()) for example in group}) == 2
        assert len({(example.text, str(example.scene.to_json())) for example in group}) == 4


def test_the_scenes_of_a_group_differ_in_exactly_one_object() -> None:
    for group in GROUPS:
        scenes = {str(example.scene.to_json()): example.scene for example in group}
        assert len(changed(*scenes.values())) == 1


def test_an_object_changes_one_value_or_its_place() -> None:
    for group in GROUPS:
        before, after = changed(group[0].scene, group[2].scene)[0]
        values = [name for name in before.attributes if before.attributes[name] != after.attributes[name]]
        assert len(values) == 1 or (not values and before.box != after.box)


def of(group: tuple[Example, ...], key: str) -> dict[str, list[object]]:
    """Return the answers of a group's examples by their text or by their scene."""
    answers: dict[str, list[object]] = {}
    for example in group:
        name = example.text if key == "text" else str(example.scene.to_json())
        answers.setdefault(name, []).append(example.answer)
    return answers


@pytest.mark.parametrize("key", ["text", "scene"])
def test_neither_the_text_nor_the_scene_alone_tells_the_answer(key: str) -> None:
    for group in GROUPS:
        assert all(sorted(map(str, found)) == ["False", "True"] for found in of(group, key).values())


def test_what_a_group_says_is_what_the_reference_says() -> None:
    for example in examples(CONFIG):
        assert evaluate(example.layout, example.scene, CONFIG.words) is example.answer


def test_the_false_texts_of_a_group_are_false_in_the_same_way() -> None:
    for group in GROUPS:
        assert len({example.way for example in group if not example.answer}) == 1
        assert all(bool(example.way) != example.answer for example in group)


def test_the_next_groups_of_the_same_family_do_not_repeat_it() -> None:
    assert len({example.text for example in examples(CONFIG)}) > 0.9 * CONFIG.size / 2


# ---- edits of one scene ---------------------------------------------------------------------------------------------

PLAIN = settings("contrast", textures=("solid",), held_out=("red circle",))


def drawn() -> tuple[Sampler, Drawn]:
    sampler = Sampler(PLAIN)
    wishes = np.full((8, 1, len(sampler.codes.attributes)), -1)
    return sampler, sampler.draw(np.random.default_rng(5), wishes, np.full(8, 4), np.zeros(8))


@pytest.mark.parametrize("row", range(8))
def test_every_edit_changes_exactly_one_object(row: int) -> None:
    sampler, scenes = drawn()
    edited = edits(scenes, row, [{"color": "red", "shape": "star"}], sampler.codes, np.random.default_rng(row))
    before = scene_graph(scenes, row, sampler.codes)
    assert len(edited.mask) > 4
    for copy in range(len(edited.mask)):
        assert len(changed(before, scene_graph(edited, copy, sampler.codes))) == 1


@pytest.mark.parametrize("row", range(8))
def test_no_edit_leaves_the_image_or_comes_too_near(row: int) -> None:
    sampler, scenes = drawn()
    edited = edits(scenes, row, [{"size": "large"}], sampler.codes, np.random.default_rng(row))
    for boxes in edited.boxes:
        assert (boxes >= 0).all() and (boxes <= 64).all()
        for place in range(4):
            others = np.delete(boxes, place, axis=0)
            apart = np.maximum(boxes[place, :2] - others[:, 2:], others[:, :2] - boxes[place, 2:]).max(1)
            assert apart.min() >= PLAIN.gap_px


@pytest.mark.parametrize("row", range(8))
def test_no_edit_makes_a_pair_that_is_held_out(row: int) -> None:
    sampler, scenes = drawn()
    edited = edits(scenes, row, [{"color": "red"}, {"shape": "circle"}], sampler.codes, np.random.default_rng(row))
    graphs = [scene_graph(edited, copy, sampler.codes) for copy in range(len(edited.mask))]
    seen = [thing.attributes for graph in graphs for thing in graph.objects]
    assert any(thing["color"] == "red" for thing in seen) and any(thing["shape"] == "circle" for thing in seen)
    assert not any(thing["color"] == "red" and thing["shape"] == "circle" for thing in seen)


def test_a_changed_object_keeps_its_centre_and_a_moved_one_its_values() -> None:
    sampler, scenes = drawn()
    edited = edits(scenes, 0, [{"shape": "star"}], sampler.codes, np.random.default_rng(0))
    before, kinds = scene_graph(scenes, 0, sampler.codes), set()
    for copy in range(len(edited.mask)):
        one, other = changed(before, scene_graph(edited, copy, sampler.codes))[0]
        kept = one.attributes == other.attributes
        kinds.add(kept)
        centres = [[box[axis] + box[axis + 2] for axis in (0, 1)] for box in (one.box, other.box)]
        assert kept or centres[0] == centres[1]
    assert kinds == {True, False}


def test_edits_are_a_function_of_their_chance() -> None:
    sampler, scenes = drawn()
    one, other = (edits(scenes, 0, [], sampler.codes, np.random.default_rng(3)) for _ in range(2))
    assert (one.boxes == other.boxes).all()


def test_images_of_several_panels_have_contrasts_too() -> None:
    pairs = examples(settings("pairs", size=64, contrast=True))
    assert len({example.group for example in pairs}) == 16
    moved = set()
    for first, second in zip(pairs[::4], pairs[2::4], strict=True):
        (one, other) = changed(first.scene, second.scene)[0]
        assert one.panel == other.panel
        left, top, right, bottom = second.scene.panels[other.panel]
        assert left <= other.box[0] and top <= other.box[1] and other.box[2] <= right and other.box[3] <= bottom
        moved.add(other.panel)
    assert moved == {0, 1}
