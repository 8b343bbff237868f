"""A contact sheet: pictures of a dataset with their texts and answers under them, for people to look at."""

import io
import textwrap
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nmn.atomic import write_file
from nmn.errors import DataError
from synth_data.dataset import Dataset
from synth_data.example import Answer, Example

TILE_PX, MARGIN_PX, LINE_PX = 216, 14, 15
PAPER, INK, GREEN, RED, BLUE, GRAY = "#ffffff", "#1d2330", "#14804a", "#c02b2b", "#2456b8", "#7a8190"
MAX_TILES = 400
ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def sheet(dataset: Dataset, path: str | Path, rows: int = 4, columns: int = 5) -> None:
    """Write a contact sheet of a dataset's first examples as an image file; raise DataError where that fails."""
    count = min(rows * columns, dataset.config.size, dataset.config.shard_size, MAX_TILES)
    examples, pictures = dataset.examples(0)[:count], np.asarray(dataset.images(0)[:count])
    canvas, content = draw_sheet(examples, list(pictures), columns), io.BytesIO()
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise DataError(f"{path}: cannot be written: a sheet is {', '.join(ENDINGS)}, by its ending")
    canvas.save(content, ENDINGS[ending])
    write_file(Path(path), content.getbuffer(), DataError)


def draw_sheet(examples: Sequence[Example], pictures: Sequence[NDArray[np.uint8]], columns: int) -> Image.Image:
    """Return the sheet of examples with their pictures, rows as high as their longest text."""
    height, width = pictures[0].shape[:2]
    scale = TILE_PX / height if width < 2 * height else 2 * TILE_PX / width
    size = round(width * scale), round(height * scale)
    columns = max(1, min(columns, len(examples), 2200 // (size[0] + MARGIN_PX)))
    texts = [textwrap.wrap(example.text, max(10, int(size[0] / 6.3))) for example in examples]
    rows = [max(map(len, texts[start : start + columns])) + 1 for start in range(0, len(texts), columns)]
    tops = list(accumulate((size[1] + 2 * MARGIN_PX + lines * LINE_PX for lines in rows), initial=MARGIN_PX))
    canvas = Image.new("RGB", (columns * (size[0] + MARGIN_PX) + MARGIN_PX, tops[-1]), PAPER)
    smooth = Image.Resampling.NEAREST if height < 48 else Image.Resampling.LANCZOS
    for place, (example, pixels, lines) in enumerate(zip(examples, pictures, texts, strict=True)):
        tile = Image.fromarray(np.ascontiguousarray(pixels)).resize(size, smooth)
        _frame(ImageDraw.Draw(tile), example, size[0] / example.scene.width)
        corner = MARGIN_PX + place % columns * (size[0] + MARGIN_PX), tops[place // columns]
        canvas.paste(tile, corner)
        _write(ImageDraw.Draw(canvas), example, lines, (corner[0], corner[1] + size[1] + 4), size[0])
    return canvas


def _frame(draw: ImageDraw.ImageDraw, example: Example, scale: float) -> None:
    """Draw a frame around the objects that are the answer."""
    for thing in example.answer if isinstance(example.answer, tuple) else ():
        left, top, right, bottom = (scale * side for side in example.scene.objects[thing].box)
        draw.rectangle((left - 4, top - 4, right + 3, bottom + 3), outline=PAPER, width=2)


def _write(draw: ImageDraw.ImageDraw, example: Example, lines: list[str], corner: tuple[int, int], width: int) -> None:
    font, (left, top) = ImageFont.load_default(12), corner
    for line in lines:
        draw.text((left, top), line, INK, font)
        top += LINE_PX
    color = {True: GREEN, False: RED}.get(example.answer, BLUE) if isinstance(example.answer, bool) else BLUE
    draw.text((left, top), answer_words(example.answer), color, font)
    note = example.way or example.family.replace("_", " ")
    draw.text((left + width, top), note, GRAY, font, anchor="ra")


def answer_words(answer: Answer) -> str:
    """Return an answer as the sheet shows it."""
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if isinstance(answer, tuple):
        return "object " + ", ".join(str(thing) for thing in answer)
    return str(answer)
