"""Pictures of traces: nothing overlaps, every call is there, and a heat map shows what is attended."""

import io
import itertools
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from nmn.answer import Answer
from nmn.cli import app
from nmn.errors import ConfigError
from nmn.language import read
from nmn.language.parse_tree import ParseTree, parsed
from nmn.reasoner import ask_scene, run
from nmn.resources import SCENES
from nmn.scene import SceneGraph, SceneObject, read_scene
from nmn.vision.view import View
from nmn.visualisation.drawing import Drawing, draw
from nmn.visualisation.explanation import Rectangle, explain
from nmn.visualisation.heat import heat_map, resized
from nmn.visualisation.lettering import Text, wrapped
from nmn.visualisation.png import _curve, explained_picture, measure, numbered, write_picture
from nmn.visualisation.scene import panel_boxes, scene_view
from nmn.visualisation.svg import svg_file
from nmn.visualisation.tree import drawn_tree
from tests.strategies import LEXICONS, draw_layout, draw_scene

DEMO = read_scene(SCENES / "demo.json")
runner = CliRunner()


def drawn(answer: Answer, question: str, scene: SceneGraph) -> Drawing:
    blank = torch.zeros(3, round(scene.height), round(scene.width), dtype=torch.uint8)
    explained = explain(answer, pixels=blank)
    return draw(replace(explained, question=question, mentions=()), measure)


def box_of(text: Text) -> Rectangle:
    left, top = text.at
    return left, top, left + measure(text.words, text.size), top + text.size


def apart(one: Rectangle, other: Rectangle) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def within(inner: Rectangle, outer: Rectangle) -> bool:
    near = 1e-6
    return (
        outer[0] <= inner[0] + near and outer[1] <= inner[1] + near
        and inner[2] <= outer[2] + near and inner[3] <= outer[3] + near
    )  # fmt: skip


def check(drawing: Drawing) -> None:
    """Nothing overlaps, nothing sticks out, and no edge passes through a node that is not its own."""
    page = (0.0, 0.0, drawing.width, drawing.height)
    inside = [box for node in drawing.nodes for box in (*map(box_of, node.texts), *filter(None, [node.picture]))]
    numbers = [box_of(edge.number) for edge in drawing.edges if edge.number]
    words = [*map(box_of, drawing.texts), *inside, *numbers, *filter(None, [drawing.input])]
    assert all(apart(one, other) for one, other in itertools.combinations(words, 2))
    assert all(apart(one.box, other.box) for one, other in itertools.combinations(drawing.nodes, 2))
    assert all(within(box, page) for box in (*words, *(node.box for node in drawing.nodes)))
    for node in drawing.nodes:
        assert all(within(box_of(text), node.box) for text in node.texts)
    for edge in drawing.edges:
        line = [point for one, other in itertools.pairwise(edge.points) for point in _curve(one, other)]
        for node in drawing.nodes:
            if node.call not in (edge.source, edge.target):
                left, top, right, bottom = node.box
                assert not any(left < x < right and top < y < bottom for x, y in line)
        assert all(one[0] <= other[0] + 1e-6 for one, other in itertools.pairwise(line))


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(["world", "panels", "clevr"]))
def test_nothing_overlaps_in_drawings_of_1_to_30_calls(seed: int, world: str) -> None:
    rng = random.Random(seed)
    layout = draw_layout(rng, LEXICONS[world], rng.randint(1, 9))
    assume(len(layout.calls) <= 30)
    scene = draw_scene(rng, world)
    answer = run(layout, scene, lexicon=LEXICONS[world])
    drawing = drawn(answer, "a question of some words " * rng.randint(1, 9), scene)
    assert [node.call for node in drawing.nodes] == list(range(len(layout.calls)))
    check(drawing)


LONG = "are there more blue shapes left of the star than red circles above the large square"
QUESTIONS = (
    ("world", "is the star yellow"), ("world", "how many circels are left of the star"), ("world", LONG),
    ("world", f"{LONG} and is the star left of the ring that is below the green triangle"),
    ("nlvr", "there is a tower with exactly three blocks"),
    ("nlvr", "there is exactly one box with a yellow item closely touching the bottom of a box or all black squares"),
)  # fmt: skip


