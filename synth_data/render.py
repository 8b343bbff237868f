"""A scene to an image, in Pillow: one core draws thousands a second.

Each object is drawn alone, on a mask of its own window with ``antialias`` x ``antialias`` samples a pixel, and then
painted through the mask, from back to front. A texture paints over it once more, with the paper's colour, where the
pattern is open; it never reaches the object's rim. So the silhouette of an object hides what is behind it whatever the
texture, and ``masks`` returns that silhouette.

``placed`` makes every decision about a scene. ``synth_data.render_torch`` draws from it too.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from nmn.errors import SceneError
from nmn.scene import Box, SceneGraph, SceneObject
from synth_data.outlines import Contour, Outline, outline
from synth_data.silhouettes import Corners, Seen, Window, corners_in, silhouettes
from synth_data.style import (
    ANY_TEXTURE,
    DOT,
    GRADIENT,
    PATTERN_SIGMA,
    PITCH,
    RGB,
    RIM,
    TEXTURES,
    Style,
    dot_row_px,
    length_px,
)

SIZES = (30, 512)
STYLE = Style()
SHARP = 2.5  # subpixels: thinner rims need no rounding at corners that turn inwards
Images = NDArray[np.uint8]


class Placed(NamedTuple):
    """An object in the picture's pixels, with what it is drawn with; ``number`` is its position in the scene.

    Lengths of textures are rounded, ``rim`` to 1/8 px and ``pitch`` to multiples of 1/4 px, so that both renderers
    agree on them.
    """

    number: int
    shape: str
    rotation: float
    outline: Outline
    box: Box
    ink: RGB
    texture: str
    rim: float
    pitch: float


def render(scene: SceneGraph, size: int, style: Style = STYLE, rng: Generator | None = None) -> Images:
    """Draw a scene as an image [height, width, 3] whose longer side is ``size`` pixels, 30 to 512.

    ``rng`` is needed by styles that are random, and only by them. An object without attributes (an empty cell) is not
    drawn. Raises SceneError for a shape, colour, shade or texture that is not known, naming the object.
    """
    return next(render_each([scene], size, (style,), lambda: (style, rng)))


def render_each(
    scenes: Sequence[SceneGraph],
    size: int,
    styles: Sequence[Style],
    choose: Callable[[], tuple[Style, Generator | None]],
) -> Iterator[Images]:
    """Yield the image of each scene as ``render`` draws it, in the style that ``choose`` gives for it.

    The style is one of ``styles``, of one ``scale`` and ``antialias``. Silhouettes of all scenes are worked out at
    once, which is most of what can be done ahead.
    """
    scale, fine = styles[0].scale, styles[0].antialias
    sizes = [picture_size(scene, size) for scene in scenes]
    drawn = [(max(1, round(width * scale)), max(1, round(height * scale))) for width, height in sizes]
    found = [_located(scene, max(sides)) for scene, sides in zip(scenes, drawn, strict=True)]
    outlines = [[(item.outline, item.box) for item in row] for row in found]
    seen = silhouettes(outlines, drawn, fine)
    sketches: dict[tuple[int, int], Image.Image] = {}
    for scene, final, sides, row, silhouette in zip(scenes, sizes, drawn, found, seen, strict=True):
        style, rng = choose()
        canvas = _background(style, sides, _scaled_panels(scene, max(sides))).copy()
        if sides not in sketches:
            sketches[sides] = Image.new("L", (sides[0] * fine, sides[1] * fine))
        _paint(canvas, sketches[sides], _dressed(row, max(sides), style, rng), silhouette, style)
        if sides != final:
            canvas = canvas.resize(final, Image.Resampling.BILINEAR)
        if style.blur_px:
            canvas = canvas.filter(ImageFilter.GaussianBlur(style.blur_px))
        image = np.array(canvas)
        noisy = _with_noise(image, scene, style, rng) if rng is not None else image
        yield from_jpeg(noisy, style.jpeg) if style.jpeg else noisy


def masks(scene: SceneGraph, size: int) -> NDArray[np.bool_]:
    """Return where each object is visible [objects, height, width]: over half of the pixel, and not hidden there.

    An object covers its whole silhouette, whatever its texture.
    """
    width, height = picture_size(scene, size)
    owner = np.full((height, width), -1, np.int16)
    items = _located(scene, size)
    outlines = [[(item.outline, item.box) for item in items]]
    sketch = Image.new("L", (width * STYLE.antialias, height * STYLE.antialias))
    draw = ImageDraw.Draw(sketch)
    for item, seen in zip(
        items, silhouettes(outlines, [(width, height)], STYLE.antialias, finest=True)[0], strict=True
    ):
        if seen is not None:
            left, top, right, bottom = seen.window
            coverage: Images = np.asarray(_filled(sketch, draw, seen, STYLE.antialias))
            owner[top:bottom, left:right][coverage > 128] = item.number
    numbers = np.arange(len(scene.objects), dtype=np.int16)
    return np.asarray(owner == numbers[:, None, None])


def picture_size(scene: SceneGraph, size: int) -> tuple[int, int]:
    """Return a picture's width and height in pixels; raise SceneError where ``size`` is out of range."""
    if not isinstance(size, (int, np.integer)) or not SIZES[0] <= size <= SIZES[1]:
        raise SceneError(f"size is a whole number of pixels from {SIZES[0]} to {SIZES[1]}, got {size!r}")
    scale = size / max(scene.width, scene.height)
    return max(1, round(scene.width * scale)), max(1, round(scene.height * scale))


