"""Attention on an image: what is attended keeps its colours and gets a warm frame, everything else fades."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from nmn.vision.view import View

PAPER = 236.0  # what fades, fades into this grey
FADE = 0.78
WARM = np.array([255.0, 120.0, 0.0])
FRAME = 0.016  # of the picture's longer side
Pixels = NDArray[np.uint8]


def resized(view: View, width: int, height: int) -> View:
    """Return a view with its image at another size; a smaller image keeps its pixels as squares."""
    rows, columns = view.pixels.shape[1:]
    method = Image.Resampling.NEAREST if width >= 2 * columns else Image.Resampling.LANCZOS
    image = Image.fromarray(view.pixels.permute(1, 2, 0).numpy()).resize((width, height), method)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    scale = torch.tensor([width / columns, height / rows] * 2)
    owners = view.owners
    if owners is not None:
        at = torch.arange(height) * rows // height, torch.arange(width) * columns // width
        owners = owners[at[0]][:, at[1]]
    return View(pixels, view.boxes * scale, owners, None if view.panels is None else view.panels * scale)


def heat_map(view: View, attention: Sequence[float]) -> Pixels:
    """Return the image [height width 3] under an attention over its regions, 0 to 1."""
    image = view.pixels.permute(1, 2, 0).numpy().astype(np.float64)
    heat = view.heat(attention).numpy()[..., None]
    grey = image.mean(-1, keepdims=True)
    faded = (1 - FADE) * grey + FADE * PAPER
    return framed((1 - heat) * faded + heat * image, view, attention)


def framed(image: NDArray[np.float64], view: View, attention: Sequence[float]) -> Pixels:
    """Draw a frame around each region, outside of it where there is room, as opaque as it is attended."""
    height, width = image.shape[:2]
    wide = max(1, round(FRAME * max(height, width)))
    frames = Image.new("L", (width, height))
    draw = ImageDraw.Draw(frames)
    for weight, box in sorted(zip(attention, view.boxes.round().int().tolist(), strict=True)):
        left, top, right, bottom = max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])
        if right > left and bottom > top:
            outer = (max(0, left - wide), max(0, top - wide), min(width, right + wide), min(height, bottom + wide))
            draw.rectangle((*outer[:2], outer[2] - 1, outer[3] - 1), outline=round(255 * weight), width=wide)
    alpha = np.asarray(frames, np.float64)[..., None] / 255
    return np.asarray(((1 - alpha) * image + alpha * WARM).round().clip(0, 255), np.uint8)
