"""Every number of a network in one place, and networks as files.

A checkpoint holds the weights, these numbers, the vocabulary and how it was trained, so that a file is all that asking
needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nmn.checkpoint import check_vocabulary, load_into, nothing_drawn, read_checkpoint, save_checkpoint
from nmn.config import build_settings, settings_json
from nmn.errors import CheckpointError, ConfigError, LexiconError
from nmn.lexicon import Lexicon, load_lexicon
from nmn.models.network import ModuleNetwork
from nmn.modules.neural import NeuralModules, Vocabulary, vocabulary_from_json
from nmn.vision.backbone import build_backbone
from nmn.vision.cells import CellVision, PatchCNN, projection
from nmn.vision.objects import ObjectEncoder, ObjectVision
from nmn.vision.proposals import Proposer

REGIONS = ("cells", "objects")
PATCH, SMALL = "patch", "small"
MODULES = "modules"


@dataclass(frozen=True)
class NetworkSettings:
    """What a network is built from, beside its vocabulary.

    ``model``: the module network, or a name of ``baselines.MODELS``, which are over cells. ``pixels``: of the longer
    side of the images that it was trained on; others are brought to it. ``units``: see ``NeuralModules``. Of pictures
    of several ``panels``, ``pixels`` are of a panel, and ``gap_px`` lie between two.
    """

    model: str = MODULES
    regions: str = "objects"
    grammar: str = "world"
    lexicon: str = "world"
    pixels: int = 128
    units: float = 64.0
    find_bias: float = -1.0
    proposal_channels: int = 40
    turn: bool = False  # objects are looked at turned all eight ways
    channels: int = 64  # of cells
    backbone: str = "patch"  # of cells: "patch", or a kind of nmn.vision.backbone
    patch_px: int = 10  # of the backbone "patch": the side of a cell
    layer: str = ""  # of other backbones, as are the next two
    weights: str = ""
    frozen: bool = False
    widths: tuple[int, ...] = (32, 64, 64)  # of the backbone "small", as are its strides
    strides: tuple[int, ...] = (2, 2, 1)
    embed: int = 64  # of a word; this and what follows are the compared systems'
    hidden: int = 128
    deep: bool = False  # of CNN and RNN: a hidden layer over both
    lstm: bool = True  # of the captioner; else a plain recurrent layer
    hops: int = 1  # of soft attention
    blocks: int = 3  # of FiLM
    layers: int = 2  # of each of co-attention's streams and of what joins them
    heads: int = 4
    dropout: float = 0.0
    empty: bool = False  # whether cells may hold nothing, which then is learned
    panels: int = 1
    gap_px: int = 0

    def __post_init__(self) -> None:
        if self.regions not in REGIONS:
            raise ConfigError(f"regions: expected one of {', '.join(REGIONS)}; got {self.regions!r}")


@dataclass(frozen=True)
class Network:
    """A built network with what it was built from; ``card`` says how it was trained and what it scores."""

    model: ModuleNetwork
    settings: NetworkSettings
    vocabulary: Vocabulary
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lexicon(self) -> Lexicon:
        """The lexicon that its words are from."""
        return load_lexicon(self.settings.lexicon)

    def speaking(self, lexicon: str) -> "Network":
        """Return the network with another lexicon, by name or as a file, that has its words."""
        return replace(self, settings=replace(self.settings, lexicon=lexicon))


def build_network(
    settings: NetworkSettings, vocabulary: Vocabulary, vision: CellVision | ObjectVision | None = None
) -> Network:
    """Build a network with fresh weights, or over vision that is trained already."""
    if settings.regions == "cells":
        vision = vision or cell_vision(settings)
        assert isinstance(vision, CellVision)
        grid = grid_of(vision, settings.pixels)
        told = (settings.units, settings.find_bias, settings.panels, settings.empty)
        modules = NeuralModules(vocabulary, settings.channels, grid, *told)
    else:
        vision = vision or object_vision(settings)
        assert isinstance(vision, ObjectVision)
        modules = NeuralModules(vocabulary, vision.encoder.channels, None, settings.units, settings.find_bias)
    return Network(ModuleNetwork(vision, modules, settings.panels, settings.gap_px), settings, vocabulary)


def cell_vision(settings: NetworkSettings) -> CellVision:
    """Return vision of cells over the backbone that the settings name."""
    if settings.backbone == PATCH:
        return CellVision(PatchCNN(settings.channels, settings.patch_px))
    sizes = {"widths": settings.widths, "strides": settings.strides} if settings.backbone == SMALL else {}
    backbone = build_backbone(
        settings.backbone, layer=settings.layer, weights=settings.weights, frozen=settings.frozen, **sizes
    )
    return CellVision(backbone, projection(backbone.channels, settings.channels))


def grid_of(vision: CellVision, pixels: int) -> tuple[int, int]:
    """Return rows and columns of the grid that square images of so many pixels give."""
    with torch.no_grad():
        try:
            rows, columns = vision.eval().backbone(torch.zeros(1, 3, pixels, pixels)).shape[-2:]
        except RuntimeError as error:
            raise ConfigError(f"{pixels} pixels a side are too few for a cell of the backbone: {error}") from None
    return rows, columns


def object_vision(settings: NetworkSettings) -> ObjectVision:
    """Return vision of objects with fresh weights."""
    return ObjectVision(Proposer(settings.proposal_channels), ObjectEncoder(), settings.turn)


def save_network(path: str | Path, network: Network, card: Mapping[str, Any]) -> None:
    """Write a network and its card as one file, whole or not at all."""
    about = {
        "network": settings_json(network.settings), "vocabulary": network.vocabulary.to_json(), "card": dict(card),
    }  # fmt: skip
    save_checkpoint(path, network.model.state_dict(), about)


def load_network(path: str | Path) -> Network:
    """Build the network that a file holds, on the CPU, ready to answer; raise CheckpointError where it holds none."""
    return network_of(path, *read_checkpoint(path))


def network_of(path: str | Path, state: Mapping[str, Tensor], about: Mapping[str, Any]) -> Network:
    """Build the network whose weights and metadata a file held; raise CheckpointError where they are of none."""
    if "detector" in about:
        raise CheckpointError(
            f"{path}: holds a reader of NLVR's images, which has no modules; nlvr_cells ships with some"
        )
    if "classifier" in about:
        raise CheckpointError(f"{path}: holds a classifier; ask it by nmn classify image IMAGE --model {path}")
    if "words" in about:
        raise CheckpointError(f"{path}: holds a system without modules; give a network that has some")
    try:
        settings, words = build_settings(NetworkSettings, about["network"]), about["vocabulary"]
        lexicon = load_lexicon(settings.lexicon)
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: no network: its metadata lacks {error}") from None
    except (ConfigError, LexiconError) as error:
        raise CheckpointError(f"{path}: {error}") from None
    try:
        vocabulary = vocabulary_from_json(words)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    _check_words(path, vocabulary, lexicon)
    with nothing_drawn():
        network = restored(settings, vocabulary)
    load_into(network.model, state, path)
    network.model.eval()
    return Network(network.model, settings, vocabulary, about.get("card", {}))


def restored(settings: NetworkSettings, vocabulary: Vocabulary) -> Network:
    """Build a network whose weights come from a checkpoint, so that a backbone's own need not be there any more."""
    return replace(build_network(replace(settings, weights=""), vocabulary), settings=settings)


def _check_words(path: str | Path, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
    """Raise CheckpointError where the vocabulary has words that its lexicon has not."""
    for name, values in vocabulary.attributes.items():
        known = lexicon.attributes[name].values if name in lexicon.attributes else {}
        check_vocabulary(path, f"values of {name}", values, [value for value in values if value in known])
    relations, superlatives = vocabulary.relations, vocabulary.superlatives
    check_vocabulary(path, "relations", relations, [word for word in relations if word in lexicon.relations])
    check_vocabulary(
        path, "superlatives", superlatives, [word for word in superlatives if word in lexicon.superlatives]
    )
