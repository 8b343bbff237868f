"""A caption as a picture: the image, and for each word what of it was attended."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nmn.visualisation.heat import heat_map, resized
from nmn.visualisation.png import INK, WHITE

if TYPE_CHECKING:
    from nmn.captioning import Caption

TILE, GAP, LINE, SIZE = 150, 12, 26, 16  # pixels; of letters
COLUMNS = 6


def caption_picture(caption: "Caption", title: str = "") -> Image.Image:
    """Return the image beside one of each word, under its attention relative to the cell that is attended most.

    A captioner without attention gives the image alone, with its caption.
    """
    rows, columns = caption.view.pixels.shape[1:]
    scale = TILE / max(rows, columns)
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    view = resized(caption.view, width, height)
    tiles = [np.ascontiguousarray(view.pixels.permute(1, 2, 0).numpy())]
    words = [""]
    for word, weights in zip(caption.text.split(), caption.attention, strict=False):
        tiles.append(heat_map(view, _relative(weights)))
        words.append(word)
    return _sheet(tiles, words, title or caption.text, width, height)


def _relative(weights: Sequence[float]) -> list[float]:
    most = max(weights)
    return [weight / most for weight in weights]


def _sheet(
    tiles: Sequence[NDArray[np.uint8]], words: Sequence[str], title: str, width: int, height: int
) -> Image.Image:
    font, wide = ImageFont.load_default(SIZE), min(COLUMNS, len(tiles))
    lines = -(-len(tiles) // wide)
    across = max(wide * (width + GAP) + GAP, round(font.getlength(title)) + 2 * GAP)
    sheet = Image.new("RGB", (across, LINE + GAP + lines * (height + LINE + GAP)), WHITE)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP / 2), title, INK, font, "la")
    for place, (tile, word) in enumerate(zip(tiles, words, strict=True)):
        row, column = divmod(place, wide)
        left, top = GAP + column * (width + GAP), LINE + GAP + row * (height + LINE + GAP)
        sheet.paste(Image.fromarray(tile), (left, top))
        draw.text((left, top + height + 2), word, INK, font, "la")
    return sheet
