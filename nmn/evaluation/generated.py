"""Generated datasets as images with questions, and which of a network's regions is which object of a scene."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from nmn.assembler.execute import Run
from nmn.assembler.trace import answer_text
from nmn.data.example import ImageExample
from nmn.layout import Layout
from nmn.scene import SceneGraph
from nmn.vision.matching import by_middle, by_overlap
from synth_data.dataset import Dataset
from synth_data.example import Example

POINTING = ("refer", "refer_related")  # families whose answer is no word


def image_examples(dataset: Dataset) -> Iterator[tuple[Example, ImageExample]]:
    """Yield the examples of a dataset that have an answer in words, as generated and as a network sees them."""
    for shard in dataset.shards:
        for example, pixels in zip(dataset.examples(shard), dataset.images(shard), strict=True):
            if example.family not in POINTING:
                word = answer_text(example.answer, example.layout.kind)
                yield example, ImageExample(example.text, pixels, word, example.family, example.scene)


def match_objects(run: Run, scenes: Sequence[SceneGraph]) -> Int[Tensor, "images regions"]:
    """Return, for every image, the object that each region is by its box, -1 for none; no object twice."""
    return _matched(run, scenes, by_overlap)


def match_cells(run: Run, scenes: Sequence[SceneGraph]) -> Int[Tensor, "images regions"]:
    """Return, for every image, the object whose box holds the middle of each cell, -1 for none; the last drawn wins."""
    return _matched(run, scenes, by_middle)


def _matched(
    run: Run, scenes: Sequence[SceneGraph], match_one: Callable[[Tensor, Tensor], list[int]]
) -> Int[Tensor, "images regions"]:
    regions = run.regions
    whole = regions.panels.boxes[..., 2:].amax(1).cpu()
    match = torch.full(regions.mask.shape, -1, dtype=torch.long)
    for image, scene in enumerate(scenes):
        count = int(regions.mask[image].sum())
        boxes = torch.tensor([thing.box for thing in scene.objects]).reshape(-1, 4)
        boxes = boxes * (whole[image] / torch.tensor([scene.width, scene.height])).repeat(2)
        match[image, :count] = torch.tensor(match_one(regions.boxes[image, :count].cpu(), boxes), dtype=torch.long)
    return match


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
