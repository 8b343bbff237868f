"""Training of detectors on gold scenes of a generator's preset: perception alone, no question and no answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from nmn.errors import TrainingError
from nmn.training.settings import warm_cosine
from nmn.vision.detector import Detector, naming_loss
from nmn.vision.proposals import COARSE_PX, FINE_PX, Maps, cell_centres, channels_last, targets
from synth_data.config import SynthConfig
from synth_data.drawn import panel_boxes
from synth_data.picture import picture
from synth_data.scenes import draw_scenes


@dataclass(frozen=True)
class NamingSettings:
    """Every number of a detector's training; ``scenes`` are drawn by ``preset``, each of their panels is an image."""

    name: str = "nlvr"
    seed: int = 0
    preset: str = "nlvr"
    scenes: int = 6_000
    steps: int = 3_000
    batch: int = 64
    rate: float = 3e-3
    channels: int = 32
    threads: int = 0


class Gold(NamedTuple):
    """Panels as images [panels 3 height width], with boxes in pixels, mask, values [panels objects attributes] and
    owners of fine cells."""

    images: Tensor
    boxes: Tensor
    mask: Tensor
    values: Tensor
    owners: Tensor


def train_detector(
    settings: NamingSettings, config: SynthConfig, watch: Callable[[int, int, float], None] = lambda *_: None
) -> Detector:
    """Return a detector trained on scenes of a configuration; a function of both."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    attributes = {name: config.values(name) for name in ("shape", "color", "size") if name in config.words.attributes}
    gold = gold_panels(settings, config, attributes)
    torch.manual_seed(settings.seed)
    net = Detector(attributes, settings.channels).to(device)
    channels_last(net.proposer)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.rate, weight_decay=1e-2)
    rng = np.random.default_rng([settings.seed, 7])
    sizes = tuple(len(part) for part in attributes.values())
    for step in range(settings.steps):
        chosen = np.sort(rng.choice(len(gold.images), settings.batch, replace=False))
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * warm_cosine(step, settings.steps, settings.steps // 20)
        batch = Gold(*[part[chosen].to(device) for part in gold])
        pixels = batch.images.float().div_(255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            maps, logits = net(pixels)
        wanted = targets(batch.boxes, batch.mask, batch.owners)
        near = nearest_values(batch, wanted.heat.shape[1:])
        loss = naming_loss(Maps(*(part.float() for part in maps)), logits.float(), wanted, near, sizes)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10)
        optimizer.step()
        if step % 20 == 19 or step + 1 == settings.steps:
            value = loss.item()
            if not np.isfinite(value):
                raise TrainingError(f"detector, step {step}: the loss is {value}; lower rate")
            watch(step + 1, settings.steps, value)
    return net.to("cpu").eval()


def nearest_values(gold: Gold, shape: torch.Size) -> Tensor:
    """Return, for every coarse cell, the values of the nearest object [batch rows columns attributes]."""
    boxes = gold.boxes
    at = cell_centres(shape[0], shape[1], COARSE_PX, boxes.device).view(1, -1, 1, 2)
    apart = (at - (boxes[..., :2] + boxes[..., 2:]).unsqueeze(1) / 2).square().sum(-1)
    nearest = apart.masked_fill(~gold.mask.unsqueeze(1), torch.inf).argmin(-1)
    found = gold.values.gather(1, nearest.unsqueeze(-1).expand(-1, -1, gold.values.shape[-1]))
    return found.view(len(boxes), *shape, -1)


def gold_panels(settings: NamingSettings, config: SynthConfig, attributes: Mapping[str, tuple[str, ...]]) -> Gold:
    """Draw scenes; return what ``Gold`` says of each of their panels, in pixels of the picture, which is as large."""
    rng = np.random.default_rng([settings.seed, 8])
    scenes = draw_scenes(config, settings.scenes, rng)
    frames = [tuple(int(side) for side in box) for box in panel_boxes(config)]
    most, count = config.max_objects, len(scenes) * len(frames)
    boxes, mask = np.zeros((count, most, 4), np.float32), np.zeros((count, most), bool)
    values = np.zeros((count, most, len(attributes)), np.int64)
    owners = np.zeros((count, config.height // FINE_PX, config.width // FINE_PX), np.uint8)
    images = np.empty((count, 3, config.height, config.width), np.uint8)
    for row, scene in enumerate(scenes):
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
