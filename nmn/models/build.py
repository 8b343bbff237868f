"""Every number of a network in one place, and networks as files.

A checkpoint holds the weights, these numbers, the vocabulary and how it was trained, so that a file is all that asking
needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nmn.checkpoint import check_vocabulary, load_into, read_checkpoint, save_checkpoint
from nmn.config import build_settings, settings_json
from nmn.errors import CheckpointError, ConfigError, LexiconError
from nmn.lexicon import Lexicon, load_lexicon
from nmn.models.network import ModuleNetwork
from nmn.modules.neural import NeuralModules, Vocabulary, vocabulary_from_json
from nmn.vision.cells import CellVision, PatchCNN
from nmn.vision.objects import ObjectEncoder, ObjectVision
from nmn.vision.proposals import Proposer

REGIONS = ("cells", "objects")


@dataclass(frozen=True)
class NetworkSettings:
    """What a network is built from, beside its vocabulary.

    ``pixels``: of the longer side of the images that it was trained on; others are brought to it. ``units``: see
    ``NeuralModules``.
    """

    regions: str = "objects"
    grammar: str = "world"
    lexicon: str = "world"
    pixels: int = 128
    units: float = 64.0
    find_bias: float = -1.0
    patch_px: int = 10  # of cells
    channels: int = 64  # of cells

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


def build_network(
    settings: NetworkSettings, vocabulary: Vocabulary, vision: CellVision | ObjectVision | None = None
) -> Network:
    """Build a network with fresh weights, or over vision that is trained already."""
    if settings.regions == "cells":
        cells = settings.pixels // settings.patch_px
        vision = vision or CellVision(PatchCNN(settings.channels, settings.patch_px))
        modules = NeuralModules(vocabulary, settings.channels, (cells, cells), settings.units, settings.find_bias)
    else:
        vision = vision or object_vision()
        assert isinstance(vision, ObjectVision)
        modules = NeuralModules(vocabulary, vision.encoder.channels, None, settings.units, settings.find_bias)
    return Network(ModuleNetwork(vision, modules), settings, vocabulary)


def object_vision() -> ObjectVision:
    """Return vision of objects with fresh weights."""
    return ObjectVision(Proposer(), ObjectEncoder())


def save_network(path: str | Path, network: Network, card: Mapping[str, Any]) -> None:
    """Write a network and its card as one file, whole or not at all."""
    about = {
        "network": settings_json(network.settings), "vocabulary": network.vocabulary.to_json(), "card": dict(card),
    }  # fmt: skip
    save_checkpoint(path, network.model.state_dict(), about)


def load_network(path: str | Path) -> Network:
    """Build the network that a file holds, on the CPU, ready to answer; raise CheckpointError where it holds none."""
    state, about = read_checkpoint(path)
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
    network = build_network(settings, vocabulary)
    load_into(network.model, state, path)
    network.model.eval()
    return Network(network.model, settings, vocabulary, about.get("card", {}))


def _check_words(path: str | Path, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
    """Raise CheckpointError where the vocabulary has words that its lexicon has not."""
    for name, values in vocabulary.attributes.items():
        known = lexicon.attributes[name].values if name in lexicon.attributes else {}
        check_vocabulary(path, name, values, [value for value in values if value in known])
    relations, superlatives = vocabulary.relations, vocabulary.superlatives
    check_vocabulary(path, "relations", relations, [word for word in relations if word in lexicon.relations])
    check_vocabulary(
        path, "superlatives", superlatives, [word for word in superlatives if word in lexicon.superlatives]
    )
