"""Scenes to images in torch: the same pictures as ``synth_data.render``, a batch at a time, on any device.

Each template's signed distance (negative inside) and its gradient lie in an atlas, sampled where the pixels' centres
fall in the template. The gradient turns a distance in the template into one in pixels, also where a box stretches the
shape: d / |J^T grad d|, exact where it does not. A pixel is covered by clamp(0.5 - d), and textures are distances too.
There is a loop over the objects of a scene, from back to front, and none over scenes.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nmn.errors import SceneError
from nmn.scene import SceneGraph
from synth_data.outlines import SHAPES, TEMPLATES
from synth_data.render import STYLE, Placed, background, from_jpeg, picture_size, placed
from synth_data.style import DOT, PATTERN_SIGMA, TEXTURES, Style, dot_row_px

TILE = 160  # texels along one side of a template's tile
REACH = 0.75  # a tile goes from -REACH to REACH in the template's units
BOX, PLACE = ("left", "top", "right", "bottom"), ("tile", "wide", "high", "middle_x", "middle_y", "cos", "sin")
COLUMNS = (*BOX, *PLACE, "texture", "rim", "pitch", "row")
UNITS = ("wide", "high", "cos", "pitch", "row")  # 1 where there is no object


def render_batch(
    scenes: Sequence[SceneGraph],
    size: int,
    style: Style = STYLE,
    device: torch.device | str = "cpu",
    rng: Generator | None = None,
) -> UInt8[Tensor, "batch 3 height width"]:
    """Draw scenes of the same proportions, the longer side ``size`` pixels; see ``render`` for style and errors.

    Noise has the same distribution as ``render``'s and is another draw of it. Blur and ``scale`` differ by up to a few
    grey levels, as Pillow approximates both.
    """
    sizes = {picture_size(scene, size) for scene in scenes}
    if len(sizes) != 1:
        raise SceneError(f"a batch has pictures of one width and height, these have {sorted(sizes) or 'none'}")
    (wanted,) = sizes
    width, height = (max(1, round(side * style.scale)) for side in wanted)
    items = [placed(scene, max(width, height), style, rng) for scene in scenes]
    behind = np.stack([background(scene, (width, height), style) for scene in scenes])
    canvas = torch.from_numpy(behind).to(device).permute(0, 3, 1, 2).float()
    canvas, covered = _paint(canvas, _slots(items, device), style)
    if style.random:
        canvas = _with_noise(canvas, covered, style, rng)
    if (width, height) != wanted:
        shape = (wanted[1], wanted[0])
        canvas = functional.interpolate(canvas, shape, mode="bilinear", antialias=True, align_corners=False)
    if style.blur_px:
        canvas = _blurred(canvas, style.blur_px)
    drawn = canvas.round().clamp(0, 255).to(torch.uint8)
    if not style.jpeg:
        return drawn
    again = [from_jpeg(image, style.jpeg) for image in drawn.permute(0, 2, 3, 1).cpu().numpy()]
    return torch.from_numpy(np.stack(again)).to(device).permute(0, 3, 1, 2)


class Slots(NamedTuple):
    """The objects of a batch by their place from back to front; scenes with fewer have an object far off.

    ``columns`` are numbers [slots, batch, 1, 1], ``inks`` colours [slots, batch, 3, 1, 1], ``textured`` says for each
    slot whether any of its objects has a texture.
    """

    columns: dict[str, Tensor]
    inks: Float[Tensor, "slots batch 3 1 1"]
    textured: list[bool]


def _slots(items: list[list[Placed]], device: torch.device | str) -> Slots:
    count = max((len(row) for row in items), default=0)
    numbers = np.zeros((count, len(items), len(COLUMNS)), np.float32)
    numbers[:, :] = [1 if name in UNITS else 0 for name in COLUMNS]
    numbers[:, :, : len(BOX)] = (-9, -9, -8, -8)
    inks = np.zeros((count, len(items), 3, 1, 1), np.float32)
    for example, row in enumerate(items):
        for slot, item in enumerate(row):
            numbers[slot, example] = _numbers(item)
            inks[slot, example, :, 0, 0] = item.ink
    columns = torch.from_numpy(numbers).to(device).movedim(-1, 0)[..., None, None]
    textured = [bool(slot.any()) for slot in numbers[:, :, COLUMNS.index("texture")]]
    return Slots(dict(zip(COLUMNS, columns, strict=True)), torch.from_numpy(inks).to(device), textured)


def _numbers(item: Placed) -> tuple[float, ...]:
    """Return what COLUMNS names."""
    turn = math.radians(item.rotation)
    found = (item.outline.width, item.outline.height, *item.outline.middle, math.cos(turn), math.sin(turn))
    lengths = (item.rim, item.pitch or 1, dot_row_px(item.pitch) or 1)
    return (*item.box, SHAPES.index(item.shape), *found, TEXTURES.index(item.texture), *lengths)


def _paint(
    canvas: Float[Tensor, "batch 3 height width"], slots: Slots, style: Style
) -> tuple[Float[Tensor, "batch 3 height width"], Float[Tensor, "batch 1 height width"]]:
    """Paint the objects, slot by slot; return the picture and how much of each pixel they cover."""
    x = torch.arange(canvas.shape[-1], device=canvas.device) + 0.5
    y = torch.arange(canvas.shape[-2], device=canvas.device)[:, None] + 0.5
    paper = torch.tensor(style.paper, dtype=torch.float32, device=canvas.device)[:, None, None]
    atlas = _atlas(str(canvas.device))
    covered = torch.zeros_like(canvas[:, :1])
    for slot, ink in enumerate(slots.inks):
        item = {name: column[slot] for name, column in slots.columns.items()}
        distance = _distance(item, x, y, atlas)
        silhouette = _coverage(distance)[:, None]
        covered = torch.maximum(covered, silhouette)
        canvas = canvas + (ink - canvas) * silhouette
        if slots.textured[slot]:
            opened = (_coverage(distance + item["rim"]) * _opened(item, x, y, style.antialias))[:, None]
            canvas = canvas + (paper - canvas) * opened
    return canvas, covered


def _coverage(distance: Tensor) -> Tensor:
    return (0.5 - distance).clamp(0, 1)


def _distance(item: dict[str, Tensor], x: Tensor, y: Tensor, atlas: Tensor) -> Float[Tensor, "batch height width"]:
    """Return each pixel's signed distance from an object's edge, in pixels."""
    left, top, right, bottom = (item[name] for name in BOX)
    per_x = item["wide"] / (right - left).clamp_min(1e-6)
    per_y = item["high"] / (bottom - top).clamp_min(1e-6)
    across = (x - (left + right) / 2) * per_x + item["middle_x"]
    down = (y - (top + bottom) / 2) * per_y + item["middle_y"]
    cos, sin = item["cos"], item["sin"]
    value, slope_u, slope_v = _sampled(atlas, across * cos + down * sin, down * cos - across * sin, item["tile"])
    slope = torch.hypot((slope_u * cos - slope_v * sin) * per_x, (slope_u * sin + slope_v * cos) * per_y)
    length = torch.hypot(slope_u, slope_v)  # 1 but where slopes of different directions were mixed
    outside = torch.maximum(torch.maximum(left - x, x - right), torch.maximum(top - y, y - bottom))
    return torch.maximum(value * length / slope.clamp_min(1e-6), outside)  # no shape reaches out of its box


def _sampled(atlas: Tensor, u: Tensor, v: Tensor, tile: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Read the atlas [1, 3, tiles and rows, columns] at points of templates."""
    edge = REACH * (1 - 1 / TILE)
    v = (v.clamp(-edge, edge) / REACH + 1 + 2 * tile) / len(SHAPES) - 1
    grid = torch.stack([(u.clamp(-edge, edge) / REACH).expand_as(v), v], -1)
    flat = functional.grid_sample(
        atlas, grid.reshape(1, -1, v.shape[-1], 2), padding_mode="border", align_corners=False
    )
    value, slope_u, slope_v = flat.reshape(3, *v.shape)
    return value, slope_u, slope_v


