"""Outlines, styles and the renderer in Pillow: areas, places, order, textures, colours and refusals."""

from io import BytesIO
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from nmn.errors import SceneError
from nmn.lexicon import load_lexicon
from nmn.scene import Box, SceneGraph, SceneObject
from synth_data.outlines import SHAPES, extent, outline
from synth_data.render import masks, render
from synth_data.style import BETWEEN_PANELS, COLORS, PAPERS, SHADES, SLATE, TEXTURES, Style, inks


def thing(shape: str, box: Box, rotation: float = 0.0, color: str = "red", **more: Any) -> SceneObject:
    return SceneObject({"shape": shape, "color": color, **more}, box, rotation)


def centred(shape: str, length: float, rotation: float = 0.0, **more: Any) -> SceneObject:
    """Return an undistorted object in the middle of a scene of 64 px."""
    width, height = (side * length for side in extent(shape, rotation))
    return thing(shape, (32 - width / 2, 32 - height / 2, 32 + width / 2, 32 + height / 2), rotation, **more)


def scene_of(*things: SceneObject, width: float = 64, height: float = 64) -> SceneGraph:
    return SceneGraph(things, width, height)


def polygons(one: SceneObject) -> list[NDArray[np.float64]]:
    """Return an object's contours [corners, x and y] in the scene's pixels: the outer one, and a ring's hole."""
    left, top, right, bottom = one.box
    contours = outline(one.attributes["shape"], one.rotation).contours[-1]
    return [contour.points[:-1].astype(float) * (right - left, bottom - top) + (left, top) for contour in contours]


def area(corners: NDArray[np.float64]) -> float:
    x, y = corners.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


def share_of_red(scene: SceneGraph, size: int) -> float:
    """Return how many pixels are drawn red, parts of pixels counted."""
    image = render(scene, size, Style(background="black", hue_shift_degrees=0))
    ink, paper = inks(0)["red", "normal"][0], inks(0)["black", "normal"][0]
    return float(((image[:, :, 0].astype(float) - paper) / (ink - paper)).sum())


def test_the_renderer_knows_every_value_of_the_world() -> None:
    attributes = load_lexicon("world").attributes
    assert set(attributes["shape"].values) == set(SHAPES)
    assert set(attributes["color"].values) == set(COLORS)
    assert set(attributes["texture"].values) == set(TEXTURES)
    assert tuple(attributes["shade"].values) == SHADES


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rotation", [0, 17, 90, 203.5])
def test_an_outline_touches_every_side_of_its_box(shape: str, rotation: float) -> None:
    outer = polygons(thing(shape, (3, 5, 14, 40), rotation))[0]
    assert [*outer.min(0), *outer.max(0)] == pytest.approx([3, 5, 14, 40], abs=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_longest_side_of_an_unturned_outline_is_one(shape: str) -> None:
    assert max(extent(shape)) == 1


@pytest.mark.parametrize("size", [32, 64, 128, 512])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_covers_the_area_of_its_polygon(shape: str, size: int) -> None:
    for rotation in (0.0, 20.0, 45.0):
        drawn = scene_of(centred(shape, 24, rotation))
        outer, *hole = (area(contour) for contour in polygons(drawn.objects[0]))
        expected = (outer - sum(hole)) * (size / 64) ** 2
        assert share_of_red(drawn, size) == pytest.approx(expected, rel=max(0.04, 1.6 / size))


def test_rotation_is_clockwise() -> None:
    pointing_right = masks(scene_of(centred("triangle", 40, 90)), 64)[0]
    columns = pointing_right.sum(0)
    assert columns[columns > 0][0] > columns[columns > 0][-1]


def test_the_longer_side_has_the_size_asked_for() -> None:
    assert render(scene_of(width=400, height=100), 128).shape == (32, 128, 3)
    assert render(scene_of(width=50, height=100), 64).shape == (64, 32, 3)


def test_a_scene_looks_the_same_at_every_resolution() -> None:
    scene = scene_of(*(thing(shape, (8, 8, 40, 44), 30, texture="striped") for shape in SHAPES))
    small, large = render(scene, 64).astype(float), render(scene, 512).astype(float)
    assert abs(large.reshape(64, 8, 64, 8, 3).mean((1, 3)) - small).mean() < 3


def test_what_comes_later_lies_in_front() -> None:
    back, front = thing("square", (10, 10, 40, 40)), thing("square", (20, 20, 50, 50), color="blue")
    assert tuple(render(scene_of(back, front), 64)[30, 30]) == inks(0)["blue", "normal"]
    assert tuple(render(scene_of(front, back), 64)[30, 30]) == inks(0)["red", "normal"]


def test_a_mask_is_what_can_be_seen_of_an_object() -> None:
    scene = scene_of(thing("square", (10, 10, 40, 40)), thing("square", (20, 20, 50, 50), color="blue"))
    first, second = masks(scene, 64)
    assert (int(first.sum()), int(second.sum())) == (30 * 30 - 20 * 20, 30 * 30)
    assert not (first & second).any()


@pytest.mark.parametrize("texture", TEXTURES)
def test_a_mask_is_the_whole_silhouette_whatever_the_texture(texture: str) -> None:
    scene = scene_of(centred("star", 30, 10, texture=texture))
    assert np.array_equal(masks(scene, 64), masks(scene_of(centred("star", 30, 10)), 64))


def test_an_outlined_object_hides_what_is_behind_it() -> None:
    scene = scene_of(thing("square", (10, 10, 40, 40)), thing("square", (5, 5, 45, 45), texture="outlined"))
    assert tuple(render(scene, 64)[25, 25]) == SLATE


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape not in ("star", "ring")])
def test_textures_differ_on_objects_of_eight_pixels(shape: str) -> None:
    images = [render(scene_of(centred(shape, 8, texture=texture)), 64).astype(float) for texture in TEXTURES]
    covered = masks(scene_of(centred(shape, 8)), 64)[0]
    for one, other in combinations(images, 2):
        assert abs(one - other)[covered].mean() > 8


