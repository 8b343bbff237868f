"""Scenes to pictures on a CPU: Pillow polygons, anti-aliased by drawing FINER times as large and averaging."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from nmn.errors import ConfigError
from nmn.scene import SceneGraph, SceneObject
from synth_data.outlines import Polygon, outline
from synth_data.style import GAP, Style, background_color, object_color

Pixels = NDArray[np.uint8]
FINER = 4
SMALLEST_PX, LARGEST_PX = 16, 1024
# textures, in pixels of an image of 64: stripes lie on the diagonal, dots are holes
STRIPE_PX, DOT_PX, DOT_RADIUS_PX, LINE_PX = 3.4, 3.6, 1.05, 1.3
RIM_PX = 0.6  # line around stripes and dots, so that the shape stays clear
LARGEST_OBJECT_PX = 64
TEXTURES = ("solid", "striped", "dotted", "outlined")
PLAIN = Style()


def render(scene: SceneGraph, size: int = 64, style: Style = PLAIN, rng: np.random.Generator | None = None) -> Pixels:
    """Draw a scene with its longer side ``size`` pixels; return uint8 [height width 3].

    ``rng`` is needed by styles with noise or random textures. Objects are drawn in order, later ones in front.
    """
    if not SMALLEST_PX <= size <= LARGEST_PX:
        raise ConfigError(f"images are {SMALLEST_PX} to {LARGEST_PX} pixels large, got {size}")
    if style.random and rng is None:
        raise ConfigError("a style with noise or random textures needs a generator: pass rng")
    drawn = max(SMALLEST_PX, round(size * style.rescale))
    scale = drawn / max(scene.width, scene.height)
    canvas = _canvas(scene, scale, style)
    for thing in scene.objects:
        _draw(canvas, thing, scale * FINER, scale * FINER * max(scene.width, scene.height) / 64, style, rng)
    image = canvas.reduce(FINER)
    if drawn != size:
        image = image.resize((round(scene.width * scale * size / drawn), round(scene.height * scale * size / drawn)), 2)
    if style.blur_px:
        image = image.filter(ImageFilter.GaussianBlur(style.blur_px))
    pixels = np.asarray(image)
    if style.noise_sigma:
        assert rng is not None
        noisy = pixels + rng.normal(0, style.noise_sigma, pixels.shape)
        pixels = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    return pixels


def masks(scene: SceneGraph, size: int = 64) -> NDArray[np.bool_]:
    """Return where each object is seen, [objects height width]: its silhouette less what lies in front of it."""
    index = index_mask(scene, size)
    return index[None] == np.arange(1, len(scene.objects) + 1)[:, None, None]


def index_mask(scene: SceneGraph, size: int = 64) -> Pixels:
    """Return uint8 [height width]: 0 for the background, 1 + i where object i is seen in more than half a pixel."""
    scale = size / max(scene.width, scene.height)
    width, height = round(scene.width * scale), round(scene.height * scale)
    index = np.zeros((height, width), np.uint8)
    for place, thing in enumerate(scene.objects, 1):
        mask, (left, top) = _silhouette(outline(thing, scale * FINER))
        covered = np.asarray(mask.reduce(FINER)) > 127
        column, row = left // FINER, top // FINER
        clipped = covered[max(0, -row) : height - row, max(0, -column) : width - column]
        window = index[max(0, row) : row + covered.shape[0], max(0, column) : column + covered.shape[1]]
        window[clipped] = place
    return index


def _canvas(scene: SceneGraph, scale: float, style: Style) -> Image.Image:
    size = round(scene.width * scale) * FINER, round(scene.height * scale) * FINER
    color = background_color(style.background)
    canvas = _gradient(size, color) if style.background == "gradient" else Image.new("RGB", size, color)
    if scene.panels:
        canvas.paste(GAP, (0, 0, *size))
        for box in scene.panels:
            left, top, right, bottom = (round(side * scale) * FINER for side in box)
            canvas.paste(color, (left, top, right, bottom))
    return canvas


def _gradient(size: tuple[int, int], color: tuple[int, int, int]) -> Image.Image:
    """Return a background that is darker to the top left and lighter to the bottom right."""
    ramp = np.linspace(0.82, 1.14, size[0])[None, :, None] * np.linspace(0.9, 1.08, size[1])[:, None, None]
    return Image.fromarray(np.clip(ramp * np.array(color), 0, 255).astype(np.uint8))


def _draw(
    canvas: Image.Image, thing: SceneObject, scale: float, unit: float, style: Style, rng: np.random.Generator | None
) -> None:
    """Draw an object; ``unit`` is the length of a pixel of an image of 64."""
    polygons = outline(thing, scale)
    color = object_color(
        thing.attributes.get("color", "gray"), thing.attributes.get("shade", "normal"), style.hue_shift
    )
    texture = thing.attributes.get("texture", "solid")
    if style.outline_only:
        texture = "outlined"
    elif style.random_textures:
        assert rng is not None
        texture = TEXTURES[rng.integers(len(TEXTURES))]
    if texture == "solid" and len(polygons) == 1:
        ImageDraw.Draw(canvas).polygon(polygons[0].ravel().tolist(), fill=color)
        return
    silhouette, corner = _silhouette(polygons)
    mask = silhouette if texture == "solid" else _textured(silhouette, polygons, corner, texture, unit)
    canvas.paste(color, (*corner, corner[0] + mask.width, corner[1] + mask.height), mask)


def _silhouette(polygons: list[Polygon]) -> tuple[Image.Image, tuple[int, int]]:
    """Return the mask of an outline in its own window, and the window's corner, a multiple of FINER."""
    low, high = polygons[0].min(0), polygons[0].max(0)
    left, top = (int(side // FINER) * FINER for side in low)
    size = tuple(int(-(-(side + 1 - start) // FINER)) * FINER for side, start in zip(high, (left, top), strict=True))
    mask = Image.new("L", (size[0], size[1]), 0)
    draw = ImageDraw.Draw(mask)
    for place, polygon in enumerate(polygons):
        draw.polygon((polygon - (left, top)).ravel().tolist(), fill=0 if place else 255)
    return mask, (left, top)


def _textured(
    silhouette: Image.Image, polygons: list[Polygon], corner: tuple[int, int], texture: str, unit: float
) -> Image.Image:
    """Return the part of a silhouette that a texture fills; patterns start at the corner of the object's box."""
    width, height = silhouette.size
    if texture == "outlined":
        mask, line = Image.new("L", (width, height), 0), LINE_PX * unit
    else:
        across, down = (FINER - round(float(side)) for side in polygons[0].min(0) - corner)
        mask, line = _pattern(texture, unit).crop((across, down, across + width, down + height)), RIM_PX * unit
    draw = ImageDraw.Draw(mask)
    draw.polygon((polygons[0] - corner).ravel().tolist(), outline=255, width=max(1, round(line)))
    for hole in polygons[1:]:
        closed = np.concatenate([hole, hole[:1]]) - corner
        draw.line(closed.ravel().tolist(), fill=255, width=max(2, round(2 * line)))
    return ImageChops.multiply(mask, silhouette)


@lru_cache(maxsize=16)
def _pattern(texture: str, unit: float) -> Image.Image:
    """Return a sheet of stripes, or one with holes, FINER pixels before its origin."""
    side = round(LARGEST_OBJECT_PX * unit) + 2 * FINER
    y, x = (np.mgrid[:side, :side] - FINER + 0.5) / unit
    return Image.fromarray((patterned(texture, x, y, np) * 255).astype(np.uint8))


def patterned(texture: str, x: Any, y: Any, maths: Any) -> Any:
    """Return where a texture is filled, x and y being pixels of an image of 64 from the corner of an object's box."""
    if texture == "striped":
        return ((x + y) / 2**0.5) % STRIPE_PX < STRIPE_PX / 2
    row = maths.floor(y / DOT_PX)
    across = (x + (row % 2) * DOT_PX / 2) % DOT_PX - DOT_PX / 2
    return maths.hypot(across, y % DOT_PX - DOT_PX / 2) > DOT_RADIUS_PX