class Located(NamedTuple):
    """An object's outline in its box, in the picture's pixels; ``number`` is its position in the scene."""

    number: int
    thing: SceneObject
    outline: Outline
    box: Box


def _located(scene: SceneGraph, size: int) -> list[Located]:
    scale = size / max(scene.width, scene.height)
    items = []
    for index, thing in enumerate(scene.objects):
        if thing.attributes:
            try:
                found = outline(thing.attributes.get("shape", ""), thing.rotation % 360)
            except SceneError as error:
                raise SceneError(f"objects[{index}]: {error}") from None
            left, top, right, bottom = thing.box
            items.append(Located(index, thing, found, (left * scale, top * scale, right * scale, bottom * scale)))
    return items


def placed(scene: SceneGraph, size: int, style: Style, rng: Generator | None = None) -> list[Placed]:
    """Return the scene's objects, those behind first, in pixels of a picture with a longer side of ``size``."""
    return _dressed(_located(scene, size), size, style, rng)


def _dressed(items: Sequence[Located], size: int, style: Style, rng: Generator | None) -> list[Placed]:
    if style.random and rng is None:
        raise SceneError("style: it has noise or random textures, so a random generator is needed: give rng")
    dressed = []
    for index, thing, found, box in items:
        try:
            ink, texture = style.ink(thing.attributes), style.texture_of(thing.attributes)
        except SceneError as error:
            raise SceneError(f"objects[{index}]: {error}") from None
        if texture == ANY_TEXTURE and rng is not None:
            texture = TEXTURES[int(rng.integers(len(TEXTURES)))]
        rim, pitch = _texture_lengths(texture, max(box[2] - box[0], box[3] - box[1]), size / 64)
        shape, rotation = thing.attributes["shape"], thing.rotation % 360
        dressed.append(Placed(index, shape, rotation, found, box, ink, texture, rim, pitch))
    return dressed


def _texture_lengths(texture: str, side_px: float, unit_px: float) -> tuple[float, float]:
    if texture == "solid":
        return 0.0, 0.0
    pitch = length_px(PITCH[texture], side_px, unit_px) if texture in PITCH else 0.0
    step = max(1, round(unit_px)) / 4  # few pitches, so that patterns are met again
    return max(1, round(8 * length_px(RIM[texture], side_px, unit_px))) / 8, step * round(pitch / step)


def _scaled_panels(scene: SceneGraph, size: int) -> tuple[Window, ...]:
    """Return the panels' boxes in whole pixels."""
    scale = size / max(scene.width, scene.height)
    rounded = [[round(min(max(side * scale, 0), size)) for side in panel] for panel in scene.panels]
    return tuple((left, top, right, bottom) for left, top, right, bottom in rounded)


@lru_cache(maxsize=64)
def _background(style: Style, size: tuple[int, int], panels: tuple[Window, ...]) -> Image.Image:
    plain = Image.new("RGB", size, style.paper)
    if style.background == "gradient":
        steps = np.linspace(1 - GRADIENT, 1 + GRADIENT, size[1])[:, None, None]
        rows = np.rint(np.clip(steps * style.paper, 0, 255)).astype(np.uint8)
        plain = Image.fromarray(np.ascontiguousarray(np.broadcast_to(rows, (size[1], size[0], 3))))
    if not panels:
        return plain
    canvas = Image.new("RGB", size, style.gap)
    for panel in panels:
        canvas.paste(plain.crop(panel), panel)
    return canvas


def background(scene: SceneGraph, size: tuple[int, int], style: Style) -> Images:
    """Return what lies behind the objects, without noise [height, width, 3]."""
    return np.asarray(_background(style, size, _scaled_panels(scene, max(size))))


def _with_noise(image: Images, scene: SceneGraph, style: Style, rng: Generator) -> Images:
    """Add noise: to every pixel, and where the style says so, to those that show the background."""
    noise: NDArray[np.float32] | None = None
    if style.noise_sigma:
        noise = rng.standard_normal(image.shape, np.float32) * np.float32(style.noise_sigma)
    if style.background == "noise":
        behind = rng.standard_normal(image.shape, np.float32) * np.float32(PATTERN_SIGMA)
        covered: NDArray[np.bool_] = np.logical_or.reduce(masks(scene, max(image.shape)), 0)
        behind[covered] = 0
        noise = behind if noise is None else noise + behind
    return image if noise is None else np.rint(np.clip(image + noise, 0, 255)).astype(np.uint8)