def test_an_object_without_attributes_is_an_empty_cell() -> None:
    scene = scene_of(SceneObject({}, (10, 10, 40, 40)))
    assert (render(scene, 64) == SLATE).all()
    assert masks(scene, 64).shape == (1, 64, 64) and not masks(scene, 64).any()


@pytest.mark.parametrize("texture", TEXTURES)
def test_what_reaches_beyond_the_picture_is_cut_off(texture: str) -> None:
    inside = thing("circle", (-20.3, -20.3, 31.7, 31.7), texture=texture)
    shifted = thing("circle", (43.7, 43.7, 95.7, 95.7), texture=texture)
    whole = render(scene_of(shifted, width=128, height=128), 128)[64:, 64:].astype(int)
    assert abs(render(scene_of(inside), 64).astype(int)[:30, :30] - whole[:30, :30]).mean() < 12


def test_objects_beyond_all_bounds_are_drawn_where_they_are_seen() -> None:
    image = render(scene_of(thing("square", (-9e8, -9e8, 9e8, 9e8), texture="outlined")), 64)
    assert image.shape == (64, 64, 3)
    assert (render(scene_of(thing("square", (70, 70, 80, 80))), 64) == SLATE).all()
    assert (render(scene_of(thing("heart", (7, 7, 7, 30))), 64) == SLATE).all()


def test_panels_lie_on_the_gap_colour() -> None:
    scene = SceneGraph((), 400, 100, panels=((0, 0, 100, 100), (150, 0, 250, 100), (300, 0, 400, 100)))
    row = render(scene, 400)[50]
    assert [tuple(row[x]) for x in (0, 99, 100, 149, 150)] == [SLATE, SLATE, BETWEEN_PANELS, BETWEEN_PANELS, SLATE]


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"shape": "sqare", "color": "red"}, r'objects\[1\]: no shape "sqare"; did you mean "square"'),
        ({"shape": "square", "color": "gren"}, r'objects\[1\]: no color "gren"; did you mean "green"'),
        ({"shape": "square"}, r"objects\[1\]: no color is given"),
        ({"shape": "square", "color": "red", "shade": "drak"}, r'no shade "drak"; did you mean "dark"'),
        ({"shape": "square", "color": "red", "texture": "stripe"}, r'no texture "stripe"; did you mean "striped"'),
    ],
)
def test_what_cannot_be_drawn_is_named_with_its_object(attributes: dict[str, str], message: str) -> None:
    with pytest.raises(SceneError, match=message):
        render(scene_of(centred("circle", 9), SceneObject(attributes, (0, 0, 9, 9))), 64)


@pytest.mark.parametrize("size", [29, 513, 64.0])
def test_a_size_out_of_range_is_refused(size: Any) -> None:
    with pytest.raises(SceneError, match="size is a whole number of pixels from 30 to 512"):
        render(scene_of(), size)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"background": "slat"}, 'no background "slat"; did you mean "slate"'),
        ({"background": (0, 0, 256)}, "background is .red, green, blue."),
        ({"gap": "red"}, "gap is .red, green, blue."),
        ({"noise_sigma": -1}, "noise_sigma is a number from 0 to 128, got -1"),
        ({"blur_px": float("nan")}, "blur_px is a number from 0 to 16"),
        ({"hue_shift_degrees": 361}, "hue_shift_degrees is a number from -360 to 360"),
        ({"scale": 0}, "scale is a number from 0.125 to 4"),
        ({"antialias": 0}, "antialias is a whole number from 1 to 8"),
        ({"jpeg": 101}, "jpeg is a whole number from 0 to 100, got 101"),
        ({"texture": "doted"}, 'no texture "doted"; did you mean "dotted"'),
        ({"texture": "solid", "outline_only": True}, "give only one of the two"),
    ],
)
def test_a_wrong_style_is_refused_when_it_is_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SceneError, match=message):
        Style(**fields)


