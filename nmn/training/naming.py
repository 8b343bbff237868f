"""Training of detectors on gold scenes of a generator's preset: perception alone, no question and no answer."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from nmn.training.loop import Progress, fit_batches, places_of
from nmn.training.settings import TrainSettings
from nmn.vision.detector import Detector, naming_loss
from nmn.vision.proposals import COARSE_PX, FINE_PX, Maps, cell_centres, channels_last, targets
from synth_data.config import SynthConfig
from synth_data.drawn import panel_boxes
from synth_data.picture import picture
from synth_data.scenes import draw_scenes

ANSWERED_AT_ONCE = 128  # panels


class Gold(NamedTuple):
    """Panels as images [panels 3 height width], with boxes in pixels, mask, values [panels objects attributes] and
    owners of fine cells."""

    images: Tensor
    boxes: Tensor
    mask: Tensor
    values: Tensor
    owners: Tensor

    def take(self, places: slice | Tensor) -> "Gold":
        """Return some of the panels."""
        return Gold(*(part[places] for part in self))

    def to(self, device: torch.device) -> "Gold":
        """Return the panels on a device."""
        return Gold(*(part.to(device, non_blocking=True) for part in self))


class Naming(nn.Module):
    """A detector with its loss, as one module."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector
        self.sizes = tuple(map(len, detector.attributes.values()))

    def forward(self, batch: Gold) -> tuple[Tensor, Tensor]:
        """Return the loss, and the share of values that are told rightly near the middle of objects."""
        maps, logits = self.detector((batch.images.float() / 255).contiguous(memory_format=torch.channels_last))
        wanted = targets(batch.boxes, batch.mask, batch.owners)
        values = nearest_values(batch, wanted.heat.shape[1:])
        loss = naming_loss(Maps(*(part.float() for part in maps)), logits.float(), wanted, values, self.sizes)
        told = torch.stack([part.argmax(1) for part in logits.split(self.sizes, 1)], -1)
        near = wanted.near.float()
        return loss, ((told == values).float().mean(-1) * near).sum() / near.sum().clamp(min=1)


def train_detector(
    settings: TrainSettings, config: SynthConfig, folder: Path, watch: Callable[[Progress], None] = lambda now: None
) -> Detector:
    """Return a detector trained on scenes of a configuration, a function of both; ``folder`` holds the run."""
    attributes = {name: config.values(name) for name in ("shape", "color", "size") if name in config.words.attributes}
    gold = gold_panels(config, attributes, settings.images, np.random.default_rng([settings.seed, 8]))
    torch.manual_seed(settings.seed)
    detector = Detector(attributes, settings.channels)
    channels_last(detector.proposer)

    def batch_at(step: int, rank: int, processes: int) -> Gold:
        return gold.take(torch.tensor(places_of(len(gold.images), settings, step, rank, processes)))

    fit_batches(detector, Naming(detector), batch_at, settings, folder, watch)
    return detector


def share_read(detector: Detector, gold: Gold) -> float:
    """Return the share of panels whose objects are all there, named rightly and placed within half a pixel."""
    right = 0
    for start in range(0, len(gold.images), ANSWERED_AT_ONCE):
        batch = gold.take(slice(start, start + ANSWERED_AT_ONCE))
        found = detector.detect(batch.images.float().div(255).contiguous(memory_format=torch.channels_last))
        for row in range(len(batch.images)):
            right += _same(
                _things(found.values[row], found.boxes[row], found.mask[row]),
                _things(batch.values[row], batch.boxes[row], batch.mask[row]),
            )
    return right / len(gold.images)


def _things(values: Tensor, boxes: Tensor, mask: Tensor) -> set[tuple[float, ...]]:
    """Return the names of objects with x and y of their middles."""
    middles = (boxes[mask][:, :2] + boxes[mask][:, 2:]) / 2
    return {(*named, *at) for named, at in zip(values[mask].tolist(), middles.tolist(), strict=True)}


def _same(found: set[tuple[float, ...]], gold: set[tuple[float, ...]]) -> bool:
    """Whether each object found has one of gold with its names and a middle within half a pixel."""
    if len(found) != len(gold):
        return False
    return all(
        any(one[:-2] == other[:-2] and max(abs(one[-2] - other[-2]), abs(one[-1] - other[-1])) < 0.5 for other in gold)
        for one in found
    )


def nearest_values(gold: Gold, shape: torch.Size) -> Tensor:
    """Return, for every coarse cell, the values of the nearest object [batch rows columns attributes]."""
    boxes = gold.boxes
    at = cell_centres(shape[0], shape[1], COARSE_PX, boxes.device).view(1, -1, 1, 2)
    apart = (at - (boxes[..., :2] + boxes[..., 2:]).unsqueeze(1) / 2).square().sum(-1)
    nearest = apart.masked_fill(~gold.mask.unsqueeze(1), torch.inf).argmin(-1)
    found = gold.values.gather(1, nearest.unsqueeze(-1).expand(-1, -1, gold.values.shape[-1]))
    return found.view(len(boxes), *shape, -1)


def gold_panels(
    config: SynthConfig, attributes: Mapping[str, tuple[str, ...]], scenes: int, rng: np.random.Generator
) -> Gold:
    """Draw scenes and return each of their panels, in pixels of the picture, which is as large as the scene."""
    drawn = draw_scenes(config, scenes, rng)
    frames = [tuple(int(side) for side in box) for box in panel_boxes(config)]
    most, count = config.max_objects, scenes * len(frames)
    boxes, mask = np.zeros((count, most, 4), np.float32), np.zeros((count, most), bool)
    values = np.zeros((count, most, len(attributes)), np.int64)
    owners = np.zeros((count, config.height // FINE_PX, config.width // FINE_PX), np.uint8)
    images = np.empty((count, 3, config.height, config.width), np.uint8)
    for row, scene in enumerate(drawn):
        pixels = picture(scene, config, rng)
        for panel, (left, top, right, bottom) in enumerate(frames):
            place = row * len(frames) + panel
            images[place] = pixels[top:bottom, left:right].transpose(2, 0, 1)
            for number, thing in enumerate([one for one in scene.objects if one.panel == panel]):
                box = np.array(thing.box) - (left, top, left, top)
                boxes[place, number], mask[place, number] = box, True
                values[place, number] = [attributes[name].index(thing.attributes[name]) for name in attributes]
                first = np.floor(box / FINE_PX).astype(int)
                owners[place, first[1] : first[3], first[0] : first[2]] = number + 1
    return Gold(*map(torch.from_numpy, (images, boxes, mask, values, owners)))
