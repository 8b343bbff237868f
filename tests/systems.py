"""Small compared systems, and questions about small images that they can learn by heart; sizes are primes."""

from dataclasses import replace

import torch
from torch import Tensor

from nmn.models.baselines import Baseline, build_baseline
from nmn.models.build import NetworkSettings
from nmn.models.protocol import Batch
from nmn.models.tokens import Words

SIZES = NetworkSettings(
    regions="cells", backbone="small", widths=(7, 11), strides=(2, 2), pixels=20, channels=13,
    embed=5, hidden=29, blocks=2,
)  # fmt: skip
WORDS = Words(("is", "it", "red", "blue", "round", "what", "where"))
ANSWERS = ("yes", "no", "3", "red", "blue")
TEXTS = ("is it red", "is it round", "what is it", "where is it", "is it blue")
IMAGES, EXAMPLES = 11, 32


def small(model: str, seed: int = 0, **numbers: object) -> Baseline:
    """Return a system with random weights over the 5 x 5 cells of images of 20 pixels."""
    torch.manual_seed(seed)
    return build_baseline(replace(SIZES, model=model, **numbers), WORDS, ANSWERS)  # type: ignore[arg-type]


def pictures(count: int, generator: torch.Generator) -> Tensor:
    """Return images of 5 x 5 squares, each of a colour of chance."""
    squares = torch.randint(0, 256, (count, 3, 5, 5), generator=generator, dtype=torch.uint8)
    return squares.repeat_interleave(4, 2).repeat_interleave(4, 3)


def told(seed: int = 0, examples: int = EXAMPLES) -> Batch:
    """Return texts about random images, each with an answer of chance, equal ones with equal answers."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.arange(examples) % IMAGES
    texts = [TEXTS[(place // IMAGES + place) % len(TEXTS)] for place in range(examples)]
    targets = torch.randint(0, len(ANSWERS), (examples,), generator=generator)
    return Batch(images, {"images": pictures(IMAGES, generator)}, WORDS.encode_all(texts), targets)


def captioned(seed: int = 0) -> Batch:
    """Return a text of three words about each of as many random images, of chance; no two are equal."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(WORDS.words) ** 3, generator=generator)[:EXAMPLES].tolist()
    digits = [(place // 49, place // 7 % 7, place % 7) for place in order]
    texts = [" ".join(WORDS.words[digit] for digit in three) for three in digits]
    none = torch.full((EXAMPLES,), -1)
    return Batch(torch.arange(EXAMPLES), {"images": pictures(EXAMPLES, generator)}, WORDS.encode_all(texts), none)
