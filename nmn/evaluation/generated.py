"""Generated datasets as images with questions, and how many answers follow an edit of the scene."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nmn.assembler.trace import answer_text
from nmn.data.example import ImageExample
from nmn.layout import Layout
from synth_data.dataset import Dataset
from synth_data.example import Example
from synth_data.questions import POINTING


def image_examples(dataset: Dataset) -> Iterator[tuple[Example, ImageExample]]:
    """Yield the examples of a dataset that have an answer in words, as generated and as a network sees them."""
    for shard in dataset.shards:
        for example, pixels in zip(dataset.examples(shard), dataset.images(shard), strict=True):
            if example.family not in POINTING:
                word = answer_text(example.answer, example.layout.kind)
                yield example, ImageExample(example.text, pixels, word, example.family, example.scene)


class Counterfactual(NamedTuple):
    """Of texts asked of a scene and of its edit, which turns their answers: how many followed it.

    ``answers``: both answers are right. ``calls``: every call of both traces is right too, those that the edit changes
    and those that it leaves.
    """

    pairs: int
    answers: int
    calls: int

    def to_json(self) -> dict[str, float | int]:
        """Return counts and shares as plain JSON data."""
        shares = {name: getattr(self, name) / self.pairs for name in ("answers", "calls")} if self.pairs else {}
        return {"pairs": self.pairs, **shares}


def counterfactual(examples: Sequence[Example], right: Sequence[bool], faithful: Sequence[bool]) -> Counterfactual:
    """Return what followed the edits of a dataset of contrast groups, of four examples each."""
    asked: dict[tuple[int, Layout], list[int]] = {}
    for place, example in enumerate(examples):
        if example.group >= 0:
            asked.setdefault((example.group, example.layout), []).append(place)
    pairs = [places for places in asked.values() if len({examples[place].answer for place in places}) == 2]
    answers = [all(right[place] for place in places) for places in pairs]
    calls = [
        followed and all(faithful[place] for place in places) for places, followed in zip(pairs, answers, strict=True)
    ]
    return Counterfactual(len(pairs), sum(answers), sum(calls))
