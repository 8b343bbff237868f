"""The neural module network (Andreas et al. 2016): a layout assembled over what vision found in an image."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import Plan
from nmn.errors import ImageError
from nmn.modules.neural import NeuralModules
from nmn.modules.read_regions import ReadRegions
from nmn.regions import side_by_side
from nmn.vision.cells import CellVision
from nmn.vision.objects import ObjectVision
from nmn.vision.panels import cut, prepare


class ModuleNetwork(nn.Module):
    """Vision, and modules over the regions that it finds.

    ``vision(prepared)`` makes regions of what ``vision.prepare(images)`` gives. Each of several ``panels`` of a picture
    is looked at alone; what is prepared of them has one axis more, after that of pictures.
    """

    def __init__(
        self, vision: CellVision | ObjectVision, reasoning: NeuralModules, panels: int = 1, gap_px: int = 0
    ) -> None:
        super().__init__()
        self.vision, self.reasoning = vision, reasoning
        self.panels, self.gap_px = panels, gap_px

    def prepare(self, images: UInt8[Tensor, "batch *panels 3 height width"]) -> dict[str, Tensor]:
        """Return what is worked out once per image, without gradients: tensors whose first axis are images.

        Raises ImageError for pictures that are not made of square panels, as many as the network's.
        """
        if self.panels > 1 and images.ndim == 4:
            images = cut(images, self.panels, self.gap_px)
            if images.shape[-1] != images.shape[-2]:
                raise ImageError(
                    f"a picture of {self.panels} square panels side by side was expected; its height does not fit them"
                )
        return prepare(self.vision, images)

    def read(self, seen: Mapping[str, Tensor]) -> ReadRegions:
        """Return the regions of prepared images with what the modules make of them, in 32 bits: see ``forward``."""
        if self.panels == 1:
            regions = self.vision(seen)
        else:
            regions = self.vision({name: part.flatten(0, 1) for name, part in seen.items()})
            regions = side_by_side(regions, self.panels, self.gap_px)
        with torch.autocast(regions.features.device.type, enabled=False):
            found: ReadRegions = self.reasoning(replace(regions, features=regions.features.float()))
        return found

    def forward(self, seen: Mapping[str, Tensor], plan: Plan) -> Run:
        """Run a plan on prepared images; what modules multiply and add are chances, for which 16 bits are too few."""
        regions = self.read(seen)
        with torch.autocast(regions.features.device.type, enabled=False):
            return execute(plan, self.reasoning.library, regions)
