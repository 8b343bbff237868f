"""More questions about scenes that are there: the texts of other examples, where their answers are sure.

A network that trains reads an image once and answers several questions about it. Of the texts that are surely answered
in a scene, those with rare answers are taken more often, so that "no" and "none" do not prevail.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

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
                together.append(
                    replace(other, number=example.number, scene=example.scene, answer=answer, trace=(), way="")
                )
    return together


def _answer(example: Example, code: int, config: SynthConfig) -> Answer:
    """Return the answer to an example's text that a code of ``judge`` stands for."""
    layout = example.layout
    if layout.kind is Kind.TRUTH:
        return bool(code)
    if layout.kind is Kind.ATTRIBUTE and layout.argument:
        return tuple(config.words.attributes[layout.argument].values)[code]
    return code