def _opened(item: dict[str, Tensor], x: Tensor, y: Tensor, fine: int) -> Float[Tensor, "batch height width"]:
    """Return how far a texture's pattern leaves each pixel open: outlined wholly, solid not at all."""
    pitch, row, texture = item["pitch"], item["row"], item["texture"]
    x = x - ((item["left"] + item["right"]) / 2 * fine).floor() / fine  # as Pillow's pattern lies on whole subpixels
    y = y - ((item["top"] + item["bottom"]) / 2 * fine).floor() / fine
    striped = (abs((x + y) % pitch - pitch / 2) - pitch / 4) / math.sqrt(2)
    even = torch.hypot(_off(x + pitch / 2, pitch), _off(y, 2 * row))
    odd = torch.hypot(_off(x, pitch), _off(y + row, 2 * row))
    dotted = torch.minimum(even, odd) - DOT * pitch
    pattern = _coverage(torch.where(texture == TEXTURES.index("striped"), striped, dotted))
    whole = (texture == TEXTURES.index("outlined")).float()
    return torch.where((texture == TEXTURES.index("solid")) | (whole > 0), whole, pattern)


def _off(at: Tensor, period: Tensor) -> Tensor:
    """Return the distance to the nearest multiple of the period."""
    at = at % period
    return torch.minimum(at, period - at)


