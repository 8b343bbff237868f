"""Drawings as PNG, painted by Pillow with the font that comes with it."""

import io
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nmn.atomic import write_file
from nmn.errors import ConfigError
from nmn.layout import Kind
from nmn.vision.view import View
from nmn.visualisation.drawing import ARROW, Drawing, Edge, draw
from nmn.visualisation.explanation import Explanation, Rectangle
from nmn.visualisation.heat import heat_map, resized
from nmn.visualisation.lettering import Point, Text
from nmn.visualisation.palette import LIGHT, Color, fill_and_border, tone_color

SCALE = 2  # pixels a unit
WHITE, INK, QUIET, LINE = (255, 255, 255), LIGHT["ink"], LIGHT["quiet"], LIGHT["line"]
BOLD = 0.35  # units around the letters of strong words, as the font has one weight
LIGHTER = ("plain", "words")  # tones of words that are not strong
ROUND, CURVE = 7.0, 24
NUMBER_SIZE = 11.0  # of the regions' numbers on the image
CROWDED = 40  # regions, of which more would hide the image under their numbers
DASH = 4  # pixels of the lines around the objects of an exact value


def explained_picture(explanation: Explanation, with_tree: bool = False) -> Image.Image:
    """Return the picture of an explanation, with its parse tree if that is wanted."""
    drawing = draw(explanation, measure, with_tree)
    image = Image.new("RGB", (_px(drawing.width), _px(drawing.height)), WHITE)
    painter = ImageDraw.Draw(image)
    for edge in drawing.edges:
        _draw_edge(painter, edge)
    for node in drawing.nodes:
        fill, border = fill_and_border(node.kind)
        stands_out = explanation.calls[node.call].mark
        wide = 3 if stands_out or node.call == len(drawing.nodes) - 1 else 1
        painter.rounded_rectangle(_box(node.box), ROUND * SCALE, LIGHT[fill], LIGHT[stands_out or border], wide * SCALE)
    for mark in drawing.marks:
        painter.rectangle(_box(mark.box), LIGHT[fill_and_border(mark.kind)[1]])
    _paste_pictures(image, drawing, explanation)
    branches = drawing.tree.lines if drawing.tree else ()
    for line in branches:
        painter.line([(x * SCALE, y * SCALE) for x, y in line], LINE, SCALE)
    words = drawing.tree.texts if drawing.tree else ()
    texts = [*drawing.texts, *words, *(edge.number for edge in drawing.edges if edge.number)]
    for text in (*texts, *(text for node in drawing.nodes for text in node.texts)):
        _write(painter, text)
    return image


def write_picture(path: str | Path, picture: Image.Image) -> None:
    """Write a picture as PNG, whole or not at all; raise ConfigError where it cannot be written."""
    check_name(path)
    content = io.BytesIO()
    picture.save(content, "PNG")
    write_file(Path(path), content.getbuffer(), ConfigError)


def check_name(path: str | Path) -> None:
    """Raise ConfigError for a file that is not called as a PNG."""
    if Path(path).suffix.lower() != ".png":
        raise ConfigError(f"{path}: pictures are written as PNG; give a name that ends in .png")


def measure(words: str, size: float) -> float:
    """Return the width of words in units, as they are painted, strong or not."""
    return _font(size).getlength(words) / SCALE + 2 * BOLD


def font_bytes() -> bytes:
    """Return the file of the font that words are painted and measured with."""
    file = _font(12.0).path
    assert isinstance(file, io.BytesIO), "Pillow's own font is a file in memory"
    return file.getvalue()


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size * SCALE)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow without FreeType has no font of this size"
    return font


def _write(draw: ImageDraw.ImageDraw, text: Text) -> None:
    strong = BOLD * SCALE if text.tone not in LIGHTER else 0.0
    at = (text.at[0] * SCALE, text.at[1] * SCALE)
    draw.text(at, text.words, LIGHT[tone_color(text.tone)], _font(text.size), "la", stroke_width=strong)


def _paste_pictures(image: Image.Image, drawing: Drawing, explanation: Explanation) -> None:
    """Paste the image itself, with its regions' numbers, and each set of regions or panels as a heat map."""
    if explanation.view is not None and drawing.input is not None:
        left, top, right, bottom = _box(drawing.input)
        picture = resized(explanation.view, right - left, bottom - top)
        image.paste(numbered(picture, explanation.picked), (left, top))
    small: dict[Kind, View] = {}
    painter = ImageDraw.Draw(image)
    for node in drawing.nodes:
        if node.picture is None:
            continue
        call = explanation.calls[node.call]
        left, top, right, bottom = _box(node.picture)
        if node.kind not in small:
            small[node.kind] = resized(explanation.view_of(call), right - left, bottom - top)
        heat = Image.fromarray(heat_map(small[node.kind], call.raw)).resize((right - left, bottom - top))
        image.paste(heat, (left, top))
        for outline in node.outlines:
            _dashed(painter, _box(outline), LIGHT["agrees"])


