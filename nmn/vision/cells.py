"""Regions that are the cells of a CNN's feature grid."""

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float, UInt8
from torch import Tensor, nn

from nmn.regions import Regions
from nmn.vision.grid import grid_regions


class PatchCNN(nn.Module):
    """One patch of ``patch_px`` pixels a cell: a convolution as wide as its stride, then a 1 x 1 one.

    ``Float["batch 3 height width"]`` in 0..1 to ``Float["batch channels rows columns"]``.
    """

    def __init__(self, channels: int, patch_px: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, channels, patch_px, patch_px), nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU()
        )

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels rows columns"]:
        """Return the features of each patch."""
        found: Tensor = self.net(images)
        return found


class CellVision(nn.Module):
    """Images to the cells of a backbone's feature grid."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def prepare(self, images: UInt8[Tensor, "batch 3 height width"]) -> dict[str, Tensor]:
        """Return what is computed once per image: nothing, as the backbone is trained with the modules."""
        return {"images": images}

    def forward(self, seen: Mapping[str, Tensor]) -> Regions:
        """Return every cell as a region, with its box in pixels."""
        images = seen["images"]
        height, width = images.shape[-2:]
        return grid_regions(self.backbone(images.to(self.dtype) / 255), width, height)

    @property
    def dtype(self) -> Any:
        """The type of the parameters."""
        return next(self.parameters()).dtype
