"""Pictures in the style of SHAPES and NLVR: against the datasets' own images where they are, else by hand."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from nmn.data.shapes import decode_images
from nmn.errors import SceneError
from nmn.scene import SceneGraph, SceneObject
from nmn.vision.nlvr_format import nlvr_scene
from synth_data.house_styles import paint_shapes, render_nlvr, render_shapes

RADII = np.arange(-0.06, 0.061, 0.005)  # the decoder's half-widths are 0.05 apart


@pytest.fixture
def nlvr_folder() -> Path:
    """NLVR's development split, where the environment variable NMN_DATA names a folder that has it."""
    folder = Path(os.environ.get("NMN_DATA", "")) / "nlvr" / "dev"
    if not (folder / "dev.json").exists():
        pytest.skip("NLVR's files are not here: set NMN_DATA to the folder that holds nlvr/dev/")
    return folder


def nlvr_item(**changes: Any) -> dict[str, Any]:
    return {"type": "square", "color": "Black", "size": 20, "x_loc": 40, "y_loc": 80, **changes}


def cell(shape: str = "square", color: str = "red", radius: float = 3.0, x: float = 5.0, y: float = 5.0) -> SceneObject:
    return SceneObject({"shape": shape, "color": color}, (x - radius, y - radius, x + radius, y + radius))


def shapes_scene(*things: SceneObject) -> SceneGraph:
    return SceneGraph(things, 30, 30, "shapes")


def test_nlvr_images_are_redrawn_to_a_hundredth_of_a_grey_level(nlvr_folder: Path) -> None:
    examples = [json.loads(line) for line in (nlvr_folder / "dev.json").read_text(encoding="utf-8").splitlines()]
    errors = []
    for example in examples:
        path = nlvr_folder / "images" / example["directory"] / f"dev-{example['identifier']}-0.png"
        with Image.open(path) as image:
            real = np.asarray(image.convert("RGB")).astype(int)
        errors.append(abs(render_nlvr(nlvr_scene(example["structured_rep"])) - real).mean())
    assert len(errors) == 989
    assert np.mean(errors) < 0.01


def test_nlvr_boxes_become_panels_and_sizes_words() -> None:
    circle = nlvr_item(type="circle", color="#0099ff", size=10, x_loc=90, y_loc=0)
    scene = nlvr_scene([[nlvr_item()], [], [circle]])
    assert (scene.world, scene.width, scene.height, len(scene.panels)) == ("nlvr", 400, 100, 3)
    square, circle_found = scene.objects
    assert dict(square.attributes) == {"shape": "square", "color": "black", "size": "medium"}
    assert (square.box, square.panel) == ((40, 80, 60, 100), 0)
    assert dict(circle_found.attributes) == {"shape": "circle", "color": "blue", "size": "small"}
    assert (circle_found.box, circle_found.panel) == ((390, 0, 400, 10), 2)


def test_nlvr_pictures_have_its_greys_and_edges_in_quarters() -> None:
    image = render_nlvr(nlvr_scene([[nlvr_item(type="triangle", size=10, x_loc=0, y_loc=0)], [], []]))
    assert image.shape == (100, 400, 3)
    assert image[0, :10, 0].tolist() == [211] * 4 + [158, 158] + [211] * 4
    assert image[9, :10, 0].tolist() == [53, *[0] * 8, 53]
    assert image[50, [99, 100, 149, 150], 0].tolist() == [211, 128, 128, 211]


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[], []], "an image of NLVR has three boxes, got 2"),
        ([[], [nlvr_item(), nlvr_item(size=15)], []], r"structured_rep\[1\]\[1\]: NLVR has colors .* and sizes"),
        ([[nlvr_item(color="red")], [], []], r"structured_rep\[0\]\[0\]: NLVR has colors"),
        ([[{"type": "square"}], [], []], r"structured_rep\[0\]\[0\]: field 'color' is missing"),
        ([["square"], [], []], r"structured_rep\[0\]\[0\]"),
    ],
)
def test_a_wrong_structured_rep_is_named_with_its_place(boxes: list[Any], message: str) -> None:
    with pytest.raises(SceneError, match=message):
        nlvr_scene(boxes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "star"}, 'no shape "star" in this dataset'),
        ({"x_loc": 81}, r"objects\[0\]\.box: a square of 10, 20 or 30 px inside its panel"),
        ({"x_loc": 0.5}, r"objects\[0\]\.box: a square of 10, 20 or 30 px inside its panel"),
    ],
)
def test_what_nlvr_cannot_have_is_not_drawn(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SceneError, match=message):
        render_nlvr(nlvr_scene([[nlvr_item(**change)], [], []]))


