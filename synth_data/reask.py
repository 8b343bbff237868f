"""More questions about scenes that are there: the texts of other examples, where their answers are sure.

A network that trains reads an image once and answers several questions about it. A text is asked again as often where
it is true as where it is false, and no answer to it is taken more often than the next most frequent, so that the text
alone does not give it away; of those that are left, rare answers are taken more often, so that "none" does not prevail.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nmn.layout import Kind
from nmn.modules.exact import encode, exact_library
from synth_data.config import SynthConfig
from synth_data.example import Answer, Example
from synth_data.label import judge

CANDIDATES = 12  # texts tried for each that is wanted


def reask(examples: Sequence[Example], config: SynthConfig, each: int, rng: np.random.Generator) -> list[Example]:
    """Return examples, each followed by up to ``each - 1`` about the same scene, of the same number, without a trace.

    ``examples`` have answers in words: none refers to objects.
    """
    if each < 2:
        return list(examples)
    regions = encode([example.scene for example in examples], config.words, config.unsure_px)
    library = exact_library(config.words)
    scenes = np.arange(len(examples))
    texts = rng.integers(len(examples), size=(CANDIDATES * (each - 1), len(examples)))
    judged = [judge([examples[text].layout for text in row], scenes, regions, library) for row in texts.tolist()]
    answers, sure = (np.array(part) for part in zip(*judged, strict=True))
    sure = _level(texts, answers, sure, rng)
    families = np.unique([example.family for example in examples], return_inverse=True)[1]
    keys = families[texts] * (answers.max(initial=0) + 2) + answers
    frequency = Counter(keys[sure].tolist())
    common = np.array([frequency[key] for key in keys.ravel().tolist()]).reshape(keys.shape)
    waits = rng.exponential(size=texts.shape) * common
    order = np.argsort(np.where(sure, waits, np.inf), axis=0)
    together = []
    for place, example in enumerate(examples):
        together.append(example)
        layouts = {example.layout}
        for at in order[: int(sure[:, place].sum()), place].tolist():
            other = examples[texts[at, place]]
            if len(layouts) == each:
                break
            if other.layout not in layouts:
                layouts.add(other.layout)
                answer = _answer(other, int(answers[at, place]), config)
                asked = replace(example, family=other.family, text=other.text, layout=other.layout, answer=answer)
                together.append(replace(asked, trace=(), way="", group=-1))
    return together


def _level(
    texts: NDArray[np.int64], answers: NDArray[np.int64], sure: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which sure answers are kept: of each text, any answer as often as the second most frequent at most.

    >>> texts, answers = np.zeros((1, 5), int), np.array([[0, 0, 0, 1, 0]])
    >>> _level(texts, answers, np.ones((1, 5), bool), np.random.default_rng(0)).sum()
    np.int64(2)
    """
    width = int(answers.max(initial=0)) + 1
    keys = np.where(sure, texts * width + answers, -1).ravel()
    counts = np.bincount(keys[keys >= 0], minlength=(int(texts.max(initial=0)) + 1) * width).reshape(-1, width)
    most = np.sort(np.pad(counts, ((0, 0), (1, 0))), axis=1)[:, -2]
    shuffled = rng.permutation(len(keys))
    order = shuffled[np.argsort(keys[shuffled], kind="stable")]
    firsts = np.searchsorted(keys[order], keys[order])
    rank = np.empty(len(keys), np.int64)
    rank[order] = np.arange(len(keys)) - firsts
    return sure & (rank.reshape(texts.shape) < most[texts])


def _answer(example: Example, code: int, config: SynthConfig) -> Answer:
    """Return the answer to an example's text that a code of ``judge`` stands for."""
    layout = example.layout
    if layout.kind is Kind.TRUTH:
        return bool(code)
    if layout.kind is Kind.ATTRIBUTE and layout.argument:
        return tuple(config.words.attributes[layout.argument].values)[code]
    return code
