"""What is in a dataset: balance, lengths, families, which values go together, and what the text alone gives away."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nmn.layout import Kind
from synth_data.example import Example

MAX_TEXTS = 120_000  # that the classifier of texts is trained and tested on
EPOCHS = 6


@dataclass(frozen=True)
class FamilyStats:
    """One family of texts: how many, mean words and calls, and how often each answer."""

    family: str
    examples: int
    words: float
    calls: float
    answers: Mapping[str, int]

    @property
    def majority(self) -> float:
        """How often the most frequent answer is right."""
        return max(self.answers.values()) / self.examples


@dataclass(frozen=True)
class TextOnly:
    """A bag-of-words classifier on texts alone: what it gets right on held-out examples, and what the majority does."""

    group: str
    held_out: int
    accuracy: float
    majority: float

    @property
    def gain(self) -> float:
        """How much the text gives away, in points."""
        return 100 * (self.accuracy - self.majority)


@dataclass(frozen=True)
class Stats:
    """Statistics of a dataset; ``together`` counts objects by shape and colour, ``objects`` images by size."""

    examples: int
    families: tuple[FamilyStats, ...]
    ways: Mapping[str, int]
    objects: Mapping[int, int]
    together: Mapping[tuple[str, str], int]
    text_only: tuple[TextOnly, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the statistics as plain JSON data."""
        return {
            "examples": self.examples,
            "families": [
                {"family": row.family, "examples": row.examples, "words": row.words, "calls": row.calls,
                 "majority": row.majority, "answers": dict(row.answers)}
                for row in self.families
            ],
            "ways": dict(self.ways),
            "objects": dict(self.objects),
            "shape_color": {f"{color} {shape}": count for (shape, color), count in self.together.items()},
            "text_only": [
                {"group": row.group, "held_out": row.held_out, "accuracy": row.accuracy, "majority": row.majority}
                for row in self.text_only
            ],
        }  # fmt: skip


def collect(examples: Iterable[Example], seed: int = 0) -> Stats:
    """Return the statistics of examples, which are gone through once; texts are kept, scenes are not."""
    words: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    ways: Counter[str] = Counter()
    objects: Counter[int] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    texts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    total = 0
    for example in examples:
        total += 1
        answer = f"{len(example.answer)} objects" if isinstance(example.answer, tuple) else str(example.answer)
        words[example.family][0] += len(example.text.split())
        words[example.family][1] += len(example.layout.calls)
        answers[example.family][answer] += 1
        if example.answer is False:
            ways[example.way or "unnamed"] += 1
        seen = [thing.attributes for thing in example.scene.filled]
        objects[len(seen)] += 1
        together.update((thing["shape"], thing["color"]) for thing in seen)
        if total <= MAX_TEXTS and (group := group_of(example)):
            texts[group].append((example.text, answer))
    families = tuple(
        FamilyStats(name, sum(found.values()), words[name][0] / sum(found.values()),
                    words[name][1] / sum(found.values()), dict(found.most_common()))
        for name, found in sorted(answers.items())
    )  # fmt: skip
    known = [text_only(group, found, seed) for group, found in sorted(texts.items()) if len(found) >= 100]
    return Stats(total, families, ways, dict(sorted(objects.items())), together, tuple(known))


def group_of(example: Example) -> str:
    """Return with which texts an example shares its answers: truths, numbers of a family, values of an attribute."""
    if example.layout.kind is Kind.TRUTH:
        return "true or false"
    if example.layout.kind is Kind.NUMBER:
        return f"number: {example.family}"
    if example.layout.kind is Kind.ATTRIBUTE:
        return f"attribute: {example.layout.argument}"
    return ""


def text_only(group: str, texts: Sequence[tuple[str, str]], seed: int = 0) -> TextOnly:
    """Train a logistic regression on the words of one half of the texts and test it on the other half."""
    shuffled = list(texts)
    random.Random(seed).shuffle(shuffled)
    half = len(shuffled) // 2
    train, test = shuffled[:half], shuffled[half:]
    vocabulary = {
        word: place for place, word in enumerate(sorted({word for text, _ in train for word in _words(text)}))
    }
    labels = {label: place for place, label in enumerate(sorted({label for _, label in shuffled}))}
    predicted = _fit_predict([text for text, _ in train], [labels[label] for _, label in train],
                             [text for text, _ in test], vocabulary, len(labels), seed)  # fmt: skip
    right = sum(int(label == labels[name]) for label, (_, name) in zip(predicted, test, strict=True))
    usual = Counter(label for _, label in train).most_common(1)[0][0]
    return TextOnly(group, len(test), right / len(test), sum(label == usual for _, label in test) / len(test))


def _words(text: str) -> list[str]:
    return text.lower().replace("?", " ?").replace(".", " .").split()


def _fit_predict(
    train: list[str], labels: list[int], test: list[str], vocabulary: Mapping[str, int], classes: int, seed: int
) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    features, target = _bags(train, vocabulary), torch.tensor(labels)
    weight = torch.zeros(len(vocabulary) + 1, classes, requires_grad=True)
    optimiser = torch.optim.Adam([weight], lr=0.02, weight_decay=1e-4)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(train), generator=generator).split(256):  # type: ignore[no-untyped-call]
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(features[rows] @ weight, target[rows]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    with torch.no_grad():
        return (_bags(test, vocabulary) @ weight).argmax(1).tolist()


def _bags(texts: list[str], vocabulary: Mapping[str, int]) -> torch.Tensor:
    bags = torch.zeros(len(texts), len(vocabulary) + 1)
    bags[:, -1] = 1
    for row, text in enumerate(texts):
        for word in _words(text):
            if word in vocabulary:
                bags[row, vocabulary[word]] = 1
    return bags
