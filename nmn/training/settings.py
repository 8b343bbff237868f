"""Every number of a training run; ``configs/*.toml`` give them by name."""

import math
import re
from dataclasses import dataclass
from typing import Any

from nmn.config import settings_json
from nmn.errors import ConfigError

DATA = ("shapes", "generated", "nlvr", "pairs")  # nlvr: perception alone, a detector; pairs: NLVR2's files
REGIONS = ("cells", "objects")


@dataclass(frozen=True)
class LoopSettings:
    """What the loop itself goes by, whatever it trains."""

    seed: int = 0
    steps: int = 1_700
    batch: int = 64  # images a step, with all their questions
    rate: float = 1e-2
    warm_up: int = 0  # steps
    cosine: bool = False
    schedule: int = 0  # steps that warm-up and cosine are laid out for, if a run is to stop before; 0: its own
    weight_decay: float = 0.0
    clip: float = 0.0  # of the gradient's norm; 0: none
    bf16: bool = False
    threads: int = 0  # of the processor; 0: as many as OMP_NUM_THREADS says, or it has cores
    save_every: int = 500  # steps

    def __post_init__(self) -> None:
        self.check_ranges(
            ("steps", 1, 10**8), ("batch", 1, 65536), ("rate", 0.0, 10.0), ("save_every", 1, 10**8), ("clip", 0.0, 1e9),
            ("weight_decay", 0.0, 1.0), ("threads", 0, 1024), ("warm_up", 0, 10**8), ("seed", 0, 2**62),
            ("schedule", 0, 10**8),
        )  # fmt: skip

    def check_ranges(self, *ranges: tuple[str, float, float]) -> None:
        """Raise ConfigError naming the first setting that is out of its range."""
        for name, low, high in ranges:
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name}: expected {low:g} to {high:g}, got {getattr(self, name)}")


@dataclass(frozen=True)
class TrainSettings(LoopSettings):
    """A run is a function of these: its data, its network and how it is trained.

    ``synth`` are settings of the generator, ``key=value`` each; ``proposal_synth`` change them further for the scenes
    that proposals are trained on.
    """

    name: str = "run"
    # data
    data: str = "generated"
    folder: str = ""  # of SHAPES' files, or NLVR2's; of generated data, NLVR's, whose train1000 is learned from too
    split: str = "train.large"  # of SHAPES, or NLVR2
    pair_lexicon: str = "pairs"  # what words mean of a pair; a name or a TOML file
    pair_px: int = 224  # side of the squares that a pair's images are fitted to
    part: float = 1.0  # of the questions that are used
    preset: str = "world"
    synth: tuple[str, ...] = ()
    split_side: str = ""  # of a generalisation split, such as "cogent:train"; of several, with commas
    images: int = 20_000
    each: int = 8  # questions about an image, at most
    held_back: int = 2_000  # images of another seed, asked as many, for a last look, or for ``looks``
    captions: int = 3  # of an image, for systems that learn from those; as many denied ones beside
    # network
    model: str = "modules"  # or a name of nmn.models.baselines.MODELS
    regions: str = "objects"
    channels: int = 64  # of cells, or of a detector
    backbone: str = "patch"  # of cells; with layer, weights and frozen: see NetworkSettings
    patch_px: int = 10
    layer: str = ""
    weights: str = ""
    frozen: bool = False
    widths: tuple[int, ...] = (32, 64, 64)
    strides: tuple[int, ...] = (2, 2, 1)
    embed: int = 64  # of a word; this and what follows are numbers of the compared systems: see NetworkSettings
    hidden: int = 128
    deep: bool = False
    lstm: bool = True
    hops: int = 1
    blocks: int = 3
    layers: int = 2
    heads: int = 4
    dropout: float = 0.0
    pretraining_steps: int = 0  # on captions, of systems that are trained on those first
    empty: bool = False
    cache: str = ""  # a folder for the features of a frozen backbone
    units: float = 64.0
    find_bias: float = -1.0
    # proposals
    proposals: str = ""  # trained ones to use instead of training some: as nmn ask --model names a network
    proposal_start: str = ""  # or ones to go on training from
    proposal_synth: tuple[str, ...] = ()
    proposal_channels: int = 40
    proposal_scenes: int = 16_000
    proposal_steps: int = 2_500
    proposal_batch: int = 32
    proposal_rate: float = 3e-3
    proposal_soft: float = 0.0  # chance of a batch to look as if it had been stored smaller
    # training
    turn: bool = False  # cut-outs are turned and mirrored by chance
    looks: int = 0  # how often held-back questions are asked meanwhile, to keep what did best; 0: the last is kept
    attentions: float = 0.0  # weight of the exact attention of every call, learned beside the answers; 0: answers only

    def __post_init__(self) -> None:
        for name, known in (("data", DATA), ("regions", REGIONS)):
            if (value := getattr(self, name)) not in known:
                raise ConfigError(f"{name}: expected one of {', '.join(known)}; got {value!r}")
        if not re.fullmatch(r"\w[\w.-]*", self.name):  # a run's folder is called by it
            raise ConfigError(f"name: expected letters, digits, _, - and dots, no path; got {self.name!r}")
        super().__post_init__()
        self.check_ranges(
            ("part", 0.0001, 1.0), ("images", 1, 10**8), ("each", 1, 100), ("held_back", 1, 10**6),
            ("pair_px", 30, 2048), ("patch_px", 1, 128), ("channels", 1, 4096), ("units", 1, 4096),
            ("proposal_channels", 8, 1024), ("proposal_scenes", 32, 10**7),
            ("captions", 1, 10), ("embed", 1, 4096), ("hidden", 1, 4096), ("hops", 1, 16), ("blocks", 1, 64),
            ("layers", 1, 64), ("heads", 1, 64), ("dropout", 0.0, 0.9), ("pretraining_steps", 0, 10**8),
            ("proposal_steps", 1, 10**7), ("proposal_batch", 1, 4096), ("proposal_rate", 0.0, 10.0),
            ("attentions", 0.0, 1000.0), ("proposal_soft", 0.0, 1.0), ("looks", 0, 10**6),
        )  # fmt: skip


def resumable(settings: LoopSettings) -> dict[str, Any]:
    """Return the settings that a run which goes on must share; how fast it runs and how often it saves may change."""
    return {key: value for key, value in settings_json(settings).items() if key not in ("threads", "save_every")}


def warm_cosine(step: int, steps: int, warm_up: int) -> float:
    """Return the part of the learning rate at a step: linear warm-up, then half a cosine down to a hundredth."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    return 0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2