@lru_cache(maxsize=4)
def _atlas(device: str) -> Float[Tensor, "1 3 rows columns"]:
    """Return signed distance and its slopes along x and y of every template, one tile below the other."""
    at = ((torch.arange(TILE) + 0.5) / TILE * 2 - 1) * REACH
    points = torch.stack([*torch.meshgrid(at, at, indexing="xy")], -1).reshape(-1, 2)
    tiles = [_field(points, TEMPLATES[shape]) for shape in SHAPES]
    return torch.cat(tiles).reshape(1, len(SHAPES) * TILE, TILE, 3).permute(0, 3, 1, 2).contiguous().to(device)


def _field(points: Tensor, contours: tuple[NDArray[np.float64], ...]) -> Float[Tensor, "points 3"]:
    """Return the signed distance of each point from the nearest edge, and its slopes."""
    starts = torch.from_numpy(np.concatenate(contours)).float()
    ends = torch.from_numpy(np.concatenate([np.roll(contour, -1, 0) for contour in contours])).float()
    parts = [_nearest(some, starts, ends) for some in torch.split(points, 512)]
    away, inside = torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])
    distance = away.norm(dim=-1, keepdim=True)
    sign = torch.where(inside, -1.0, 1.0)[:, None]
    return torch.cat([distance * sign, away / distance.clamp_min(1e-9) * sign], -1)


def _nearest(points: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """Return the way from the nearest edge to each point, and whether the point is inside (by crossings of a ray)."""
    edge, way = ends - starts, points[:, None] - starts
    along = ((way * edge).sum(-1) / (edge * edge).sum(-1)).clamp(0, 1)[..., None]
    away = way - along * edge
    nearest = (away * away).sum(-1).argmin(-1)
    is_level = (starts[:, 1] > points[:, 1:]) != (ends[:, 1] > points[:, 1:])
    crossing = way[..., 0] < way[..., 1] * edge[:, 0] / torch.where(edge[:, 1] == 0, 1, edge[:, 1])
    inside = (is_level & crossing).sum(-1) % 2 == 1
    return away[torch.arange(len(points)), nearest], inside


def _with_noise(canvas: Tensor, covered: Tensor, style: Style, rng: Generator | None) -> Tensor:
    seed = 0 if rng is None else int(rng.integers(2**62))
    generator = torch.Generator(canvas.device).manual_seed(seed)
    noise = [torch.randn(canvas.shape, generator=generator, device=canvas.device) for _ in range(2)]
    if style.background == "noise":
        canvas = canvas + noise[0] * (1 - covered) * PATTERN_SIGMA
    return canvas + noise[1] * style.noise_sigma


def _blurred(canvas: Tensor, sigma_px: float) -> Tensor:
    reach = min(math.ceil(3 * sigma_px), 64)
    at = torch.arange(-reach, reach + 1, device=canvas.device)
    weights = torch.exp(-(at**2) / (2 * sigma_px**2))
    weights = (weights / weights.sum()).expand(3, 1, 1, -1)
    padded = functional.pad(canvas, (reach, reach, reach, reach), mode="replicate")
    across = functional.conv2d(padded, weights, groups=3)
    return functional.conv2d(across, weights.transpose(-1, -2), groups=3)