def from_jpeg(image: Images, quality: int) -> Images:
    """Return an image [height width 3] as it is read again from a JPEG of a quality, 1 to 100."""
    stored = BytesIO()
    Image.fromarray(image).save(stored, "JPEG", quality=quality)
    return np.array(Image.open(stored))


def _paint(
    canvas: Image.Image, sketch: Image.Image, items: Sequence[Placed], seen: Sequence[Seen | None], style: Style
) -> None:
    """Paint each object through a mask that is drawn in its window of ``sketch``, the picture in subpixels."""
    fine, draw = style.antialias, ImageDraw.Draw(sketch)
    for item, silhouette in zip(items, seen, strict=True):
        if silhouette is not None:
            canvas.paste(item.ink, silhouette.window, _filled(sketch, draw, silhouette, fine))
            if item.texture != "solid":
                _open(canvas, sketch, item, silhouette.window, style)


def _filled(sketch: Image.Image, draw: ImageDraw.ImageDraw, seen: Seen, fine: int) -> Image.Image:
    """Return how much of each pixel of its window an object covers, drawn anew there."""
    left, top, right, bottom = seen.window
    area = left * fine, top * fine, right * fine, bottom * fine
    sketch.paste(0, area)
    for fill, points in zip((255, 0), seen.corners, strict=False):
        draw.polygon(points, fill=fill)  # type: ignore[arg-type]
    return sketch.reduce(fine, area)


def _open(canvas: Image.Image, sketch: Image.Image, item: Placed, window: Window, style: Style) -> None:
    """Paint paper where a texture is open: within the rim of the silhouette that ``sketch`` holds."""
    fine = style.antialias
    left, top, right, bottom = window
    length = max(item.box[2] - item.box[0], item.box[3] - item.box[1]) * fine
    mask, strokes = sketch.crop((left * fine, top * fine, right * fine, bottom * fine)), item.outline.strokes(length)
    corners = [corners_in(contour, item.box, (left, top), fine) for contour in strokes]
    _keep_rim(ImageDraw.Draw(mask), strokes, corners, item.rim * fine)
    if item.pitch:
        _close(mask, item, window, fine)
    canvas.paste(style.paper, window, mask.reduce(fine))


def _keep_rim(draw: ImageDraw.ImageDraw, contours: tuple[Contour, ...], corners: list[Corners], rim: float) -> None:
    """Narrow a silhouette to what is farther than ``rim`` subpixels from its edges."""
    for contour, points in zip(contours, corners, strict=True):
        draw.line(points, fill=0, width=round(2 * rim))  # type: ignore[arg-type]
        for x, y in points[list(contour.reflex)].tolist() if contour.reflex and rim > SHARP else ():
            draw.ellipse((x - rim, y - rim, x + rim, y + rim), fill=0)


def _close(mask: Image.Image, item: Placed, window: Window, fine: int) -> None:
    """Take out of a mask what an endless pattern, centred on the object, closes."""
    left, top, right, bottom = item.box
    pitch, row = max(2, round(item.pitch * fine)), max(2, round(dot_row_px(item.pitch) * fine))
    x = math.floor(((left + right) / 2 - window[0]) * fine)
    y = math.floor(((top + bottom) / 2 - window[1]) * fine)
    if item.texture == "striped":  # rising at 45 degrees, stripes are the same moved along themselves
        x, y = (x + y) % pitch - pitch, 0
    else:
        x, y = x % pitch - pitch, y % (2 * row) - 2 * row
    side = 1 << (max(mask.size) - min(x, y) - 1).bit_length()
    mask.paste(0, (x, y, x + side, y + side), _pattern(item.texture, pitch, row, side))


@lru_cache(maxsize=64)
def _pattern(texture: str, pitch: int, row: int, side: int) -> Image.Image:
    """Return the subpixels that a texture closes, 255 each; the first one is the pattern's centre.

    Stripes rise at 45 degrees. Dots stand in rows, every second row half a pitch further.
    """
    at = np.arange(side) + 0.5
    if texture == "striped":
        is_open = abs((at[:, None] + at[None]) % pitch - pitch / 2) < pitch / 4
    else:
        is_open = np.zeros((side, side), bool)
        for half in (0, 1):
            x, y = (at + pitch / 2 * (1 - half)) % pitch, (at + row * half) % (2 * row)
            off = np.minimum(x, pitch - x)[None] ** 2 + np.minimum(y, 2 * row - y)[:, None] ** 2
            is_open |= off < (DOT * pitch) ** 2
    return Image.fromarray(np.where(is_open, np.uint8(0), np.uint8(255)))
