"""One picture of what convolution does: an image through named kernels, pooling, and a network's first layers."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn
from torch.nn.functional import interpolate

from nmn.vision.kernels import KERNELS, POOLS, Kernel, Layer, filtered, first_kernels, first_layers, pooled

Pixels = NDArray[np.uint8]
COLUMNS, TILE, GAP, MARGIN = 8, 184, 14, 28  # pixels, but for the first
TITLE, LABEL, NUMBER = 25, 17, 17  # sizes of letters in pixels
INK, QUIET, PAPER, LINE = (28, 32, 40), (96, 102, 112), (255, 255, 255), (176, 183, 196)
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601
MOST_PX, POOL_SIDES = 192, (2, 4, 8)
SHARPEST = 0.02  # part of the pixels; scaled by the very sharpest edge, all others would be grey


class Tile(NamedTuple):
    """A small picture with a line below it and, of a kernel, its numbers."""

    pixels: Pixels
    label: str
    kernel: Kernel | None = None


class Strip(NamedTuple):
    """Tiles side by side under a title."""

    title: str
    tiles: list[Tile]


class Source(NamedTuple):
    """A network whose layers are shown, what it is called, and the image as it wants it."""

    network: nn.Module
    name: str
    images: Float[Tensor, "1 3 height width"]


def convolution_strips(image: UInt8[Tensor, "3 height width"], source: Source, layers: int = 3) -> list[Strip]:
    """Return an image through the kernels, through pooling, and through the first layers of a network."""
    pixels = shrunk(image).float()
    return [kernel_strip(pixels), pooling_strip(pixels), *layer_strips(source, layers)]


def shrunk(image: UInt8[Tensor, "3 height width"]) -> UInt8[Tensor, "3 rows columns"]:
    """Return an image with a longer side of at most MOST_PX, so that three pixels are seen."""
    height, width = image.shape[1:]
    scale = min(1.0, MOST_PX / max(height, width))
    if scale == 1.0:
        return image
    wanted = [max(1, round(height * scale)), max(1, round(width * scale))]
    return interpolate(image[None].float(), wanted, mode="bilinear", antialias=True)[0].round().to(torch.uint8)


def kernel_strip(image: Float[Tensor, "3 height width"]) -> Strip:
    """Return an image, 0 to 255, and what each kernel makes of it; signed ones are shown of its grey levels."""
    grey = (image * image.new_tensor(LUMA).view(3, 1, 1)).sum(0, keepdim=True)
    tiles = [Tile(_bytes(image), f"the image, {image.shape[2]} x {image.shape[1]}")]
    for name, kernel in KERNELS.items():
        seen = _signed(filtered(grey, name)) if kernel.signed else _bytes(filtered(image, name))
        tiles.append(Tile(seen, name, kernel))
    return Strip("Kernels: a pixel and its neighbours, weighed and added (mid-grey is 0 for Sobel and outline)", tiles)


def pooling_strip(image: Float[Tensor, "3 height width"]) -> Strip:
    """Return an image, 0 to 255, pooled in both ways by several sides, as far as it is large enough."""
    tiles = []
    for way in POOLS:
        for side in [side for side in POOL_SIDES if side <= min(image.shape[1:])]:
            small = pooled(image, "max" if way == "max" else "average", side)
            tiles.append(Tile(_bytes(small), f"{way} of {side} x {side}: {small.shape[2]} x {small.shape[1]}"))
    return Strip("Pooling: one value for a square of pixels, of each colour", tiles)


def layer_strips(source: Source, layers: int) -> list[Strip]:
    """Return the first kernels that a network learned, and what each of its first layers lets through."""
    found = first_layers(source.network, source.images, layers)
    strips = [_layer_strip(number, layer) for number, layer in enumerate(found, 1)]
    kernels = first_kernels(source.network)
    if kernels is not None and len(kernels) == len(found[0].features):
        shown = [Tile(_colours(kernels[channel]), f"kernel {channel}") for channel in found[0].telling(COLUMNS)]
        side = f"{kernels.shape[3]} x {kernels.shape[2]}"
        strips.insert(0, Strip(f"{source.name}: learned kernels of its first layer, {side}, as colours", shown))
    return strips


def _layer_strip(number: int, layer: Layer) -> Strip:
    channels, rows, columns = layer.features.shape
    tiles = [Tile(_stretched(layer.features[channel]), f"channel {channel}") for channel in layer.telling(COLUMNS)]
    which = "all" if len(tiles) == channels else f"the {len(tiles)} that vary most"
    name = layer.name.removeprefix("body.").removeprefix("network.")  # where a backbone keeps the network it cuts
    return Strip(f"Layer {number} ({name}): {channels} channels of {columns} x {rows}, {which}; white is most", tiles)


def draw_strips(strips: list[Strip]) -> Image.Image:
    """Paint strips below each other."""
    heights = [_height(strip) for strip in strips]
    width = 2 * MARGIN + COLUMNS * TILE + (COLUMNS - 1) * GAP
    canvas = Image.new("RGB", (width, 2 * MARGIN + sum(heights) + MARGIN * (len(strips) - 1)), PAPER)
    draw, top = ImageDraw.Draw(canvas), MARGIN
    for strip, height in zip(strips, heights, strict=True):
        draw.text((MARGIN, top), strip.title, INK, _font(TITLE))
        for place, tile in enumerate(strip.tiles[:COLUMNS]):
            _draw_tile(canvas, draw, tile, (MARGIN + place * (TILE + GAP), top + TITLE + 14))
        top += height + MARGIN
    return canvas


def _height(strip: Strip) -> int:
    numbers = any(tile.kernel for tile in strip.tiles)
    return TITLE + 14 + TILE + LABEL + 10 + (3 * (NUMBER + 5) + 4 if numbers else 0)


def _draw_tile(canvas: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, corner: tuple[int, int]) -> None:
    """Paint a tile's picture in a square, as large as its proportions allow, with its label and numbers below."""
    rows, columns = tile.pixels.shape[:2]
    scale = TILE / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    way = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    left, top = corner[0] + (TILE - size[0]) // 2, corner[1] + (TILE - size[1]) // 2
    canvas.paste(Image.fromarray(tile.pixels).resize(size, way), (left, top))
    draw.rectangle((left, top, left + size[0] - 1, top + size[1] - 1), outline=LINE)
    below = corner[1] + TILE + 4
    divided = f", divided by {tile.kernel.divisor}" if tile.kernel and tile.kernel.divisor > 1 else ""
    draw.text((corner[0] + TILE // 2, below), tile.label + divided, INK, _font(LABEL), "ma")
    for row, numbers in enumerate(tile.kernel.numbers if tile.kernel else ()):
        for column, number in enumerate(numbers):
            at = corner[0] + TILE // 2 + (column - 1) * 38, below + LABEL + 8 + row * (NUMBER + 5)
            draw.text(at, str(number), QUIET, _font(NUMBER), "ma")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _bytes(image: Float[Tensor, "channels height width"]) -> Pixels:
    """Return values of 0 to 255, what is beyond cut off, as pixels [height width 3]."""
    rounded = image.clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return np.ascontiguousarray(np.broadcast_to(rounded, (*rounded.shape[:2], 3)))


def _signed(values: Float[Tensor, "1 height width"]) -> Pixels:
    """Return values about 0 as pixels: 0 is mid-grey, and the SHARPEST of them are white or black."""
    apart = values.abs().flatten()
    most = apart.quantile(1 - SHARPEST)
    return _bytes(128 + values / (most if most > 0 else apart.max().clamp(min=1e-9)) * 127)


def _stretched(values: Float[Tensor, "height width"]) -> Pixels:
    """Return values as pixels, the least of them black and the greatest white."""
    low, high = values.min(), values.max()
    return _bytes(((values - low) / (high - low).clamp(min=1e-9) * 255).unsqueeze(0))


def _colours(kernel: Float[Tensor, "3 rows columns"]) -> Pixels:
    """Return a kernel as pixels: 0 is mid-grey in each colour."""
    return _bytes(128 + kernel / kernel.abs().max().clamp(min=1e-9) * 127)
