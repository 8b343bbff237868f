"""Training of proposals: from the boxes and masks of generated scenes, before and apart from the modules."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Num, UInt8
from torch import Tensor, nn
from torch.nn import functional

from nmn.checkpoint import PROPOSALS, PROPOSING, load_into, read_checkpoint, save_checkpoint, weights_file
from nmn.config import settings_json
from nmn.errors import ConfigError
from nmn.training.loop import Progress, fit_batches, places_of
from nmn.training.settings import LoopSettings, TrainSettings
from nmn.vision.proposals import COARSE_PX, FINE_PX, Maps, Proposer, channels_last, proposal_loss, targets
from nmn.vision.turns import MIRRORED, WAYS, turned
from synth_data.config import SynthConfig
from synth_data.picture import index_mask, picture
from synth_data.scenes import many_scenes

PROPOSER = "vision.proposer."  # of the names in a network over objects
STORED = (0.4, 0.9)  # times its size: the range of what a softened picture was stored at


class Scenes(NamedTuple):
    """Square scenes: images, bytes as drawn and floats in 0..1 as seen; boxes in pixels, and which of these there are;
    owners of fine cells."""

    images: Num[Tensor, "batch 3 side side"]
    boxes: Float[Tensor, "batch objects 4"]
    mask: Bool[Tensor, "batch objects"]
    owners: UInt8[Tensor, "batch rows rows"]

    def to(self, device: torch.device) -> "Scenes":
        """Return the scenes on a device."""
        return Scenes(*(part.to(device, non_blocking=True) for part in self))

    def turned(self, way: int) -> "Scenes":
        """Turn the scenes one of the eight ways of ``nmn.vision.turns``."""
        side = self.images.shape[-1]
        left, top, right, bottom = self.boxes.unbind(-1)
        if way >= MIRRORED:
            left, right = side - right, side - left
        for _ in range(way % 4):
            left, top, right, bottom = top, side - right, bottom, side - left
        boxes = torch.stack([left, top, right, bottom], -1)
        return self._replace(images=turned(self.images, way), boxes=boxes, owners=turned(self.owners, way))


def soften(images: Float[Tensor, "batch 3 side side"], scale: float) -> Float[Tensor, "batch 3 side side"]:
    """Return images as ones that were stored at ``scale`` times their size, and so lost what is finer."""
    side = images.shape[-1]
    small = functional.interpolate(images, round(side * scale), mode="bilinear", antialias=True)
    return functional.interpolate(small, side, mode="bilinear", antialias=True)


class Proposing(nn.Module):
    """Proposals with their loss, as one module."""

    def __init__(self, proposer: Proposer) -> None:
        super().__init__()
        self.proposer = proposer

    def forward(self, batch: Scenes) -> tuple[Tensor, Tensor]:
        """Return the loss, and the share of fine cells of which it is told rightly whether they show an object."""
        seen = self.proposer(batch.images.contiguous(memory_format=torch.channels_last))
        maps = Maps(*(part.float() for part in seen))
        wanted = targets(batch.boxes, batch.mask, batch.owners)
        return proposal_loss(maps, wanted), ((maps.shown > 0) == wanted.shown).float().mean()


def train_proposer(
    proposer: Proposer,
    settings: TrainSettings,
    config: SynthConfig,
    folder: Path,
    watch: Callable[[Progress], None] = lambda now: None,
) -> None:
    """Train proposals in place on scenes of a configuration, a function of all three; ``folder`` holds the run."""
    loop = LoopSettings(
        seed=settings.seed, steps=settings.proposal_steps, batch=settings.proposal_batch, rate=settings.proposal_rate,
        warm_up=settings.proposal_steps // 20, cosine=True, weight_decay=1e-2, clip=10.0, bf16=True,
        threads=settings.threads, save_every=settings.save_every,
    )  # fmt: skip
    scenes = _scenes(settings, config)

    def batch_at(step: int, rank: int, processes: int) -> Scenes:
        chosen = torch.tensor(places_of(len(scenes.images), loop, step, rank, processes))
        rng = np.random.default_rng([settings.seed, 7, step])
        drawn = Scenes(*(part[chosen] for part in scenes)).turned(int(rng.integers(WAYS)))
        pixels = drawn.images.float() / 255
        if rng.random() < settings.proposal_soft:
            pixels = soften(pixels, float(rng.uniform(*STORED)))
        return drawn._replace(images=pixels)

    fit_batches(proposer, Proposing(proposer), batch_at, loop, folder, watch)


def _scenes(settings: TrainSettings, config: SynthConfig) -> Scenes:
    """Draw scenes of a configuration, which are as large as their pictures."""
    if config.width != config.height or config.pixels % COARSE_PX:
        raise ConfigError(
            f"pixels: proposals are trained on square pictures whose side is a multiple of {COARSE_PX} pixels; got"
            f" width {config.width}, height {config.height}, pixels {config.pixels}"
        )
    rng = np.random.default_rng([settings.seed, 8])
    scenes = many_scenes(config, settings.proposal_scenes, rng)
    most = max(len(scene.objects) for scene in scenes)
    boxes, mask = np.zeros((len(scenes), most, 4), np.float32), np.zeros((len(scenes), most), bool)
    fine = replace(config, pixels=config.pixels // FINE_PX)
    pictures, owners = [], []
    for row, scene in enumerate(scenes):
        pictures.append(picture(scene, config, rng).transpose(2, 0, 1))
        owners.append(index_mask(scene, fine))
        scale = config.pixels / max(scene.width, scene.height)
        boxes[row, : len(scene.objects)] = np.array([thing.box for thing in scene.objects]) * scale
        mask[row, : len(scene.objects)] = True
    return Scenes(*map(torch.from_numpy, (np.stack(pictures), boxes, mask, np.stack(owners))))


def load_proposals(
    proposer: Proposer,
    settings: TrainSettings,
    config: SynthConfig,
    folder: Path,
    watch: Callable[[Progress], None] = lambda now: None,
) -> None:
    """Load the proposals that a run's folder or the settings have, or train them on scenes and keep them there."""
    path = folder / PROPOSALS
    if not path.exists() and settings.proposals:
        path = weights_file(settings.proposals)
    elif not path.exists():
        torch.manual_seed(settings.seed)
        trained = channels_last(Proposer(settings.proposal_channels))
        if settings.proposal_start:
            _load(trained, weights_file(settings.proposal_start))
        train_proposer(trained, settings, config, folder / PROPOSING, watch)
        save_checkpoint(path, trained.state_dict(), {"settings": settings_json(settings)})
    _load(proposer, path)


def _load(proposer: Proposer, path: Path) -> None:
    """Load proposals from their own file, or from that of a network over objects."""
    state, _ = read_checkpoint(path)
    own = {name.removeprefix(PROPOSER): part for name, part in state.items() if name.startswith(PROPOSER)}
    load_into(proposer, own or state, path)
