"""What an image encoder knows of classes: by texts alone (zero-shot), and by a linear layer over its features.

After Radford et al. 2021, section 3.2 and figure 6: logistic regression on the features of some images of each class,
by L-BFGS, with an L2 penalty from a sweep over powers of ten on images of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmn.checkpoint import nothing_drawn
from nmn.errors import ConfigError
from nmn.evaluation.spread import Spread
from nmn.models.image_text import ImageText, zero_shot
from nmn.training.captioned import LABEL
from nmn.training.classify import SEEN_AT_ONCE, ClassifySettings, Labelled, class_names, labelled_images, one_object

SHOTS = (1, 2, 4, 8, 16, 32, 64)
PENALTIES = tuple(10.0**power for power in range(-6, 2))
# added to the seed, for images that no run of the same seed was trained on: to learn from, to choose by, to ask
SEEDS = (4_000_043, 5_000_011, 6_000_101)
ROUNDS = 200  # of L-BFGS


@dataclass(frozen=True)
class Probe:
    """Held-back images whose class is right, in percent, one figure a draw: ``zero_shot`` by texts, ``shots`` by so
    many images of each class.
    """

    classes: int
    zero_shot: Spread
    shots: Mapping[int, Spread]

    def lines(self) -> list[list[str]]:
        """Return the figures as a table, its heading first."""
        rows = [["texts alone (zero-shot)", str(self.zero_shot)]]
        rows += [
            [f"{shots} image{'s' if shots > 1 else ''} a class", str(spread)] for shots, spread in self.shots.items()
        ]
        return [["learned from", "right, %"], *rows]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON data, one a draw."""
        return {
            "classes": self.classes, "zero_shot": list(self.zero_shot.values),
            "shots": {str(shots): list(spread.values) for shots, spread in self.shots.items()},
        }  # fmt: skip


def probe(
    encoders: ImageText,
    settings: ClassifySettings,
    shots: Sequence[int] = SHOTS,
    seeds: int = 3,
    watch: Callable[[int, int], None] = lambda done, of: None,
) -> Probe:
    """Return what encoders know of the classes of the settings; each draw has images of its own to learn and to ask.

    ``settings``: what is drawn, how many ``images`` the shots are taken from, and how many are ``held_back``; as many
    again are what penalties are chosen by, however few the shots. Raises ConfigError for too few images.
    """
    names = class_names(one_object(settings), settings.classes)
    texts = [LABEL.format(name) for name in names]
    by_texts: list[float] = []
    by_shots: dict[int, list[float]] = {one: [] for one in sorted(shots)}
    for draw in range(seeds):
        sizes = (settings.images, settings.held_back, settings.held_back)
        drawn, choice, held = (
            labelled_images(settings, size, settings.seed + draw + seed)
            for size, seed in zip(sizes, SEEDS, strict=True)
        )
        most = first_of_each(drawn.targets, max(by_shots), len(names))
        some, chosen, asked = (_features(encoders, one) for one in (drawn.at(most), choice, held))
        parts = torch.split(held.images, SEEN_AT_ONCE)
        by_texts.append(_share(torch.cat([zero_shot(encoders, part, texts) for part in parts]), held.targets))
        for count, found in by_shots.items():
            layer = fitted(some.at(first_of_each(some.targets, count, len(names))), chosen, len(names))
            found.append(_share(layer(asked.images), asked.targets))
        watch(draw + 1, seeds)
    learned_from = {count: Spread(tuple(found)) for count, found in by_shots.items()}
    return Probe(len(names), Spread(tuple(by_texts)), learned_from)


def first_of_each(targets: Int[Tensor, " images"], count: int, classes: int) -> Int[Tensor, " some"]:
    """Return the places of the first images of each class, ``count`` of each; raise ConfigError where there are fewer.

    >>> first_of_each(torch.tensor([0, 0, 1, 0, 1]), 2, 2).tolist()
    [0, 1, 2, 4]
    """
    places = [(targets == one).nonzero().squeeze(1)[:count] for one in range(classes)]
    if (least := min(map(len, places))) < count:
        raise ConfigError(f"images: of some class there are {least}, fewer than the {count} to learn from; give more")
    return torch.cat(places).sort().values


def fitted(learned: Labelled, choice: Labelled, classes: int) -> nn.Linear:
    """Return the logistic regression of features, with the penalty that gets most of the images of choice right."""
    layers = [_regression(learned, classes, penalty) for penalty in PENALTIES]
    return max(layers, key=lambda layer: _share(layer(choice.images), choice.targets))


@torch.enable_grad()
def _regression(learned: Labelled, classes: int, penalty: float) -> nn.Linear:
    with nothing_drawn():
        layer = nn.Linear(learned.images.shape[1], classes)
    for part in layer.parameters():
        nn.init.zeros_(part)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(layer(learned.images), learned.targets)
        loss = loss + penalty * layer.weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return layer.requires_grad_(False)


def _features(encoders: ImageText, data: Labelled) -> Labelled:
    """Return the features of images, scaled so that they are of length 1 on average."""
    with torch.inference_mode():
        parts = [encoders.image_features(part) for part in torch.split(data.images, SEEN_AT_ONCE)]
    features = torch.cat(parts).float()
    return Labelled(features / features.norm(dim=1).mean().clamp(min=1e-6), data.targets)


def _share(logits: Float[Tensor, "images classes"], targets: Int[Tensor, " images"]) -> float:
    """Return how many of a hundred images have their own class as the likeliest."""
    return 100 * float((logits.argmax(1) == targets).float().mean())
