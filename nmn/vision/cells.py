"""Regions that are the cells of a CNN's feature grid."""

from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from nmn.errors import ConfigError, ImageError
from nmn.regions import Regions
from nmn.vision.backbone import Backbone
from nmn.vision.cache import FeatureCache, image_digest
from nmn.vision.grid import grid_regions


class PatchCNN(nn.Module):
    """One patch of ``patch_px`` pixels a cell: a convolution as wide as its stride, then a 1 x 1 one.

    ``Float["batch 3 height width"]`` in 0..1 to ``Float["batch channels rows columns"]``.
    """

    def __init__(self, channels: int, patch_px: int) -> None:
        super().__init__()
        self.patch_px = patch_px
        self.net = nn.Sequential(
            nn.Conv2d(3, channels, patch_px, patch_px), nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU()
        )

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels rows columns"]:
        """Return the features of each patch, the last ones filled up with the pixels of the edge."""
        side = self.patch_px
        due = [-length % side if length >= side else 0 for length in images.shape[-2:]]
        if any(due):
            images = functional.pad(images, (0, due[1], 0, due[0]), "replicate")
        found: Tensor = self.net(images)
        return found


class CellVision(nn.Module):
    """Images to the cells of a backbone's feature grid.

    Features of a frozen backbone are worked out once per image, and with a cache once and for all; ``projection`` is
    trained on top of them.
    """

    def __init__(self, backbone: nn.Module, projection: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone, self.projection = backbone, projection or nn.Identity()
        self.cache: FeatureCache | None = None

    def keep(self, folder: str | Path) -> None:
        """Keep features in a folder from now on; raise ConfigError where the backbone is trained with the modules."""
        if not isinstance(self.backbone, Backbone):
            raise ConfigError("cache: the features of a backbone that is trained with the modules cannot be kept")
        self.cache = FeatureCache.of(self.backbone, folder)

    @property
    def frozen(self) -> bool:
        """Whether the backbone is one that is not trained with the modules."""
        return isinstance(self.backbone, Backbone) and self.backbone.frozen

    def prepare(self, images: UInt8[Tensor, "batch 3 height width"]) -> dict[str, Tensor]:
        """Return what is computed once per image: a frozen backbone's features; of another one nothing."""
        if not self.frozen:
            return {"images": images}
        # images without channels say by their shape how large they are, on any device, and hold nothing
        return {"features": self._kept(images), "frame": images.new_empty(len(images), 0, *images.shape[-2:])}

    def _kept(self, images: UInt8[Tensor, "batch 3 height width"]) -> Tensor:
        with torch.no_grad():
            if self.cache is None:
                return self._features(images)
            digests = [image_digest(image) for image in images]
            return self.cache.features(digests, lambda places: self._features(images[places])).to(images.device)

    def _features(self, images: Tensor) -> Tensor:
        """Return the features of images of 0 to 255; raise ImageError for ones that are too narrow for one cell."""
        try:
            features: Tensor = self.backbone(images.to(self.dtype) / 255)
        except RuntimeError as error:
            if "input size" not in str(error):
                raise
            height, width = images.shape[-2:]
            raise ImageError(
                f"brought to {width} x {height} pixels, the picture is too narrow for one cell of the network; give one"
                " that is less long, or a part of it"
            ) from None
        return features

    def forward(self, seen: Mapping[str, Tensor]) -> Regions:
        """Return every cell as a region, with its box in pixels."""
        if "features" in seen:
            features, (height, width) = seen["features"], seen["frame"].shape[-2:]
        else:
            images = seen["images"]
            height, width = images.shape[-2:]
            features = self._features(images)
        return grid_regions(self.projection(features), width, height)

    @property
    def dtype(self) -> torch.dtype:
        """The type of the parameters."""
        return next(self.parameters()).dtype


def projection(inputs: int, channels: int) -> nn.Sequential:
    """Return a 1 x 1 convolution with ReLU from a backbone's channels to the modules'."""
    return nn.Sequential(nn.Conv2d(inputs, channels, 1), nn.ReLU())