@pytest.mark.parametrize(("grammar", "question"), QUESTIONS)
@pytest.mark.parametrize("width", [1552.0, 500.0])
def test_nothing_overlaps_in_a_parse_tree_and_every_word_stands_under_its_rule(
    grammar: str, question: str, width: float
) -> None:
    tree, _ = parsed(read(question, grammar, repair=True))
    drawing = drawn_tree(tree, question, (24.0, 7.0), width, measure)
    boxes = [box_of(text) for text in drawing.texts]
    assert all(apart(one, other) for one, other in itertools.combinations(boxes, 2))
    page = (24.0, 7.0, 24.0 + drawing.width, 7.0 + drawing.height)
    assert all(within(box, page) for box in boxes) and drawing.width <= width
    for (x, y), (right, down) in drawing.lines:
        assert x <= right and y <= down
        assert not any(right > box[0] and x < box[2] and down > box[1] and y < box[3] for box in boxes)
    words = [text for text in drawing.texts if text.words.startswith('"')]
    said = sorted(word.words.strip('"') for word in words)
    assert said == sorted(question[leaf.start : leaf.end] for leaf in leaves(tree))


def leaves(tree: ParseTree) -> list[ParseTree]:
    return [leaf for child in tree.children for leaf in leaves(child)] if tree.children else [tree]


def test_a_parse_tree_that_fits_is_one_row_in_the_order_of_the_question() -> None:
    tree, _ = parsed(read(LONG, "world"))
    drawing = drawn_tree(tree, LONG, (0.0, 0.0), 1552.0, measure)
    words = [text for text in drawing.texts if text.words.startswith('"')]
    said = [text.words.strip('"') for text in sorted(words, key=lambda text: text.at[0])]
    assert said == [LONG[leaf.start : leaf.end] for leaf in leaves(tree)]
    assert len({text.at[1] for text in words}) == 1


def test_the_parse_tree_stands_under_the_graph_where_it_is_wanted() -> None:
    explained = explain(ask_scene(DEMO, LONG))
    without, drawing = draw(explained, measure), draw(explained, measure, with_tree=True)
    assert without.tree is None and drawing.tree is not None
    lowest = max(node.box[3] for node in drawing.nodes)
    assert all(lowest < text.at[1] and text.at[1] + text.size < drawing.height for text in drawing.tree.texts)
    picture, plain = explained_picture(explained, with_tree=True), explained_picture(explained)
    assert picture.height > plain.height
    assert "parse tree" in svg_file(explained)


def test_edges_run_in_the_direction_of_data_to_the_root_on_the_right() -> None:
    answer = ask_scene(DEMO, "are there more circles than squares")
    drawing = drawn(answer, "q", DEMO)
    boxes = [node.box for node in drawing.nodes]
    assert all(boxes[edge.source][2] < boxes[edge.target][0] for edge in drawing.edges)
    assert max(boxes, key=lambda box: box[2]) == boxes[-1]
    links = {(edge.source, edge.target) for edge in drawing.edges}
    assert links == {(one, at) for at, call in enumerate(answer.trace.calls) for one in call.operands}
    assert sorted(edge.number.words for edge in drawing.edges if edge.number) == ["1", "2"]


def test_on_top_stand_question_reading_answer_and_what_to_be_careful_about() -> None:
    question = "what color is the cirlce"
    drawing = drawn(ask_scene(DEMO, question, repair=True), question, DEMO)
    assert [text.words for text in drawing.texts] == [
        question, "read as: what color is the circle", "answer: red, blue",
        "careful: unique presupposes exactly one in its set, there are 2",
    ]  # fmt: skip
    assert max(text.at[1] for text in drawing.texts) < min(node.box[1] for node in drawing.nodes)


