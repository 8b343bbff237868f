"""The systems that the module network is compared with: the table of their names, and how each is built and kept.

All see through the same vision (``build.cell_vision``) and read with the same reader; their numbers are in
``NetworkSettings`` beside the module network's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from torch import Tensor

from nmn.checkpoint import load_into, nothing_drawn, read_checkpoint, save_checkpoint
from nmn.config import build_settings, settings_json
from nmn.errors import CheckpointError, ConfigError, did_you_mean
from nmn.models.attention_captioner import AttentionCaptioner
from nmn.models.build import MODULES, Network, NetworkSettings, cell_vision, network_of
from nmn.models.captioner import Captioner
from nmn.models.cnn_rnn import CnnRnn
from nmn.models.coattention import Coattention
from nmn.models.dual_encoder import DualEncoder
from nmn.models.encoders import TextReader, WholeImage
from nmn.models.film import Film
from nmn.models.hard_attention import HardAttention
from nmn.models.image_only import ImageOnly
from nmn.models.majority import Majority
from nmn.models.protocol import System
from nmn.models.question_only import QuestionOnly
from nmn.models.soft_attention import SoftAttention
from nmn.models.tokens import Words
from nmn.vision.cells import CellVision


@dataclass(frozen=True)
class Parts:
    """What a system is put together from."""

    settings: NetworkSettings
    vision: CellVision
    words: Words
    answers: tuple[str, ...]

    @property
    def image(self) -> WholeImage:
        """A fresh reader of whole images."""
        return WholeImage(self.settings.channels, self.settings.hidden)

    @property
    def reader(self) -> TextReader:
        """A fresh reader of texts."""
        return TextReader(len(self.words), self.settings.embed, self.settings.hidden)

    @property
    def sizes(self) -> tuple[int, int]:
        """Units of hidden layers, and how many answers there are."""
        return self.settings.hidden, len(self.answers)

    @property
    def spoken(self) -> tuple[int, int, int]:
        """How many words there are, the size of one, and units of hidden layers."""
        return len(self.words), self.settings.embed, self.settings.hidden


class Kind(NamedTuple):
    """How a system is built, whether it learns from questions with answers or from captions, and whether it is trained
    on captions before it learns answers.
    """

    build: Callable[[Parts], System]
    learns: Literal["answers", "captions"] = "answers"
    pretrained: bool = False

    @property
    def reads_captions(self) -> bool:
        """Whether images need captions for it."""
        return self.learns == "captions" or self.pretrained


MODELS: dict[str, Kind] = {
    "majority": Kind(lambda of: Majority(of.vision, len(of.answers))),
    "question_only": Kind(lambda of: QuestionOnly(of.vision, of.reader, *of.sizes)),
    "image_only": Kind(lambda of: ImageOnly(of.vision, of.image, *of.sizes)),
    "cnn_rnn": Kind(lambda of: CnnRnn(of.vision, of.image, of.reader, *of.sizes, of.settings.deep)),
    "soft_attention": Kind(
        lambda of: SoftAttention(of.vision, of.settings.channels, of.reader, *of.sizes, of.settings.hops)
    ),
    "hard_attention": Kind(
        lambda of: HardAttention(of.vision, of.settings.channels, of.image, of.reader, *of.sizes)
    ),
    "film": Kind(lambda of: Film(of.vision, of.settings.channels, of.reader, *of.sizes, of.settings.blocks)),
    "coattention": Kind(
        lambda of: Coattention(
            of.vision, of.settings.channels, len(of.words), *of.sizes, of.settings.layers, of.settings.heads,
            of.settings.dropout,
        ),
        pretrained=True,
    ),
    "captioner": Kind(lambda of: Captioner(of.vision, of.image, *of.spoken, of.settings.lstm), "captions"),
    "attention_captioner": Kind(
        lambda of: AttentionCaptioner(of.vision, of.settings.channels, of.image, *of.spoken), "captions"
    ),
    "dual_encoder": Kind(
        lambda of: DualEncoder(of.vision, of.image, of.reader, of.words, of.settings.hidden), "captions"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Baseline:
    """A built system with what it was built from; ``card`` says how it was trained and what it scores."""

    model: System
    settings: NetworkSettings
    words: Words
    answers: tuple[str, ...]
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def learns(self) -> str:
        """What it learns from: answers or captions."""
        return kind_of(self.settings.model).learns


def build_baseline(settings: NetworkSettings, words: Words, answers: tuple[str, ...]) -> Baseline:
    """Build a system with fresh weights; raise ConfigError where there is none of its name."""
    kind = kind_of(settings.model)
    parts = Parts(settings, cell_vision(settings), words, answers)
    return Baseline(kind.build(parts), settings, words, answers)


def kind_of(model: str) -> Kind:
    """Return what the table says of a system; raise ConfigError where there is none of its name."""
    if model not in MODELS:
        known = [MODULES, *MODELS]
        raise ConfigError(f'model: no "{model}"; there are {", ".join(known)}{did_you_mean(model, known)}')
    return MODELS[model]


def save_baseline(path: str | Path, baseline: Baseline, card: Mapping[str, Any]) -> None:
    """Write a system and its card as one file, whole or not at all."""
    about = {
        "network": settings_json(baseline.settings), "words": list(baseline.words.words),
        "answers": list(baseline.answers), "card": dict(card),
    }  # fmt: skip
    save_checkpoint(path, baseline.model.state_dict(), about)


def load_system(path: str | Path) -> Network | Baseline:
    """Build the module network or the system that a file holds, ready to answer; raise CheckpointError for neither."""
    return system_of(path, *read_checkpoint(path))


def system_of(path: str | Path, state: Mapping[str, Tensor], about: Mapping[str, Any]) -> Network | Baseline:
    """Build what a file of these weights and metadata holds, as ``load_system`` does."""
    named = about.get("network")
    if isinstance(named, dict) and named.get("model", MODULES) != MODULES:
        return _baseline_of(path, state, about)
    return network_of(path, state, about)


def load_baseline(path: str | Path) -> Baseline:
    """Build the system that a file holds, ready to answer; raise CheckpointError where it holds none."""
    return baseline_of(path, *read_checkpoint(path))


def baseline_of(path: str | Path, state: Mapping[str, Tensor], about: Mapping[str, Any]) -> Baseline:
    """Build the system that a file of these weights and metadata holds, as ``load_baseline`` does."""
    loaded = system_of(path, state, about)
    if isinstance(loaded, Network):
        raise CheckpointError(f"{path}: holds a module network, not one of {', '.join(MODELS)}")
    return loaded


def _baseline_of(path: str | Path, state: Mapping[str, Tensor], about: Mapping[str, Any]) -> Baseline:
    try:
        settings = build_settings(NetworkSettings, about["network"])
        words = Words(tuple(map(str, about["words"])))
        answers = tuple(map(str, about["answers"]))
        with nothing_drawn():
            built = build_baseline(replace(settings, weights=""), words, answers)
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: no system: its metadata lacks {error}") from None
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from None
    load_into(built.model, state, path)
    built.model.eval()
    return replace(built, settings=settings, card=about.get("card", {}))
