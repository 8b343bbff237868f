"""Convolution by hand: kernels and pooling in numbers that can be worked out, layers of networks, and the picture."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from nmn.cli import app
from nmn.errors import ConfigError
from nmn.vision.backbone import build_backbone
from nmn.vision.kernels import KERNELS, filtered, first_kernels, first_layers, pooled
from nmn.visualisation.convolution import COLUMNS, MOST_PX, Source, convolution_strips, draw_strips, shrunk

DEMO = Path(__file__).parent.parent / "nmn" / "scenes" / "demo.png"
IMAGE = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(0))
STEP = torch.tensor([0.0, 0.0, 0.0, 10.0, 10.0]).expand(1, 4, 5)  # dark on the left, light on the right
RAMP = torch.arange(6.0).expand(1, 5, 6)


def test_identity_returns_the_image() -> None:
    assert torch.equal(filtered(IMAGE, "identity"), IMAGE)


def test_sobel_sees_a_step_where_it_is_and_only_across_it() -> None:
    assert filtered(STEP, "Sobel x")[0, 1].tolist() == [0, 0, 40, 40, 0]
    assert not filtered(STEP, "Sobel y").any()
    assert filtered(STEP.transpose(1, 2), "Sobel y")[0, :, 1].tolist() == [0, 0, 40, 40, 0]


def test_sobel_of_a_ramp_is_eight_times_its_slope() -> None:
    assert filtered(RAMP, "Sobel x")[0, 2].tolist() == [4, 8, 8, 8, 8, 4]  # at the border, half of it is beyond


def test_a_blurred_point_is_the_kernel() -> None:
    point = torch.zeros(1, 5, 5)
    point[0, 2, 2] = 16
    assert filtered(point, "blur")[0, 1:4, 1:4].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_sharpen_and_outline_overshoot_on_both_sides_of_a_step() -> None:
    assert filtered(STEP, "sharpen")[0, 1].tolist() == [0, 0, -10, 20, 10]
    assert filtered(STEP, "outline")[0, 1].tolist() == [0, 0, -30, 30, 0]


def test_emboss_is_not_symmetric() -> None:
    assert filtered(STEP, "emboss")[0, 1].tolist() == [0, 0, 30, 40, 10]


@pytest.mark.parametrize("name", list(KERNELS))
def test_a_plain_area_stays_plain_or_becomes_zero(name: str) -> None:
    plain = torch.full((3, 4, 6), 7.0)
    assert torch.equal(filtered(plain, name), torch.zeros_like(plain) if KERNELS[name].signed else plain)
    kernel = KERNELS[name]
    assert sum(map(sum, kernel.numbers)) == (0 if kernel.signed else kernel.divisor)


def test_pooling_takes_the_largest_or_the_mean_and_leaves_out_the_rest() -> None:
    image = torch.tensor([[[1.0, 2, 3, 4, 9], [5, 6, 7, 8, 9]]])
    assert pooled(image, "max", 2).tolist() == [[[6, 8]]]
    assert pooled(image, "average", 2).tolist() == [[[3.5, 5.5]]]


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'no kernel "sharpn"; there are identity, .*; did you mean "sharpen"'):
        filtered(IMAGE, "sharpn")
    with pytest.raises(ConfigError, match="a side of 6 is not between 1 and the image's 5 pixels"):
        pooled(IMAGE, "max", 6)
    with pytest.raises(ConfigError, match="applies no activation"):
        first_layers(nn.Conv2d(3, 2, 1), IMAGE[None])


def test_layers_are_what_activations_let_through_in_order() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.ReLU(), nn.Conv2d(2, 4, 1), nn.ReLU(inplace=True))
    first, second = first_layers(network, IMAGE[None])
    assert [first.name, second.name] == ["1", "3"] and len(second.features) == 4
    assert torch.equal(first.features, network[0](IMAGE[None])[0].relu())
    assert [layer.name for layer in first_layers(network, IMAGE[None], 1)] == ["1"]
    assert network.training and not network[1]._forward_hooks
    kernels = first_kernels(network)
    assert kernels is not None and torch.equal(kernels, network[0].state_dict()["weight"])


def test_an_activation_used_twice_is_two_layers() -> None:
    found = first_layers(build_backbone("resnet18", layer="layer1"), torch.rand(1, 3, 32, 32))
    assert [len(layer.features) for layer in found] == [64, 64, 64]
    assert not torch.equal(found[1].features, found[2].features)


def test_channels_are_shown_by_how_much_they_vary() -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.ReLU())
    network.load_state_dict({"0.weight": torch.diag(torch.tensor([1.0, 3.0, 2.0])).view(3, 3, 1, 1)})
    image = IMAGE[:1].expand(3, -1, -1)
    assert first_layers(network, image[None])[0].telling(2) == [1, 2]


def test_a_large_image_is_shrunk_and_a_small_one_kept() -> None:
    assert shrunk(torch.zeros(3, 1000, 500, dtype=torch.uint8)).shape == (3, MOST_PX, MOST_PX // 2)
    small = torch.zeros(3, 30, 20, dtype=torch.uint8)
    assert shrunk(small) is small


def test_a_tiny_image_is_pooled_as_far_as_it_goes() -> None:
    network = nn.Sequential(nn.Conv2d(3, 9, 1), nn.ReLU())
    image = (IMAGE * 255).to(torch.uint8)
    kernels, pooling, learned, layer = convolution_strips(image, Source(network, "it", IMAGE[None]))
    assert len(kernels.tiles) == len(KERNELS) + 1 == COLUMNS
    assert [tile.label for tile in pooling.tiles] == [
        "max of 2 x 2: 3 x 2", "max of 4 x 4: 1 x 1", "average of 2 x 2: 3 x 2", "average of 4 x 4: 1 x 1",
    ]  # fmt: skip
    assert learned.title == "it: learned kernels of its first layer, 1 x 1, as colours"
    assert "9 channels of 7 x 5, the 8 that vary most" in layer.title
    assert torch.equal(torch.from_numpy(kernels.tiles[1].pixels), torch.from_numpy(kernels.tiles[0].pixels))


def test_a_plain_image_can_be_drawn() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU())
    plain = torch.full((3, 8, 8), 9, dtype=torch.uint8)
    picture = draw_strips(convolution_strips(plain, Source(network, "it", plain[None] / 255)))
    assert picture.getpixel((0, 0)) == (255, 255, 255)


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["kernels", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_the_command_writes_a_picture_of_our_own_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = run(DEMO, "--layers", 2)
    assert "identity, blur, sharpen, Sobel x, Sobel y, emboss, outline" in text and "Layer 2 (stem.1.2)" in text
    with Image.open(tmp_path / "kernels.png") as picture:
        assert picture.width > 1000


def test_the_command_shows_a_named_network_and_prints_json(tmp_path: Path) -> None:
    data = json.loads(run(DEMO, "--out", tmp_path / "seen.png", "--backbone", "alexnet", "--layers", 1, "--json"))
    assert data["network"] == "alexnet, random weights"
    assert data["kernels"]["sharpen"]["numbers"] == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    assert data["strips"][-1]["title"].startswith("Layer 1 (features.1): 64 channels of 55 x 55")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--backbone", "alexnett"), 'timm/NAME; did you mean "alexnet"?'),
        (("--weights", "package"), "--weights and --layer are those of a network that --backbone names"),
        (("--layer", "layer3"), "--weights and --layer are those of"),
        (("--backbone", "resnet18", "--layer", "layer9"), 'has no layer "layer9"'),
        (("--backbone", "resnet18", "--weights", "IMAGENET2"), 'resnet18 has no weights "IMAGENET2"'),
    ],
)
def test_the_command_says_what_it_cannot_show(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    assert message in run(DEMO, "--out", tmp_path / "seen.png", *arguments, code=2)
    assert message and "give a name that ends in .png" in run(DEMO, "--out", tmp_path / "seen.jpg", code=2)
