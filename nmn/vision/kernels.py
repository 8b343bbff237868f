"""Convolution and pooling by hand: named kernels, and what the first layers of a network make of an image.

A kernel is laid over every pixel and its neighbours, and the products are added up (cross-correlation, as all networks
compute it; no kernel is flipped). Beyond its border an image goes on as its last pixel, so that a border is no edge.
"""

from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from nmn.errors import ConfigError, did_you_mean


class Kernel(NamedTuple):
    """Nine numbers and what their products are divided by; ``signed`` ones sum to 0 and so give 0 on a plain area."""

    numbers: tuple[tuple[int, int, int], ...]
    divisor: int = 1
    signed: bool = False


KERNELS = {
    "identity": Kernel(((0, 0, 0), (0, 1, 0), (0, 0, 0))),
    "blur": Kernel(((1, 2, 1), (2, 4, 2), (1, 2, 1)), 16),
    "sharpen": Kernel(((0, -1, 0), (-1, 5, -1), (0, -1, 0))),
    "Sobel x": Kernel(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), signed=True),
    "Sobel y": Kernel(((-1, -2, -1), (0, 0, 0), (1, 2, 1)), signed=True),
    "emboss": Kernel(((-2, -1, 0), (-1, 1, 1), (0, 1, 2))),
    "outline": Kernel(((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)), signed=True),
}
POOLS = ("max", "average")
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.SiLU, nn.GELU, nn.Hardswish)


def filtered(image: Float[Tensor, "channels height width"], name: str) -> Float[Tensor, "channels height width"]:
    """Return an image through a named kernel, each channel alone, in the image's own unit and not clipped.

    >>> filtered(torch.tensor([[[0.0, 0.0, 1.0, 1.0]]]), "Sobel x")
    tensor([[[0., 4., 4., 0.]]])
    """
    if name not in KERNELS:
        raise ConfigError(f'no kernel "{name}"; there are {", ".join(KERNELS)}{did_you_mean(name, KERNELS)}')
    kernel = KERNELS[name]
    weights = image.new_tensor(kernel.numbers).view(1, 1, 3, 3) / kernel.divisor
    around = functional.pad(image.unsqueeze(1), (1, 1, 1, 1), mode="replicate")
    return functional.conv2d(around, weights).squeeze(1)


def pooled(
    image: Float[Tensor, "channels height width"], way: Literal["max", "average"], side: int
) -> Float[Tensor, "channels rows columns"]:
    """Return the largest, or the mean, of each ``side`` x ``side`` pixels; what is left over at the end is left out.

    >>> pooled(torch.tensor([[[1.0, 2.0, 5.0], [3.0, 4.0, 5.0]]]), "max", 2)
    tensor([[[4.]]])
    """
    if way not in POOLS:
        raise ConfigError(f"pooling: expected one of {', '.join(POOLS)}; got {way!r}")
    if not 1 <= side <= min(image.shape[1:]):
        raise ConfigError(f"pooling: a side of {side} is not between 1 and the image's {min(image.shape[1:])} pixels")
    return functional.max_pool2d(image, side) if way == "max" else functional.avg_pool2d(image, side)


class Layer(NamedTuple):
    """What one activation of a network lets through of one image; ``name`` is where it stands in the network."""

    name: str
    features: Float[Tensor, "channels rows columns"]

    def telling(self, count: int) -> list[int]:
        """Return the channels that vary most over the image, the most varied first."""
        spread = self.features.flatten(1).std(1)
        chosen: list[int] = spread.topk(min(count, len(spread))).indices.tolist()
        return chosen


def first_layers(network: nn.Module, images: Float[Tensor, "1 3 height width"], count: int = 3) -> list[Layer]:
    """Return the first activations (ReLU and its kin) that a network applies to an image, in the order it does.

    Raises ConfigError for a network without any.
    """
    seen: list[Layer] = []

    def watcher(name: str) -> Any:
        def watch(module: nn.Module, given: object, output: Tensor) -> None:
            if len(seen) < count and output.ndim == 4:
                seen.append(Layer(name, output[0].detach().float().clone()))  # the next layer may write over it

        return watch

    watched = [(name, part) for name, part in network.named_modules() if isinstance(part, ACTIVATIONS)]
    hooks = [part.register_forward_hook(watcher(name)) for name, part in watched]
    training = network.training
    try:
        with torch.no_grad():
            network.eval()(images)
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    if not seen:
        raise ConfigError(f"{type(network).__name__}: applies no activation to a grid, so there is no layer to show")
    return seen


def first_kernels(network: nn.Module) -> Float[Tensor, "channels 3 rows columns"] | None:
    """Return the learned kernels of a network's first convolution over colours, None where it has none."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and part.in_channels == 3 and part.groups == 1:
            return part.weight.detach().float()
    return None
