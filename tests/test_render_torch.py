"""The renderer in torch against the one in Pillow: how near they are, in every shape, texture and style."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nmn.errors import SceneError
from nmn.scene import SceneGraph, SceneObject
from synth_data.outlines import SHAPES, extent
from synth_data.render import from_jpeg, render
from synth_data.render_torch import render_batch
from synth_data.style import COLORS, SHADES, TEXTURES, Style

Levels = NDArray[np.int64]
# image size: the mean difference of the renderers in grey levels, and that which one channel in a thousand exceeds
TOLERANCES = {32: (1.8, 45), 64: (1.0, 42), 128: (0.6, 40), 512: (0.25, 35)}


def random_scene(seed: int, count: int = 6, shape: str = "", texture: str = "") -> SceneGraph:
    """Return a scene of undistorted objects of 8 to 22 px in an image of 64, anywhere and turned at random."""
    rng = np.random.default_rng(seed)
    objects = []
    for _ in range(count):
        kind, rotation, length = shape or str(rng.choice(SHAPES)), float(rng.integers(360)), rng.uniform(8, 22)
        width, height = (side * length for side in extent(kind, rotation))
        left, top = rng.uniform(0, 64 - width), rng.uniform(0, 64 - height)
        attributes = {"shape": kind, "color": str(rng.choice([*COLORS])), "shade": str(rng.choice(SHADES))}
        attributes["texture"] = texture or str(rng.choice(TEXTURES))
        objects.append(SceneObject(attributes, (left, top, left + width, top + height), rotation))
    return SceneGraph(tuple(objects), 64, 64)


def differences(scenes: list[SceneGraph], size: int, style: Style | None = None) -> Levels:
    style = style or Style()
    one_by_one = np.stack([render(scene, size, style) for scene in scenes]).astype(np.int64)
    return abs(one_by_one - render_batch(scenes, size, style).permute(0, 2, 3, 1).numpy())


@pytest.mark.parametrize("size", TOLERANCES)
@pytest.mark.parametrize("texture", TEXTURES)
def test_both_renderers_draw_every_texture_alike(texture: str, size: int) -> None:
    off = differences([random_scene(seed, texture=texture) for seed in range(32 if size < 512 else 4)], size)
    mean, rare = TOLERANCES[size]
    assert off.mean() < mean
    assert np.percentile(off, 99.9) < rare


@pytest.mark.parametrize("size", TOLERANCES)
@pytest.mark.parametrize("shape", SHAPES)
def test_both_renderers_draw_every_shape_alike(shape: str, size: int) -> None:
    off = differences(
        [random_scene(seed, shape=shape, texture="solid") for seed in range(32 if size < 512 else 4)], size
    )
    assert off.mean() < 56 / size
    assert np.percentile(off, 99.9) < TOLERANCES[size][1]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_stretched_by_its_box_is_drawn_alike(shape: str) -> None:
    stretched = SceneObject({"shape": shape, "color": "white"}, (6, 20, 56, 40), 30)
    off = differences([SceneGraph((stretched,), 64, 64)], 128)
    assert off.mean() < 0.7


def test_a_batch_equals_one_by_one() -> None:
    scenes = [random_scene(seed, count) for seed, count in enumerate((0, 7, 3))]
    batch = render_batch(scenes, 64)
    assert (batch.shape, batch.dtype) == ((3, 3, 64, 64), torch.uint8)
    assert all(torch.equal(batch[index : index + 1], render_batch([scene], 64)) for index, scene in enumerate(scenes))


@pytest.mark.parametrize(
    ("style", "mean"),
    [
        (Style(background="gradient"), 1.0),
        (Style(background=(200, 190, 180), hue_shift_degrees=40), 1.0),
        (Style(outline_only=True), 1.0),
        (Style(blur_px=1.5), 1.0),
        (Style(scale=0.5), 1.5),
    ],
)
def test_both_renderers_follow_a_style_alike(style: Style, mean: float) -> None:
    assert differences([random_scene(seed) for seed in range(40)], 64, style).mean() < mean


def test_a_batch_is_stored_as_jpegs() -> None:
    scenes = [random_scene(seed) for seed in range(3)]
    plain, stored = render_batch(scenes, 64), render_batch(scenes, 64, Style(jpeg=60))
    for before, after in zip(plain.permute(0, 2, 3, 1).numpy(), stored.permute(0, 2, 3, 1).numpy(), strict=True):
        assert np.array_equal(after, from_jpeg(before, 60)) and not np.array_equal(after, before)


def test_panels_and_other_proportions_are_drawn_alike() -> None:
    panels = ((0.0, 0.0, 100.0, 100.0), (150.0, 0.0, 250.0, 100.0))
    circle = SceneObject({"shape": "circle", "color": "red"}, (160, 10, 190, 40), panel=1)
    off = differences([SceneGraph((circle,), 250, 100, panels=panels)], 100)
    assert off.shape == (1, 40, 100, 3) and off.mean() < 0.3


def test_noise_has_the_sigma_asked_for_and_repeats_with_its_seed() -> None:
    style = Style(background=(128, 128, 128), noise_sigma=12)
    empty = [SceneGraph((), 64, 64)] * 4
    first, again = (render_batch(empty, 64, style, rng=np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first, again) and not torch.equal(first[0], first[1])
    assert first.float().std().item() == pytest.approx(12, rel=0.03)


def test_a_random_style_needs_a_generator() -> None:
    with pytest.raises(SceneError, match="a random generator is needed: give rng"):
        render_batch([random_scene(0)], 64, Style(noise_sigma=2))


def test_a_batch_of_different_proportions_is_refused() -> None:
    with pytest.raises(SceneError, match="pictures of one width and height"):
        render_batch([SceneGraph((), 64, 64), SceneGraph((), 64, 32)], 64)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_draws_what_the_cpu_draws() -> None:
    scenes = [random_scene(seed) for seed in range(16)]
    off = render_batch(scenes, 64).int() - render_batch(scenes, 64, device="cuda").cpu().int()
    assert off.abs().float().mean() < 0.05
