"""One backbone for every compared system: it learns what each cell shows, from scenes, and then stays as it is.

This stands for what detectors that were trained on Visual Genome's attributes gave to the systems of the literature
(bottom-up attention, Anderson et al. 2018): features once per image, and no system that sees better than another. Of a
cell it learns each value of each attribute of the objects that cover at least COVERED of it, and nothing of questions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor, nn

from nmn.checkpoint import save_checkpoint
from nmn.config import settings_json
from nmn.training.loop import Progress, fit_batches, places_of
from nmn.training.settings import LoopSettings
from nmn.vision.backbone import Backbone, build_backbone
from synth_data.config import SynthConfig
from synth_data.picture import index_mask, picture
from synth_data.scenes import many_scenes

COVERED = 0.1  # of a cell
RARE = 4.0  # weight of a value that is there, as most are not


@dataclass(frozen=True)
class Shown:
    """Images, and which values each of their cells shows."""

    images: UInt8[Tensor, "images 3 height width"]
    values: Bool[Tensor, "images values rows columns"]

    def to(self, device: torch.device) -> "Shown":
        """Return both on a device."""
        return Shown(self.images.to(device), self.values.to(device))


class CellValues(nn.Module):
    """``sigmoid(W backbone(image) + b)``, cell by cell."""

    def __init__(self, backbone: Backbone, values: int) -> None:
        super().__init__()
        self.backbone, self.head = backbone, nn.Conv2d(backbone.channels, values, 1)

    def forward(self, batch: Shown) -> tuple[Tensor, Tensor]:
        """Return the mean loss, and the share of the cells' values that are seen among those that are there or seen."""
        pixels = (batch.images.float() / 255).contiguous(memory_format=torch.channels_last)
        logits = self.head(self.backbone(pixels)).float()
        there = batch.values.float()
        loss = nn.functional.binary_cross_entropy_with_logits(logits, there, pos_weight=torch.tensor(RARE))
        found = logits > 0
        return loss, (found & batch.values).sum() / (found | batch.values).sum().clamp(min=1)


def train_cells(
    config: SynthConfig,
    scenes: int,
    sizes: tuple[tuple[int, ...], tuple[int, ...]],
    settings: LoopSettings,
    folder: Path,
    file: Path,
    watch: Callable[[Progress], None],
) -> None:
    """Train a small backbone of ``sizes``, widths and strides, and write it to a file; ``folder`` holds the run."""
    widths, strides = sizes
    torch.manual_seed(settings.seed)
    backbone = build_backbone("small", widths=widths, strides=strides)
    shown = _shown(config, scenes, backbone.stride_px, settings.seed)
    network = CellValues(backbone, shown.values.shape[1])

    def batch_at(step: int, rank: int, processes: int) -> Shown:
        chosen = torch.tensor(places_of(scenes, settings, step, rank, processes))
        return Shown(shown.images[chosen], shown.values[chosen])

    fit_batches(network, network, batch_at, settings, folder, watch)
    about = {"settings": settings_json(settings), "config": settings_json(config), "scenes": scenes}
    save_checkpoint(file, backbone.body.state_dict(), about)


def _shown(config: SynthConfig, count: int, cell_px: int, seed: int) -> Shown:
    rng = np.random.default_rng([seed, 10])
    scenes = many_scenes(config, count, rng)
    values = [(name, value) for name in config.words.attributes for value in config.words.attributes[name].values]
    images, shown = [], []
    for scene in scenes:
        images.append(torch.from_numpy(picture(scene, config, rng).transpose(2, 0, 1).copy()))
        owners = torch.from_numpy(index_mask(scene, config))
        masks = (owners == torch.arange(1, len(scene.objects) + 1).view(-1, 1, 1)).float()
        covers = nn.functional.avg_pool2d(masks, cell_px) >= COVERED
        has = torch.tensor([[thing.attributes.get(name) == value for name, value in values] for thing in scene.objects])
        shown.append((has.float().T @ covers.flatten(1).float() > 0).view(-1, *covers.shape[1:]))
    return Shown(torch.stack(images), torch.stack(shown))
