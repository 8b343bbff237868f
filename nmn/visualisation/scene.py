"""A known scene as something to look at: drawn where its shapes can be drawn, else its boxes."""

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw
from torch import Tensor

from nmn.errors import SceneError
from nmn.scene import SceneGraph
from nmn.vision.view import View
from synth_data.house_styles import render_nlvr, render_shapes
from synth_data.render import masks, picture_size, render

SIZE_PX = 512  # of the longer side
POINT = 0.05  # of the longer side: how wide an object is shown of which only the middle is known, as of CLEVR's
PAPER, PANEL, INK = (240, 240, 238), (214, 214, 210), (120, 120, 120)


def scene_view(scene: SceneGraph) -> View:
    """Return a scene's picture with its objects as regions."""
    try:
        image, owners = _drawn(scene)
    except SceneError:
        image, owners = _boxes(scene), None
    boxes = object_boxes(scene, image.shape[1], image.shape[0])
    pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
    return View(pixels, boxes, None if owners is None else torch.from_numpy(owners))


def object_boxes(scene: SceneGraph, width: int, height: int) -> Float[Tensor, "objects 4"]:
    """Return the boxes of a scene's objects in pixels of a picture of it; those that are points as small squares."""
    scale = torch.tensor([width / scene.width, height / scene.height] * 2)
    boxes = torch.tensor([thing.box for thing in scene.objects]).reshape(-1, 4) * scale
    points = (boxes[:, :2] == boxes[:, 2:]).all(1, keepdim=True)
    return boxes + points * POINT * max(width, height) / 2 * torch.tensor([-1, -1, 1, 1])


def panel_boxes(view: View, scene: SceneGraph | None) -> tuple[tuple[float, float, float, float], ...]:
    """Return the panels of a picture, in its pixels; an image that is not made of several is one."""
    if view.panels is not None:
        return tuple((left, top, right, bottom) for left, top, right, bottom in view.panels.tolist())
    height, width = view.pixels.shape[1:]
    if scene is None or not scene.panels:
        return ((0.0, 0.0, float(width), float(height)),)
    across, down = width / scene.width, height / scene.height
    return tuple(
        (left * across, top * down, right * across, bottom * down) for left, top, right, bottom in scene.panels
    )


def _drawn(scene: SceneGraph) -> tuple[NDArray[np.uint8], NDArray[np.int16] | None]:
    """Return a scene's picture as its world draws it, and who is seen where; raise SceneError where it cannot."""
    if scene.world == "shapes":
        return render_shapes(scene, np.random.default_rng(0)), None
    if scene.world == "nlvr":
        return render_nlvr(scene), None
    seen = masks(scene, SIZE_PX)
    numbers = np.arange(1, len(seen) + 1, dtype=np.int16)[:, None, None]  # of up to 256: one more than bytes hold
    return render(scene, SIZE_PX), np.asarray((seen * numbers).max(0, initial=0), np.int16)


def _boxes(scene: SceneGraph) -> NDArray[np.uint8]:
    """Return a picture of a scene's boxes, those behind first, each in its object's colour if it has one."""
    width, height = picture_size(scene, SIZE_PX)
    image = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(image)
    scale = np.array([width / scene.width, height / scene.height] * 2)
    for panel in scene.panels:
        draw.rectangle(_corners(np.array(panel) * scale), PANEL)
    for thing, box in zip(scene.objects, object_boxes(scene, width, height).double().numpy(), strict=True):
        try:
            color: tuple[int, ...] | None = ImageColor.getrgb(thing.attributes.get("color", ""))
        except ValueError:
            color = None
        draw.rectangle(_corners(box), color, INK, 2)
    return np.asarray(image)


def _corners(box: NDArray[np.float64]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box.round().astype(int).tolist()
    return left, top, max(left, right - 1), max(top, bottom - 1)