def test_an_exact_answer_has_no_confidence_and_names_what_it_picked() -> None:
    drawing = drawn(ask_scene(DEMO, "is there a star"), "is there a star", DEMO)
    words = [text.words for node in drawing.nodes for text in node.texts]
    assert words == ["find[star]", '"star"', "2: star yellow small", "solid", "exists", '"is there a"', "yes"]


@pytest.mark.parametrize(("width", "height"), [(1, 700), (900, 1), (64, 64)])
def test_every_attention_is_in_words_whatever_the_pictures_form(width: int, height: int) -> None:
    answer = ask_scene(SceneGraph(DEMO.objects, width, height), "is there a purple star")
    drawing = drawn(answer, "is there a purple star", SceneGraph(DEMO.objects, width, height))
    assert [node.texts[-1].words for node in drawing.nodes][-2:] == ["none", "no"]
    assert all(len(node.texts) > 1 for node in drawing.nodes)
    check(drawing)


def test_a_fit_on_a_page_has_smaller_pictures_for_more_calls() -> None:
    few = drawn(ask_scene(DEMO, "is there a star"), "q", DEMO)
    question = (
        "are there more circles than squares and is the star yellow or is there a ring left of the large triangle"
    )
    many = drawn(ask_scene(DEMO, question), question, DEMO)
    sides = [next(node.picture[3] - node.picture[1] for node in one.nodes if node.picture) for one in (few, many)]
    assert sides[1] < sides[0] and many.width <= 1600 and many.height <= 900


def test_words_are_wrapped_to_a_width() -> None:
    def letters(words: str, size: float) -> float:
        return float(len(words))

    assert wrapped("one two three", 1, 7, letters) == ["one two", "three"]
    assert wrapped("abcdefgh ij", 1, 4, letters) == ["abcd", "efgh", "ij"]
    assert wrapped("a\nb\tc", 1, 9, letters) == ["a b c"]


# two regions side by side on an image of 2 x 1 black pixels, 100 x as large
PAIR = View(torch.zeros(3, 100, 200, dtype=torch.uint8), torch.tensor([[0.0, 0, 100, 100], [100.0, 0, 200, 100]]), None)


def test_what_is_attended_keeps_its_colour_and_the_rest_fades() -> None:
    heat = heat_map(PAIR, [1.0, 0.0])
    assert heat[50, 50].tolist() == [0, 0, 0] and heat[50, 150].min() > 150
    half = heat_map(PAIR, [0.5, 0.0])
    assert abs(2 * int(half[50, 50, 0]) - int(heat[50, 150, 0])) <= 1


def test_a_frame_is_drawn_around_what_is_attended() -> None:
    heat = heat_map(PAIR, [0.0, 1.0])
    assert heat[0, 150].tolist() == [255, 120, 0] and heat[0, 50].tolist() == heat[50, 50].tolist()


def test_small_images_keep_square_pixels_and_boxes_go_with_the_size() -> None:
    pixels = torch.tensor([[[0, 255]]] * 3, dtype=torch.uint8)
    view = View(pixels, torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[0, 1]], dtype=torch.uint8))
    large = resized(view, 20, 10)
    assert large.pixels[0, 3].tolist() == [0] * 10 + [255] * 10
    assert large.boxes.tolist() == [[0, 0, 10, 10]] and large.owners is not None
    assert large.owners[9].tolist() == [0] * 10 + [1] * 10


def test_of_the_cells_of_a_grid_only_those_that_are_picked_are_numbered() -> None:
    corners = torch.tensor([[left, top] for top in range(0, 100, 10) for left in range(0, 200, 10)]).float()
    cells = View(PAIR.pixels, torch.cat([corners, corners + 10], 1), None)
    assert not np.asarray(numbered(cells)).any()
    marked = np.asarray(numbered(cells, {0})).max(-1)
    assert marked[:40, :40].any() and not marked[40:].any() and not marked[:, 40:].any()


