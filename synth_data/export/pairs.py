"""NLVR2's layout (Suhr et al. 2019): two images and a statement about both.

::

    data/SPLIT.json                           an example a line; identifier SPLIT-SET-PAIR-SENTENCE
    images/SPLIT/DIR/SPLIT-SET-PAIR-img0.png  the left image, img1 the right one

The texts and scenes of one group are the sentences and pairs of one set; any other example is a set of its own.
"""

import json
from itertools import chain
from pathlib import Path

from nmn.errors import ConfigError
from nmn.layout import Layout
from nmn.scene import SceneGraph
from synth_data.dataset import Dataset
from synth_data.drawn import panel_boxes
from synth_data.example import Example
from synth_data.export.files import Shards, png_bytes
from synth_data.picture import Pixels

IN_FOLDER = 200  # sets in a directory of images


def write_pairs(dataset: Dataset, root: Path, split: str, shards: Shards) -> int:
    """Write the texts that are true or false; return how many. Raises ConfigError where images have no two panels."""
    if dataset.config.panels != 2:
        raise ConfigError(f"pairs are pictures of two panels; those of {dataset.root} have {dataset.config.panels}")
    places, written = Places(), 0
    (root / "data").mkdir(parents=True)
    with (root / "data" / f"{split}.json").open("w", encoding="utf-8", newline="\n") as file:
        for example, pixels in chain.from_iterable(shards):
            if not isinstance(example.answer, bool):
                continue
            number, pair, sentence = places.of(example)
            directory = str(places.sets // IN_FOLDER)
            entry = {
                "sentence": example.text, "label": str(example.answer), "directory": directory,
                "identifier": f"{split}-{number}-{pair}-{sentence}",
            }  # fmt: skip
            file.write(json.dumps(entry, separators=(",", ":")) + "\n")
            folder = root / "images" / split / directory
            folder.mkdir(parents=True, exist_ok=True)
            for side, image in enumerate(_panels(pixels, dataset)):
                path = folder / f"{split}-{number}-{pair}-img{side}.png"
                path.write_bytes(png_bytes(image))
            written += 1
    return written


class Places:
    """Set, pair and sentence of each example; examples of one group follow each other."""

    def __init__(self) -> None:
        self.number, self.group, self.sets = -1, -1, -1
        self.scenes: list[SceneGraph] = []
        self.layouts: list[Layout] = []

    def of(self, example: Example) -> tuple[int, int, int]:
        """Return the numbers of the next example."""
        if example.group < 0 or example.group != self.group:
            self.number, self.group, self.scenes, self.layouts = example.number, example.group, [], []
            self.sets += 1
        if example.scene not in self.scenes:
            self.scenes.append(example.scene)
        if example.layout not in self.layouts:
            self.layouts.append(example.layout)
        return self.number, self.scenes.index(example.scene), self.layouts.index(example.layout)


def _panels(pixels: Pixels, dataset: Dataset) -> list[Pixels]:
    boxes = panel_boxes(dataset.config)
    scale = pixels.shape[1] / boxes[-1][2]
    windows = [[round(side * scale) for side in box] for box in boxes]
    return [pixels[top:bottom, left:right] for left, top, right, bottom in windows]
