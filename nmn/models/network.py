"""The neural module network (Andreas et al. 2016): a layout assembled over what vision found in an image."""

from collections.abc import Mapping

from torch import Tensor, nn

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import Plan
from nmn.modules.neural import NeuralModules, ReadRegions


class ModuleNetwork(nn.Module):
    """Vision, and modules over the regions that it finds.

    ``vision.prepare(images)`` gives what is worked out once per image, without gradients, as tensors whose first axis
    are images; ``vision(prepared)`` makes regions of it.
    """

    def __init__(self, vision: nn.Module, modules: NeuralModules) -> None:
        super().__init__()
        self.vision, self.modules_ = vision, modules

    def read(self, seen: Mapping[str, Tensor]) -> ReadRegions:
        """Return the regions of prepared images with what the modules make of them."""
        found: ReadRegions = self.modules_(self.vision(seen))
        return found

    def forward(self, seen: Mapping[str, Tensor], plan: Plan) -> Run:
        """Run a plan on prepared images."""
        return execute(plan, self.modules_.library, self.read(seen))
