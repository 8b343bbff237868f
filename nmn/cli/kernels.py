"""``nmn kernels``: an image through kernels, pooling and a network's first layers, as one picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmn.cli.options import JsonOption
from nmn.exits import clear_errors
from nmn.terminal import print_json

if TYPE_CHECKING:
    from torch import Tensor

    from nmn.visualisation.convolution import Source

BACKBONE_PX = 224  # what networks of photographs were trained on


@clear_errors
def kernels(
    source: Annotated[Path, typer.Argument(metavar="IMAGE", help="An image.")],
    out: Annotated[Path, typer.Option(help="The picture to write, a PNG file.")] = Path("kernels.png"),
    backbone: Annotated[
        str | None, typer.Option(help="A network by name, such as alexnet, vgg16 or resnet18; by default our own.")
    ] = None,
    weights: Annotated[
        str, typer.Option(help="Its weights: a file, IMAGENET1K_V1, pretrained or package; none gives random ones.")
    ] = "",
    layer: Annotated[
        str, typer.Option(help="Up to which layer it is built, such as layer3; timm/NAME needs to be told.")
    ] = "",
    layers: Annotated[int, typer.Option(min=1, max=8, help="How many of its layers to show.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Show an image through named kernels, through pooling and through the first layers of a network."""
    from nmn.errors import ConfigError
    from nmn.vision.image import load_image
    from nmn.vision.kernels import KERNELS
    from nmn.visualisation.convolution import convolution_strips, draw_strips
    from nmn.visualisation.png import write_picture

    if (weights or layer) and backbone is None:
        raise ConfigError("--weights and --layer are those of a network that --backbone names; our own has its own")
    image = load_image(source)
    shown = _own(image) if backbone is None else _named(image, backbone, weights, layer)
    strips = convolution_strips(image, shown, layers)
    write_picture(out, draw_strips(strips))
    if as_json:
        print_json({
            "image": {"width": image.shape[2], "height": image.shape[1]}, "network": shown.name,
            "kernels": {name: {"numbers": one.numbers, "divisor": one.divisor} for name, one in KERNELS.items()},
            "strips": [{"title": strip.title, "tiles": [tile.label for tile in strip.tiles]} for strip in strips],
            "picture": str(out),
        })  # fmt: skip
        return
    for strip in strips:
        typer.echo(f"{strip.title}: {', '.join(tile.label for tile in strip.tiles)}")
    typer.echo(f"picture: {out}")


def _own(image: "Tensor") -> "Source":
    """Return the network that finds objects, of the weights that ship, with the image as it reads it."""
    from nmn.checkpoint import weights_file
    from nmn.models.build import load_network
    from nmn.vision.fit import fit
    from nmn.vision.objects import ObjectVision
    from nmn.vision.paper import repapered
    from nmn.vision.proposals import COARSE_PX
    from nmn.visualisation.convolution import Source

    network = load_network(weights_file(None))
    assert isinstance(network.model.vision, ObjectVision)
    scale = network.settings.pixels / max(image.shape[1:])
    height, width = (max(1, round(side * scale / COARSE_PX)) * COARSE_PX for side in image.shape[1:])
    pixels = repapered(fit(image, height, width, "stretch").pixels[None])
    return Source(network.model.vision.proposer, "The network that finds objects, trained on shapes", pixels / 255)


def _named(image: "Tensor", kind: str, weights: str, layer: str) -> "Source":
    from nmn.vision.backbone import build_backbone
    from nmn.vision.fit import fit
    from nmn.visualisation.convolution import Source

    network = build_backbone(kind, weights=weights, layer=layer)
    name = f"{kind}, {weights or 'random weights'}"
    return Source(network, name, fit(image, BACKBONE_PX, BACKBONE_PX).pixels[None] / 255)
