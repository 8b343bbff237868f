"""CIDEr (Vedantam, Zitnick and Parikh 2015): how much of what people would say of just this image a caption says."""

import math
from collections import Counter
from collections.abc import Sequence

N_GRAMS = 4
Grams = Counter[tuple[str, ...]]


def cider(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return the mean, over images and lengths 1 to 4, of cosines of n-grams weighted by how rare they are.

    An n-gram's weight is its share of its caption's times the logarithm of images over images that have it in their
    references; 10 is the most, as in the paper's code. Words are compared as they are, without stemming.
    """
    if len(captions) != len(references) or not captions:
        raise ValueError(f"{len(references)} images with references need as many captions, got {len(captions)}")
    return 10 * sum(_of_length(captions, references, n) for n in range(1, N_GRAMS + 1)) / N_GRAMS


def _of_length(captions: Sequence[str], references: Sequence[Sequence[str]], n: int) -> float:
    shown = Counter(gram for texts in references for gram in set().union(*(_grams(text, n) for text in texts)))

    def weighed(text: str) -> dict[tuple[str, ...], float]:
        grams = _grams(text, n)
        total = sum(grams.values()) or 1
        return {gram: count / total * math.log(len(references) / max(1, shown[gram])) for gram, count in grams.items()}

    total = 0.0
    for caption, texts in zip(captions, references, strict=True):
        said = weighed(caption)
        total += sum(_cosine(said, weighed(text)) for text in texts) / max(1, len(texts))
    return total / len(captions)


def _grams(text: str, n: int) -> Grams:
    words = text.split()
    return Counter(tuple(words[place : place + n]) for place in range(len(words) - n + 1))


def _cosine(one: dict[tuple[str, ...], float], other: dict[tuple[str, ...], float]) -> float:
    lengths = math.sqrt(sum(part**2 for part in one.values()) * sum(part**2 for part in other.values()))
    return sum(part * other.get(gram, 0.0) for gram, part in one.items()) / lengths if lengths else 0.0
