"""NLVR's official layout (Suhr et al. 2017).

::

    SPLIT/SPLIT.json                       one example a line
    SPLIT/images/DIR/SPLIT-N-K-P.png       identifier N-K, boxes in the order P of PERMUTATIONS

NLVR shows the three boxes of an image in all six orders, since no sentence of it depends on their order. Ours may: such
an example, and one without three boxes of one size, has the order 0 alone.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, permutations
from pathlib import Path
from typing import Any

import numpy as np

from nmn.lexicon import Lexicon
from nmn.scene import Box, SceneGraph
from synth_data.dataset import Dataset
from synth_data.example import Example
from synth_data.export.files import Shards, png_bytes
from synth_data.picture import Pixels
from synth_data.reference import evaluate

PERMUTATIONS = tuple(permutations(range(3)))
COLORS = {"yellow": "Yellow", "black": "Black", "blue": "#0099ff"}  # as its files write them; others keep their names
IN_FOLDER = 200  # examples in a directory of images


def write_nlvr(dataset: Dataset, root: Path, split: str, shards: Shards) -> int:
    """Write the texts that are true or false; return how many."""
    images = root / split / "images"
    images.mkdir(parents=True)
    names = Identifiers()
    written = 0
    with (root / split / f"{split}.json").open("w", encoding="utf-8", newline="\n") as file:
        for example, pixels in chain.from_iterable(shards):
            if not isinstance(example.answer, bool):
                continue
            name, directory = names.name(example), str(written // IN_FOLDER)
            file.write(json.dumps(_entry(example, name, directory, pixels), separators=(",", ":")) + "\n")
            (images / directory).mkdir(exist_ok=True)
            for order in orders(example, dataset.config.words):
                path = images / directory / f"{split}-{name}-{order}.png"
                path.write_bytes(png_bytes(_reordered(pixels, example.scene, order)))
            written += 1
    return written


class Identifiers:
    """Identifiers N-K: N the number of the first example with the sentence, K counts its images from 0.

    Only examples of one group, which follow each other, share a sentence.
    """

    def __init__(self) -> None:
        self.group, self.images = -1, dict[str, list[int]]()

    def name(self, example: Example) -> str:
        """Return the identifier of the next example."""
        if example.group < 0 or example.group != self.group:
            self.group, self.images = example.group, {}
        image = self.images.setdefault(example.text, [example.number, -1])
        image[1] += 1
        return f"{image[0]}-{image[1]}"


def _entry(example: Example, name: str, directory: str, pixels: Pixels) -> dict[str, Any]:
    label = "true" if example.answer else "false"
    return {
        "sentence": example.text,
        "label": label,
        "identifier": name,
        "directory": directory,
        "evals": {"r0": label},
        "structured_rep": _boxes(example.scene, pixels.shape[1] / example.scene.width),
    }


def _boxes(scene: SceneGraph, scale: float) -> list[list[dict[str, Any]]]:
    """Return the items of each box; lengths in pixels of the image, from the top left corner of the box."""
    panels = _panels(scene)
    boxes: list[list[dict[str, Any]]] = [[] for _ in panels]
    for thing in scene.filled:
        left, top, right, bottom = thing.box
        color = thing.attributes.get("color", "")
        item = {
            "y_loc": round((top - panels[thing.panel][1]) * scale),
            "type": thing.attributes.get("shape", ""),
            "color": COLORS.get(color, color),
            "x_loc": round((left - panels[thing.panel][0]) * scale),
            "size": round(max(right - left, bottom - top) * scale),
        }
        boxes[thing.panel].append(item)
    return boxes


def _panels(scene: SceneGraph) -> Sequence[Box]:
    return scene.panels or ((0.0, 0.0, scene.width, scene.height),)


def orders(example: Example, words: Lexicon) -> range:
    """Return the orders in which an example is shown: all six where none changes its answer, else the first."""
    panels = example.scene.panels
    if len({(box[2] - box[0], box[3] - box[1]) for box in panels}) != 1 or len(panels) != 3:
        return range(1)
    scenes = [_reordered_scene(example.scene, order) for order in PERMUTATIONS[1:]]
    steady = all(evaluate(example.layout, scene, words) == example.answer for scene in scenes)
    return range(len(PERMUTATIONS)) if steady else range(1)


def _reordered_scene(scene: SceneGraph, order: tuple[int, ...]) -> SceneGraph:
    """Return a scene whose panel at place i shows what was in panel ``order[i]``."""
    moved = []
    for thing in scene.objects:
        panel = order.index(thing.panel)
        x, y = (scene.panels[panel][side] - scene.panels[thing.panel][side] for side in (0, 1))
        left, top, right, bottom = thing.box
        moved.append(replace(thing, box=(left + x, top + y, right + x, bottom + y), panel=panel))
    return replace(scene, objects=tuple(moved))


def _reordered(pixels: Pixels, scene: SceneGraph, order: int) -> Pixels:
    if order == 0:
        return pixels
    scale = pixels.shape[1] / scene.width
    windows = [[round(side * scale) for side in box] for box in scene.panels]
    width = min(right - left for left, _, right, _ in windows)
    moved = np.array(pixels)
    for (left, top, _, bottom), source in zip(windows, PERMUTATIONS[order], strict=True):
        start = windows[source][0]
        moved[top:bottom, left : left + width] = pixels[top:bottom, start : start + width]
    return moved
