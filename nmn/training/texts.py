"""What the compared systems train on: texts about prepared images, as numbers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nmn.models.protocol import Batch
from nmn.models.tokens import Words, words_of
from nmn.training.crowd import FAMILY
from nmn.training.data import asked_of
from synth_data.example import Example


@dataclass(frozen=True)
class Told:
    """Texts about images: each with the number of its image, whether it is denied, and its answer ("" for captions)."""

    texts: tuple[str, ...]
    images: tuple[int, ...]
    denied: tuple[bool, ...]
    answers: tuple[str, ...]
    families: tuple[str, ...]

    def batch(self, words: Words, answers: Sequence[str], seen: dict[str, Tensor]) -> Batch:
        """Return the texts as numbers, over prepared images."""
        known = {answer: number for number, answer in enumerate(answers)}
        targets = torch.tensor([known.get(answer, -1) for answer in self.answers], dtype=torch.long)
        return Batch(torch.tensor(self.images), seen, words.encode_all(self.texts, self.denied), targets)

    def vocabulary(self) -> tuple[Words, tuple[str, ...]]:
        """Return the words of the texts and their answers, the most frequent first."""
        frequent = Counter(answer for answer in self.answers if answer)
        return words_of(self.texts), tuple(sorted(frequent, key=lambda answer: (-frequent[answer], answer)))


def questions_told(examples: Sequence[Example]) -> Told:
    """Return generated examples as questions with answers in words."""
    asked = asked_of(examples)
    return Told(
        tuple(example.text for example in examples), tuple(example.number for example in examples),
        (False,) * len(examples), asked.answers, asked.families,
    )  # fmt: skip


def captions_told(examples: Sequence[Example], shard_size: int) -> Told:
    """Return the captions of generated scenes, each with what is false of its scene, denied.

    A caption is false of the scene after its own in the same shard (see ``synth_data.captions``).
    """
    rows = [row for block in _blocks(examples, shard_size) for row in _captions(block)]
    texts, images, denied = zip(*rows, strict=True) if rows else ((), (), ())
    return Told(texts, images, denied, ("",) * len(rows), ("caption",) * len(rows))


def _captions(block: Sequence[Example]) -> Iterator[tuple[str, int, bool]]:
    for place, example in enumerate(block):
        for text in example.captions:
            yield text, example.number, False
        if len(block) > 1:
            for text in block[place - 1].captions:
                yield text, example.number, True


def _blocks(examples: Sequence[Example], shard_size: int) -> Iterator[list[Example]]:
    """Yield the first example of each scene, shard by shard."""
    firsts: dict[int, Example] = {}
    for example in examples:
        if example.family != FAMILY:  # no caption was checked against what people wrote of
            firsts.setdefault(example.number, example)
    shards: dict[int, list[Example]] = {}
    for number, example in sorted(firsts.items()):
        shards.setdefault(number // shard_size, []).append(example)
    yield from shards.values()