def test_a_scene_without_nlvrs_panels_is_no_image_of_nlvr() -> None:
    with pytest.raises(SceneError, match="400 x 100 pixels and the panels"):
        render_nlvr(SceneGraph((), 400, 100, "nlvr"))


def test_shapes_edges_are_the_exact_share_of_each_pixel() -> None:
    image = paint_shapes(shapes_scene(cell(radius=2.25)), np.array([[0, 0, 200.0]]))
    assert image[5, :10, 2].tolist() == [0, 0, 50, 200, 200, 200, 200, 50, 0, 0]
    assert image[2, 2, 2] == round(200 * 0.25**2)
    triangle = paint_shapes(shapes_scene(cell("triangle", radius=4)), np.array([[0, 0, 200.0]]))
    assert triangle[:, :, 2].sum() == pytest.approx(200 * 32, rel=0.01)
    circle = paint_shapes(shapes_scene(cell("circle", radius=4)), np.array([[200.0, 0, 0]]))
    assert circle[:, :, 0].sum() == pytest.approx(200 * np.pi * 16, rel=0.01)


def test_shapes_colours_are_one_channel_with_noise() -> None:
    scene = shapes_scene(*[cell(x=x, y=y) for x in (5, 15, 25) for y in (5, 15, 25)])
    rng = np.random.default_rng(0)
    drawn = np.concatenate([render_shapes(scene, rng)[5::10, 5::10].reshape(-1, 3) for _ in range(200)])
    assert drawn[:, 0].min() >= 204 and drawn[:, 1:].max() <= 51
    assert [(drawn[:, 0] == 255).mean(), (drawn[:, 1] == 0).mean()] == pytest.approx([0.5, 0.5], abs=0.04)


def test_a_drawn_shapes_image_is_decoded_to_its_scene() -> None:
    kinds = [(shape, color) for shape in ("square", "circle", "triangle") for color in ("blue", "green", "red")]
    radii = (2.3, 2.5, 2.7, 3.4, 3.5, 3.6, 3.7, 3.9, 4.1)
    things = [cell(*kinds[i], radii[i], 5 + 10 * (i % 3), 5 + 10 * (i // 3)) for i in range(8)]
    empty = SceneObject({}, (20, 20, 30, 30))
    image = render_shapes(shapes_scene(*things, empty), np.random.default_rng(1))
    (decoded,) = decode_images(image[None, ..., ::-1])
    assert [dict(thing.attributes) for thing in decoded.objects] == [dict(thing.attributes) for thing in things] + [{}]


def test_shapes_images_are_redrawn_to_a_sixth_of_a_grey_level(shapes_folder: Path) -> None:
    images = np.load(shapes_folder / "val.input.npy")[:40]
    errors = [best_error(scene, image) for scene, image in zip(decode_images(images), images, strict=True)]
    assert np.mean(errors) < 0.16


def best_error(scene: SceneGraph, image: NDArray[np.uint8]) -> float:
    """Return the mean absolute error of an image redrawn with each cell's best radius near the decoded one."""
    tiles = image.reshape(3, 10, 3, 10, 3).swapaxes(1, 2).reshape(9, 100, 3).astype(float)
    errors = []
    for change in RADII:
        moved = [
            SceneObject(thing.attributes, tuple(np.add(thing.box, (-change, -change, change, change)).tolist()))
            if thing.attributes
            else thing
            for thing in scene.objects
        ]
        drawn = paint_shapes(shapes_scene(*moved), tiles.max(1))
        errors.append(abs(drawn.reshape(3, 10, 3, 10, 3).swapaxes(1, 2).reshape(9, 100, 3) - tiles).sum((1, 2)))
    return float(np.min(errors, 0).sum() / image.size)


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        (SceneGraph((), 64, 64, "shapes"), "an image of SHAPES has 30 x 30 pixels, this scene 64 x 64"),
        (shapes_scene(cell("star")), 'no shape "star" in this dataset'),
        (shapes_scene(cell(color="gren")), 'no color "gren" in this dataset; did you mean "green"'),
    ],
)
def test_what_shapes_cannot_have_is_not_drawn(scene: SceneGraph, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        render_shapes(scene, np.random.default_rng(0))