def _dashed(painter: ImageDraw.ImageDraw, box: tuple[int, int, int, int], color: Color) -> None:
    """Draw a box of dashed lines."""
    left, top, right, bottom = box
    for start in range(left, right, 2 * DASH):
        end = min(start + DASH, right)
        painter.line([(start, top), (end, top)], color, 2)
        painter.line([(start, bottom), (end, bottom)], color, 2)
    for start in range(top, bottom, 2 * DASH):
        end = min(start + DASH, bottom)
        painter.line([(left, start), (left, end)], color, 2)
        painter.line([(right, start), (right, end)], color, 2)


def numbered(view: View, picked: Collection[int] = ()) -> Image.Image:
    """Return an image with a frame around each region and its number in a corner of it, where there is room.

    Of more than CROWDED regions, such as the cells of a grid, those that are ``picked`` alone.
    """
    image = Image.fromarray(np.ascontiguousarray(view.pixels.permute(1, 2, 0).numpy()))
    draw = ImageDraw.Draw(image)
    font = _font(NUMBER_SIZE)
    taken: list[Rectangle] = []
    boxes: list[Rectangle] = [(box[0], box[1], box[2], box[3]) for box in view.boxes.tolist()]
    framed = [at for at in range(len(boxes)) if len(boxes) <= CROWDED or at in picked]
    for number in framed:
        left, top, right, bottom = boxes[number]
        if right - left < 1 or bottom - top < 1:
            continue
        draw.rectangle((left, top, right - 1, bottom - 1), outline=QUIET, width=1)
        width, height = font.getlength(str(number)) + 6, NUMBER_SIZE * SCALE + 2
        around = ((left, top - height), (left, bottom), (right, top), (left - width, top))
        corners = ((left, top), (right - width, top), (left, bottom - height), (right - width, bottom - height))
        places = [(x, y, x + width, y + height) for x, y in (*around, *corners)]
        places = [one for one in places if _apart(one, taken) and one[0] >= 0 and one[1] >= 0]
        places = [one for one in places if one[2] <= image.width and one[3] <= image.height]
        others = [boxes[at] for at in framed if at != number]
        place = next((one for one in places if _apart(one, others)), places[0] if places else None)
        if place:
            taken.append(place)
            draw.rectangle(place, WHITE)
            draw.text((place[0] + 3, place[1]), str(number), INK, font, "la")
    return image


def _apart(one: Rectangle, others: Iterable[Rectangle]) -> bool:
    """Return whether a rectangle overlaps with none of the others."""
    left, top, right, bottom = one
    return all(right <= a or c <= left or bottom <= b or d <= top for a, b, c, d in others)


def _draw_edge(draw: ImageDraw.ImageDraw, edge: Edge) -> None:
    """Draw an edge as a smooth line that is level at its points, with an arrow at its end."""
    end = edge.points[-1]
    points = (*edge.points[:-1], (end[0] - ARROW, end[1]))
    line = [point for one, other in pairwise(points) for point in _curve(one, other)]
    draw.line([(x * SCALE, y * SCALE) for x, y in line], LINE, round(1.5 * SCALE), "curve")
    half = ARROW / 2
    tip = [end, (end[0] - ARROW - 1, end[1] - half), (end[0] - ARROW - 1, end[1] + half)]
    draw.polygon([(x * SCALE, y * SCALE) for x, y in tip], LINE)


def _curve(one: Point, other: Point) -> list[Point]:
    """Return points of a cubic Bezier curve that is level at both ends."""
    middle = (one[0] + other[0]) / 2
    points = []
    for step in range(CURVE + 1):
        t = step / CURVE
        s = 1 - t
        x = one[0] * s**3 + 3 * middle * s * s * t + 3 * middle * s * t * t + other[0] * t**3
        y = one[1] * (s**3 + 3 * s * s * t) + other[1] * (3 * s * t * t + t**3)
        points.append((x, y))
    return points


def _px(length: float) -> int:
    return round(length * SCALE)


def _box(box: Rectangle) -> tuple[int, int, int, int]:
    return _px(box[0]), _px(box[1]), _px(box[2]), _px(box[3])
