"""The neural module network (Andreas et al. 2016): a layout assembled over what vision found in an image."""

from collections.abc import Mapping

from jaxtyping import UInt8
from torch import Tensor, nn

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import Plan
from nmn.modules.neural import NeuralModules, ReadRegions
from nmn.vision.cells import CellVision
from nmn.vision.objects import ObjectVision


class ModuleNetwork(nn.Module):
    """Vision, and modules over the regions that it finds.

    ``vision(prepared)`` makes regions of what ``vision.prepare(images)`` gives.
    """

    def __init__(self, vision: CellVision | ObjectVision, reasoning: NeuralModules) -> None:
        super().__init__()
        self.vision, self.reasoning = vision, reasoning

    def prepare(self, images: UInt8[Tensor, "batch 3 height width"]) -> dict[str, Tensor]:
        """Return what is worked out once per image, without gradients: tensors whose first axis are images."""
        return self.vision.prepare(images)

    def read(self, seen: Mapping[str, Tensor]) -> ReadRegions:
        """Return the regions of prepared images with what the modules make of them."""
        found: ReadRegions = self.reasoning(self.vision(seen))
        return found

    def forward(self, seen: Mapping[str, Tensor], plan: Plan) -> Run:
        """Run a plan on prepared images."""
        return execute(plan, self.reasoning.library, self.read(seen))
