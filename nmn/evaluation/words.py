"""How many examples a word takes: taken out of a network and learned again from as many images, asked of others.

A lesson is "is there a ...?" about some images, half of them with it; the exam the same about images of no lesson. A
network that has seen a word's things in training has features that part them from others, even where the word is taken
out; so the stricter measure is of a network that was trained without them, which does not know the word to begin with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.errors import DataError, LexiconError, did_you_mean
from nmn.evaluation.spread import Spread
from nmn.layout import Kind, Layout
from nmn.models.build import Network
from nmn.regions import Regions, joined, taken
from nmn.training.words import forgotten, learn_from_regions, regions_of
from synth_data.config import SynthConfig
from synth_data.picture import pictures
from synth_data.scenes import many_scenes

SEEN_AT_ONCE = 100  # images

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lessons:
    """Some lessons of the same number of examples: what share of the exam was right after each."""

    examples: int
    right: tuple[float, ...]

    @property
    def spread(self) -> Spread:
        """Their figure over the draws."""
        return Spread(tuple(100 * share for share in self.right))


@dataclass(frozen=True, slots=True)
class LearnedWord:
    """A word: whether the network had known its things, how much of the exam it knew, and its lessons.

    ``known``: the share of the exam that the network had right before the word was taken out, None where it did not
    know it. ``exam``: questions, half of them about images without it.
    """

    word: str
    known: float | None
    exam: int
    lessons: tuple[Lessons, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON data."""
        lessons = [
            {
                "examples": one.examples,
                "right": list(one.right),
                "mean": one.spread.mean / 100,
                "deviation": one.spread.deviation / 100,
            }
            for one in self.lessons
        ]
        return {"word": self.word, "known": self.known, "exam": self.exam, "lessons": lessons}


@dataclass(frozen=True, slots=True)
class Pool:
    """Images of generated scenes as a network sees them, and the values that their objects have."""

    regions: Regions
    values: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        return len(self.values)


def pool_of(network: Network, config: SynthConfig, watch: Callable[[int], None]) -> Pool:
    """Return ``config.size`` images; ``watch`` is told how many more are seen."""
    rng = np.random.default_rng(config.seed)
    scenes = many_scenes(config, config.size, rng)
    drawn = pictures(scenes, config, rng)
    parts = []
    while some := list(islice(drawn, SEEN_AT_ONCE)):
        parts.append(regions_of(network, some))
        watch(len(some))
    values = [frozenset(value for thing in scene.objects for value in thing.attributes.values()) for scene in scenes]
    return Pool(joined(parts), tuple(values))


def check_lessons(network: Network, words: Sequence[str], counts: Sequence[int], exam: int) -> None:
    """Raise LexiconError for a word that the network's lexicon lacks, DataError for odd numbers of images."""
    lexicon = network.lexicon
    for word in words:
        if word not in lexicon.attribute_of:
            raise LexiconError(
                f'the lexicon {lexicon.name} has no value "{word}"{did_you_mean(word, lexicon.attribute_of)}'
            )
    if odd := [one for one in (*counts, exam) if one % 2]:
        raise DataError(f"half of the images show the word's things, so their number is even; got {odd[0]}")


def learned_again(
    network: Network, word: str, counts: Sequence[int], draws: int, exam: int, pool: Pool, watch: Callable[[int], None]
) -> LearnedWord:
    """Take a word out of a network, where it knows it, and measure lessons of each number of examples.

    Lesson d of a number draws its images with seed d. ``watch`` is told of each lesson. Raises LexiconError for a value
    that the network's lexicon lacks, DataError for odd numbers and for a pool with too few images with or without it.
    """
    lexicon = network.lexicon
    check_lessons(network, [word], counts, exam)
    has = np.array([word in values for values in pool.values])
    due = (max(counts) + exam) // 2
    halves = [np.flatnonzero(has), np.flatnonzero(~has)]
    for name, places in zip(("with", "without"), halves, strict=True):
        if len(places) < due:
            raise DataError(
                f"{word}: {max(counts)} examples and an exam of {exam} need {due} images {name} it; there are"
                f" {len(places)} among {len(pool):,} (--images)"
            )
    asked = Layout("exists", None, (Layout("find", word),))
    last = np.concatenate([places[-(exam // 2) :] for places in halves])
    examined = taken(pool.regions, torch.from_numpy(last))

    def passed(examinee: Network) -> float:
        return float(np.mean(_truths(examinee, asked, examined) == has[last]))

    known = word in network.vocabulary.values
    ignorant = forgotten(network, word) if known else network
    lessons = []
    for count in counts:
        right = []
        for draw in range(draws):
            chosen = _lesson([places[: len(places) - exam // 2] for places in halves], count, draw)
            answers = ["yes" if one else "no" for one in has[chosen]]
            regions = taken(pool.regions, torch.from_numpy(chosen))
            right.append(passed(learn_from_regions(ignorant, lexicon, word, [asked] * count, answers, regions)))
            watch(1)
        lessons.append(Lessons(count, tuple(right)))
    return LearnedWord(word, passed(network) if known else None, len(last), tuple(lessons))


def _lesson(halves: Sequence[Integers], count: int, draw: int) -> Integers:
    rng = np.random.default_rng(draw)
    return np.concatenate([rng.permutation(places)[: count // 2] for places in halves])


@torch.no_grad()
def _truths(network: Network, layout: Layout, regions: Regions) -> NDArray[np.bool_]:
    reasoning = network.model.reasoning
    planned = plan([layout] * len(regions.features))
    run = execute(planned, reasoning.library, reasoning(regions))
    return (run.values[Kind.TRUTH][torch.from_numpy(planned.roots())] > 0.5).numpy()