def test_a_jpeg_is_what_pillow_reads_again() -> None:
    scene = scene_of(centred("star", 30), thing("ring", (2, 2, 20, 20), color="blue", texture="dotted"))
    plain = render(scene, 64)
    stored = BytesIO()
    Image.fromarray(plain).save(stored, "JPEG", quality=75)
    assert (render(scene, 64, Style(jpeg=75)) == np.asarray(Image.open(stored))).all()
    off = [np.abs(render(scene, 64, Style(jpeg=quality)).astype(int) - plain).mean() for quality in (50, 75, 95)]
    assert off[0] > off[1] > off[2] > 0


@pytest.mark.parametrize("style", [Style(noise_sigma=2), Style(background="noise"), Style(texture="textured")])
def test_random_styles_need_a_generator_and_repeat_with_its_seed(style: Style) -> None:
    scene = scene_of(*(thing(shape, (10, 10, 40, 40)) for shape in SHAPES))
    with pytest.raises(SceneError, match="a random generator is needed: give rng"):
        render(scene, 64, style)
    first, again, other = (render(scene, 64, style, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_noise_has_the_sigma_asked_for() -> None:
    image = render(scene_of(), 128, Style(background=(128, 128, 128), noise_sigma=12), np.random.default_rng(0))
    assert float(image.std()) == pytest.approx(12, rel=0.02)


def test_a_background_of_noise_leaves_the_objects_plain() -> None:
    image = render(scene_of(centred("square", 20)), 64, Style(background="noise"), np.random.default_rng(0))
    assert (image[30:34, 30:34] == inks(0)["red", "normal"]).all()
    assert image[:10].std() > 10


def test_a_gradient_grows_lighter_downwards() -> None:
    rows = render(scene_of(), 64, Style(background="gradient"))[:, :, 0].mean(1)
    assert (np.diff(rows) >= 0).all() and rows[-1] > 1.8 * rows[0]


def test_styles_can_override_every_texture() -> None:
    plain = scene_of(centred("heart", 30))
    outlined = render(scene_of(centred("heart", 30, texture="outlined")), 64)
    assert np.array_equal(render(plain, 64, Style(outline_only=True)), outlined)
    assert np.array_equal(render(plain, 64, Style(texture="outlined")), outlined)


def test_a_third_of_a_turn_of_hue_makes_pure_channels_swap() -> None:
    red, green, blue = inks(120)["blue", "normal"]
    assert (green, blue, red) == pytest.approx((*COLORS["blue"][1][:2], 238), abs=1)


def test_a_smaller_scale_blurs_and_keeps_the_place() -> None:
    scene = scene_of(centred("square", 24))
    sharp, coarse = render(scene, 64).astype(float), render(scene, 64, Style(scale=0.5)).astype(float)
    assert coarse.shape == sharp.shape and 0 < abs(coarse - sharp).mean() < 4
    assert np.array_equal(coarse[32, 32], sharp[32, 32])


def test_blur_softens_edges_and_keeps_the_mean() -> None:
    scene = scene_of(centred("square", 24))
    sharp, soft = render(scene, 64).astype(float), render(scene, 64, Style(blur_px=2)).astype(float)
    assert abs(np.diff(soft, axis=0)).max() < 0.5 * abs(np.diff(sharp, axis=0)).max()
    assert soft.mean() == pytest.approx(sharp.mean(), abs=1)


def cielab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the CIELAB coordinates (D65) of sRGB colours."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / (0.9505, 1, 1.089)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def test_no_colour_in_any_shade_is_near_another_or_the_background() -> None:
    named = [(color, rgb) for color, shades in COLORS.items() for rgb in shades] + [("background", SLATE)]
    at = cielab(np.array([rgb for _, rgb in named]) / 255)
    apart = [float(np.linalg.norm(at[i] - at[j])) for i, j in combinations(range(40), 2) if named[i][0] != named[j][0]]
    assert min(apart) > 20


@pytest.mark.parametrize("paper", PAPERS)
def test_no_colour_in_its_normal_shade_is_near_a_paper(paper: str) -> None:
    at = cielab(np.array([*(shades[1] for shades in COLORS.values()), PAPERS[paper]]) / 255)
    assert np.linalg.norm(at[:-1] - at[-1], axis=1).min() > 20


@pytest.mark.parametrize("color", COLORS)
def test_shades_go_from_dark_to_light(color: str) -> None:
    dark, normal, light = cielab(np.array(COLORS[color]) / 255)[:, 0]
    assert dark + 3 < normal < light - 3
