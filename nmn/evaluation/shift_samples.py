"""A picture of shifts: some scenes under each of them, and what a system takes them for."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from nmn.evaluation.attacks import fgsm, pgd
from nmn.evaluation.shifts import SHIFTS, STANDARD, Scorer, shifted
from nmn.training.classify import Labelled, class_names
from nmn.visualisation.convolution import Strip, Tile, draw_strips
from synth_data.config import SynthConfig


def sample_strips(
    score: Scorer, config: SynthConfig, attributes: tuple[str, ...], scenes: int, seed: int, epsilon: float
) -> list[Strip]:
    """Return scenes, a strip each, drawn in every way and attacked, each with the class that a system says."""
    names, drawn = class_names(config, attributes), {}
    for shift in SHIFTS:
        _, data = shifted(config, attributes, shift, scenes, seed)
        drawn[shift] = data.images / 255
    _, plain = shifted(config, attributes, STANDARD, scenes, seed)
    drawn["FGSM"] = fgsm(score, drawn[STANDARD], plain.targets, epsilon)
    drawn["PGD"] = pgd(score, drawn[STANDARD], plain.targets, epsilon, generator=torch.Generator().manual_seed(seed))
    said = {}
    for column, images in drawn.items():
        with torch.inference_mode():
            said[column] = [names[place] for place in score(images).argmax(1).tolist()]
    return [_strip(place, plain, drawn, said, names) for place in range(scenes)]


def _strip(
    place: int, plain: Labelled, drawn: dict[str, Tensor], said: dict[str, list[str]], names: tuple[str, ...]
) -> Strip:
    tiles = []
    for column, images in drawn.items():
        pixels = (images[place] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        tiles.append(Tile(np.ascontiguousarray(pixels), f"{column}: {said[column][place]}"))
    return Strip(names[int(plain.targets[place])], tiles)


def sample_picture(
    score: Scorer, config: SynthConfig, attributes: tuple[str, ...], scenes: int, seed: int, epsilon: float
) -> Image.Image:
    """Return the strips as one picture."""
    return draw_strips(sample_strips(score, config, attributes, scenes, seed, epsilon))