def test_a_scene_that_cannot_be_drawn_shows_its_boxes() -> None:
    things = (SceneObject({"shape": "teapot", "color": "red"}, (0, 0, 20, 20)), SceneObject({}, (30, 30, 40, 40)))
    view = scene_view(SceneGraph(things, 64, 64))
    assert view.pixels[:, 60, 60].tolist() == [255, 0, 0] and view.boxes[0].tolist() == [0, 0, 160, 160]


def test_every_object_of_the_largest_scene_is_shown() -> None:
    corners = [(left, top) for top in range(0, 64, 4) for left in range(0, 64, 4)]
    looks = {"shape": "square", "color": "red", "size": "small"}
    things = tuple(SceneObject(looks, (left, top, left + 3, top + 3)) for left, top in corners)
    heat = scene_view(SceneGraph(things, 64, 64)).heat([0.0] * 255 + [1.0])
    assert heat[490, 490] == 1 and not heat[:480].any()


@pytest.mark.parametrize("world", ["world", "shapes", "nlvr", "clevr"])
def test_scenes_without_objects_are_drawn(world: str) -> None:
    scene = SceneGraph((), 30, 30, world)
    answer = run("exists(scene)", scene)
    assert explained_picture(explain(answer)).size > (100, 100)


def test_panels_are_regions_of_their_own() -> None:
    scene = SceneGraph((), 100, 50, "pairs", panels=((0, 0, 40, 50), (60, 0, 100, 50)))
    boxes = panel_boxes(scene_view(scene), scene)
    assert [side for box in boxes for side in box] == pytest.approx([0, 0, 204.8, 256, 307.2, 0, 512, 256])
    answer = run("panel[leftmost]", scene)
    check(drawn(answer, "the left image", scene))


def test_the_same_answer_is_the_same_picture() -> None:
    question = "how many circles are there"
    first, second = (explained_picture(explain(ask_scene(DEMO, question))) for _ in range(2))
    assert np.array_equal(np.asarray(first), np.asarray(second))


def test_what_was_not_kept_is_explained_without_pictures() -> None:
    answer = ask_scene(DEMO, "is there a star")
    explained = explain(replace(answer, trace=replace(answer.trace, seen=None)))
    drawing = draw(explained, measure)
    assert drawing.input is None and not any(node.picture for node in drawing.nodes)
    assert "object 2" in [text.words for text in drawing.nodes[0].texts] or explained.calls[0].value == "2"
    check(drawing)


def test_pictures_are_written_whole_or_refused(tmp_path: Path) -> None:
    picture = Image.new("RGB", (3, 2))
    write_picture(tmp_path / "a.png", picture)
    assert Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())).size == (3, 2)
    with pytest.raises(ConfigError, match=r"a\.jpg: pictures are written as PNG"):
        write_picture(tmp_path / "a.jpg", picture)
    with pytest.raises(ConfigError, match="cannot be written: No such file"):
        write_picture(tmp_path / "gone" / "a.png", picture)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_ask_writes_a_picture_of_a_scenes_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.png"
    result = runner.invoke(app, ["ask", str(SCENES / "demo.json"), "is there a star", "--trace", str(path)])
    assert result.exit_code == 0 and result.stdout.startswith("answer: yes")
    with Image.open(path) as picture:
        assert picture.format == "PNG"
    result = runner.invoke(app, ["ask", str(SCENES / "demo.json"), "is there a star", "--trace", "trace.txt"])
    assert result.exit_code == 2 and "ends in .png" in result.stderr and not result.stdout  # before it is answered


def test_ask_writes_a_picture_of_an_images_trace(shapes_run: Path, made_shapes: Path, tmp_path: Path) -> None:
    Image.fromarray(np.load(made_shapes / "val.input.npy")[0][..., ::-1]).save(tmp_path / "image.png")
    arguments = ["ask", str(tmp_path / "image.png"), "is a circle above a square", "--model", str(shapes_run)]
    result = runner.invoke(app, [*arguments, "--trace", str(tmp_path / "trace.png")])
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "trace.png") as picture:
        assert picture.size > (800, 600)
