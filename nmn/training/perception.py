"""Training of proposals: from the boxes and masks of generated scenes, before and apart from the modules."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nmn.errors import TrainingError
from nmn.training.settings import TrainSettings, warm_cosine
from nmn.vision.proposals import FINE_PX, Maps, Proposer, channels_last, proposal_loss, targets
from nmn.vision.turns import MIRRORED, WAYS, turned
from synth_data.config import SynthConfig
from synth_data.picture import index_mask, picture
from synth_data.scenes import many_scenes

STORED = (0.4, 0.9)  # times its size: the range of what a softened picture was stored at


class Turned(NamedTuple):
    """A batch of square scenes, turned."""

    images: UInt8[Tensor, "batch 3 side side"]
    boxes: Float[Tensor, "batch objects 4"]
    owners: UInt8[Tensor, "batch rows rows"]


def turn(
    images: UInt8[Tensor, "batch 3 side side"],
    boxes: Float[Tensor, "batch objects 4"],
    owners: UInt8[Tensor, "batch rows rows"],
    way: int,
) -> Turned:
    """Turn scenes one of the eight ways of ``nmn.vision.turns``."""
    side = images.shape[-1]
    left, top, right, bottom = boxes.unbind(-1)
    if way >= MIRRORED:
        left, right = side - right, side - left
    for _ in range(way % 4):
        left, top, right, bottom = top, side - right, bottom, side - left
    return Turned(turned(images, way), torch.stack([left, top, right, bottom], -1), turned(owners, way))


def soften(images: Float[Tensor, "batch 3 side side"], scale: float) -> Float[Tensor, "batch 3 side side"]:
    """Return images as ones that were stored at ``scale`` times their size, and so lost what is finer."""
    side = images.shape[-1]
    small = functional.interpolate(images, round(side * scale), mode="bilinear", antialias=True)
    return functional.interpolate(small, side, mode="bilinear", antialias=True)


def train_proposer(
    settings: TrainSettings, config: SynthConfig, watch: Callable[[int, int, float], None] = lambda *_: None
) -> Proposer:
    """Return proposals trained on scenes of a configuration; a function of both."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    images, boxes, mask, owners = _scenes(settings, config)
    torch.manual_seed(settings.seed)
    net = channels_last(Proposer(settings.proposal_channels).to(device))
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.proposal_rate, weight_decay=1e-2)
    rng = np.random.default_rng([settings.seed, 7])
    order: NDArray[np.int64] = np.empty(0, np.int64)
    for step in range(settings.proposal_steps):
        if len(order) < settings.proposal_batch:
            order = rng.permutation(len(images))
        for group in optimizer.param_groups:
            group["lr"] = settings.proposal_rate * warm_cosine(
                step, settings.proposal_steps, settings.proposal_steps // 20
            )
        chosen, order = np.sort(order[: settings.proposal_batch]), order[settings.proposal_batch :]
        way = int(rng.integers(WAYS))
        scenes = turn(images[chosen].to(device), boxes[chosen].to(device), owners[chosen].to(device), way)
        pixels = scenes.images.float().div_(255)
        if rng.random() < settings.proposal_soft:
            pixels = soften(pixels, float(rng.uniform(*STORED)))
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            maps = net(pixels)
        wanted = targets(scenes.boxes, mask[chosen].to(device), scenes.owners)
        loss = proposal_loss(Maps(*(part.float() for part in maps)), wanted)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10)
        optimizer.step()
        if step % 20 == 19 or step + 1 == settings.proposal_steps:
            value = loss.item()
            if not np.isfinite(value):
                raise TrainingError(f"proposals, step {step}: the loss is {value}; lower proposal_rate")
            watch(step + 1, settings.proposal_steps, value)
    return net.to("cpu").eval()


def _scenes(settings: TrainSettings, config: SynthConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw scenes: images [scenes 3 height width], boxes in pixels [scenes objects 4], mask, owners of fine cells."""
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
    tensors = np.stack(pictures), boxes, mask, np.stack(owners)
    return tuple(torch.from_numpy(part) for part in tensors)  # type: ignore[return-value]
