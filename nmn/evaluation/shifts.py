"""The same scenes drawn otherwise: how well a classifier holds where pictures are not as those of its training.

After CLIP against ResNet-101 on ImageNet's variants (Radford et al. 2021, section 3.3): other pictures of the same
classes (V2), other ways to draw them (Rendition, Sketch), other textures (Stylized), noise (C), and pictures made to
mislead (here FGSM and PGD, which know the model, in the place of ImageNet-A, which was picked to).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from nmn.evaluation.attacks import fgsm, pgd
from nmn.scene import SceneGraph
from nmn.training.classify import Labelled, class_names, drawn_images, labels_of
from synth_data.config import SynthConfig
from synth_data.render_torch import render_batch
from synth_data.scenes import draw_scenes
from synth_data.splits import STYLES

EPSILON = 8 / 255  # of both attacks, the value usual for small colour images
STANDARD = "standard"
JUDGED_AT_ONCE = 100
SEED = 3_000_017  # added to a run's seed, for the scenes that shifts are drawn of


class Shift(NamedTuple):
    """What is drawn otherwise: settings of the generator, by Pillow or by the renderer in torch."""

    changes: Mapping[str, Any]
    in_torch: bool = False


SHIFTS = {
    STANDARD: Shift({}),  # other scenes
    "redrawn": Shift({"background": "sand", "scale": 0.5}, in_torch=True),
    "outline": Shift(STYLES["outline"]),
    "textured": Shift(STYLES["textured"]),
    "noisy": Shift(STYLES["noisy"]),
}
ATTACKS: dict[str, Callable[..., Tensor]] = {"FGSM": fgsm, "PGD": pgd}
COLUMNS = (*SHIFTS, *ATTACKS)


class Scorer(Protocol):
    """What is compared: the logits of images in 0..1, which gradients go through."""

    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch classes"]:
        """Return the logits of each class."""


def shifted(
    config: SynthConfig, attributes: Sequence[str], shift: str, count: int, seed: int
) -> tuple[list[SceneGraph], Labelled]:
    """Return scenes of one object with their pictures under a shift; the scenes are the same for each of them."""
    scenes = draw_scenes(config, count, np.random.default_rng([seed, 10]))
    changes, in_torch = SHIFTS[shift]
    rng = np.random.default_rng([seed, 11, list(SHIFTS).index(shift)])
    drawn = _changed(config, changes)
    pictures = _in_torch(scenes, drawn, rng) if in_torch else drawn_images(scenes, drawn, rng)
    return scenes, Labelled(pictures, labels_of(scenes, attributes, class_names(config, attributes)))


def _changed(config: SynthConfig, changes: Mapping[str, Any]) -> SynthConfig:
    """Return the configuration with changes; a background that is given stands in the place of several."""
    several = config.backgrounds if "background" not in changes else ()
    return replace(config, backgrounds=several, **changes)


def _in_torch(
    scenes: Sequence[SceneGraph], config: SynthConfig, rng: np.random.Generator
) -> UInt8[Tensor, "scenes 3 height width"]:
    parts = [scenes[start : start + JUDGED_AT_ONCE] for start in range(0, len(scenes), JUDGED_AT_ONCE)]
    return torch.cat([render_batch(part, config.pixels, config.drawings[0], rng=rng) for part in parts])


def accuracies(
    score: Scorer, config: SynthConfig, attributes: Sequence[str], count: int, seed: int, epsilon: float = EPSILON
) -> dict[str, float]:
    """Return the share of right classes under each shift and attack; attacks start from the standard pictures."""
    found: dict[str, float] = {}
    for shift in SHIFTS:
        _, data = shifted(config, attributes, shift, count, seed)
        found[shift] = _share(score, data, lambda images, targets: images)
    _, data = shifted(config, attributes, STANDARD, count, seed)
    generator = torch.Generator().manual_seed(seed)
    found["FGSM"] = _share(score, data, lambda images, targets: fgsm(score, images, targets, epsilon))
    found["PGD"] = _share(
        score, data, lambda images, targets: pgd(score, images, targets, epsilon, generator=generator)
    )
    return found


def _share(score: Scorer, data: Labelled, change: Callable[[Tensor, Tensor], Tensor]) -> float:
    right = 0
    for pixels, targets in zip(
        torch.split(data.images, JUDGED_AT_ONCE), torch.split(data.targets, JUDGED_AT_ONCE), strict=True
    ):
        images = change(pixels.float() / 255, targets)
        with torch.inference_mode():
            right += int((score(images).argmax(1) == targets).sum())
    return right / len(data.targets)
