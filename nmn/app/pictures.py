"""Pictures in and out: an upload is decoded in memory and never written; what the page shows goes out inside the JSON.

Which region is where goes out as run lengths, so that the page paints every attention by itself, from numbers it has.
"""

import base64
import binascii
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from nmn.app.limits import Limits
from nmn.errors import ImageError
from nmn.scene import SceneGraph
from nmn.vision.image import load_image
from nmn.vision.view import View
from nmn.visualisation.heat import resized

SHOWN_PX = 1024  # longer side: what is larger is made smaller once, as networks read a tenth of it anyway
OWNERS_PX = 256
Picture = UInt8[Tensor, "3 height width"]


@dataclass(frozen=True)
class Seen:
    """A picture that can be asked: its pixels as a network gets them, as the page shows them, and its scene if known.

    ``lexicon`` is what the scene's words mean, ``grammar`` the language of questions about it, ``preset`` the style in
    which the scene is painted again when it is edited.
    """

    pixels: Picture
    shown: Picture
    scene: SceneGraph | None = None
    lexicon: str = "world"
    grammar: str = "world"
    preset: str | None = None


def decoded(text: str, limits: Limits) -> Picture:
    """Return the picture of an uploaded file in base64; raise ImageError where it is none or too large."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ImageError("upload: not base64; send the bytes of one picture file") from None
    if len(content) > limits.image_bytes:
        raise ImageError(f"upload: {len(content):,} bytes, more than {limits.image_bytes:,}; make the picture smaller")
    _check_pixels(content, limits)
    try:
        return brought_down(load_image(content))
    except ImageError as error:
        raise ImageError(str(error).replace("image bytes", "upload", 1)) from None


def _check_pixels(content: bytes, limits: Limits) -> None:
    """Raise ImageError for more pixels than are decoded here, before any is; what is no picture passes."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return
    except Exception:  # decoders raise errors of any class on damaged files; load_image says what is wrong
        return
    if width * height > limits.pixels:
        raise ImageError(
            f"upload: {width}x{height} is {width * height:,} pixels, more than {limits.pixels:,}; make it smaller"
        )


def brought_down(pixels: Picture) -> Picture:
    """Return a picture with a longer side of at most SHOWN_PX."""
    height, width = pixels.shape[1:]
    scale = SHOWN_PX / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(pixels.permute(1, 2, 0).numpy()).resize(size, Image.Resampling.LANCZOS)
    return planes(np.asarray(image))


def planes(array: Any) -> Picture:
    """Return an array [height width 3] as a picture."""
    return torch.from_numpy(np.ascontiguousarray(np.asarray(array, np.uint8).transpose(2, 0, 1)))


def picture_json(pixels: Picture) -> dict[str, Any]:
    """Return a picture as a PNG in a data URI, with its size."""
    content = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(content, "PNG", compress_level=1)
    height, width = pixels.shape[1:]
    uri = "data:image/png;base64," + base64.b64encode(content.getbuffer()).decode("ascii")
    return {"png": uri, "width": width, "height": height}


def owners_json(view: View) -> dict[str, Any] | None:
    """Return which region is where as run lengths over a map of ``width`` x ``height``; None where boxes say it.

    ``runs`` are a number (0 none, 1 + i region i) and how many pixels it goes on, again and again, row by row.
    """
    if view.owners is None:
        return None
    rows, columns = view.owners.shape
    scale = min(1.0, OWNERS_PX / max(rows, columns))
    small = resized(view, max(1, round(columns * scale)), max(1, round(rows * scale))) if scale < 1 else view
    assert small.owners is not None
    flat = small.owners.numpy().ravel()
    starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
    lengths = np.diff(np.r_[starts, flat.size])
    runs = np.stack([flat[starts].astype(np.int64), lengths], 1)
    height, width = small.owners.shape
    return {"width": width, "height": height, "runs": runs.ravel().tolist()}
