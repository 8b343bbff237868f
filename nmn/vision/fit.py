"""Pictures of any size brought to the one size that a batch needs, and boxes brought back."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from nmn.errors import ConfigError

Way = Literal["letterbox", "stretch"]
BORDER = 128  # gray, the middle of the range: what a network that expects centred values sees as nothing


@dataclass(frozen=True, slots=True)
class Fitted:
    """A picture at its new size; what lay at (x, y) now lies at (x * scale[0] + left_px, y * scale[1] + top_px)."""

    pixels: UInt8[Tensor, "3 height width"]
    scale: tuple[float, float]
    left_px: int
    top_px: int

    def on_original(self, boxes: Float[Tensor, "*any 4"]) -> Float[Tensor, "*any 4"]:
        """Return boxes (left, top, right, bottom) on the fitted picture, in pixels of the original one.

        What lies on the border of a letterbox comes out beyond the original's edges.
        """
        offset = boxes.new_tensor([self.left_px, self.top_px] * 2)
        return (boxes - offset) / boxes.new_tensor(self.scale * 2)


def fit(image: UInt8[Tensor, "3 rows columns"], height: int, width: int, way: Way = "letterbox") -> Fitted:
    """Bring a picture to a size, bilinearly, averaging over what a smaller one cannot show.

    ``letterbox`` keeps its proportions, in the middle of a gray border; ``stretch`` fills the size and bends them. A
    picture that has the size is not copied. Raises ConfigError for another way.

    >>> fitted = fit(torch.zeros(3, 10, 20, dtype=torch.uint8), 40, 40)
    >>> fitted.scale, fitted.left_px, fitted.top_px
    ((2.0, 2.0), 0, 10)
    """
    if way not in get_args(Way):
        raise ConfigError(f"way: expected letterbox or stretch, got {way!r}")
    rows, columns = image.shape[1:]
    scale = min(height / rows, width / columns)
    inner = (height, width)
    if way == "letterbox":
        inner = (max(1, min(height, round(rows * scale))), max(1, min(width, round(columns * scale))))
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    pixels = image
    if inner != (rows, columns):
        # in floats: on bytes this call of torch fails where a side becomes one pixel
        resized = interpolate(image[None].float(), inner, mode="bilinear", antialias=True)[0]
        pixels = resized.round_().clamp_(0, 255).to(torch.uint8)
    if inner != (height, width):
        bordered = torch.full((3, height, width), BORDER, dtype=torch.uint8)
        bordered[:, top : top + inner[0], left : left + inner[1]] = pixels
        pixels = bordered
    return Fitted(pixels, (inner[1] / columns, inner[0] / rows), left, top)
