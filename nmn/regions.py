"""What attention ranges over: the regions of a batch of images."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class Regions:
    """Regions of a batch of images, padded to the same number.

    ``boxes`` are (left, top, right, bottom) in pixels of the image; ``mask`` is False where a region is padding, and
    attention is 0 there.
    """

    features: Float[Tensor, "batch regions channels"]
    boxes: Float[Tensor, "batch regions 4"]
    mask: Bool[Tensor, "batch regions"]
