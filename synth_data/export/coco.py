"""COCO's layout (Lin et al. 2014; Chen et al. 2015 for captions), a category for each shape.

::

    annotations/captions_SPLIT.json   images, and annotations with a caption
    annotations/instances_SPLIT.json  images, and annotations with a category, a box, a mask and its area
    SPLIT/000000000007.png            the picture of example 7

An image's captions are its example's, and the text where it is a true statement. Objects that are hidden wholly have no
instance; boxes are the objects' own, also where they are hidden in part; areas and masks are of what is seen.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from synth_data.dataset import Dataset
from synth_data.example import Example
from synth_data.export.files import Shards, json_lists, png_bytes
from synth_data.picture import Pixels, index_mask

LISTS = ("images", "annotations")


def write_coco(dataset: Dataset, root: Path, split: str, shards: Shards) -> int:
    """Write every example's picture, captions and objects; return how many."""
    (root / split).mkdir()
    shapes = {name: 1 + place for place, name in enumerate(dataset.config.words.attributes["shape"].values)}
    categories = [{"id": number, "name": name, "supercategory": "shape"} for name, number in shapes.items()]
    head = {"info": _info(dataset), "licenses": [{"id": 0, "name": "none", "url": ""}]}
    folder, written, spoken, seen = root / "annotations", 0, 0, 0
    with (
        json_lists(folder / f"captions_{split}.json", *LISTS, **head) as add_caption,
        json_lists(folder / f"instances_{split}.json", *LISTS, **head, categories=categories) as add_instance,
    ):
        for example, pixels in chain.from_iterable(shards):
            image = _image(example, pixels)
            (root / split / image["file_name"]).write_bytes(png_bytes(pixels))
            for add in (add_caption, add_instance):
                add("images", image)
            for caption in _captions(example):
                add_caption("annotations", {"id": spoken, "image_id": example.number, "caption": caption})
                spoken += 1
            for found in _instances(example, pixels, index_mask(example.scene, dataset.config), shapes):
                add_instance("annotations", {"id": 1 + seen, **found})  # pycocotools takes an id of 0 for none
                seen += 1
            written += 1
    return written


def _info(dataset: Dataset) -> dict[str, Any]:
    config = dataset.config
    return {"description": f"synth_data, preset {config.preset}, seed {config.seed}", "version": "1.0"}


def _image(example: Example, pixels: Pixels) -> dict[str, Any]:
    height, width = pixels.shape[:2]
    name = f"{example.number:012d}.png"
    return {"id": example.number, "file_name": name, "height": height, "width": width, "license": 0}


def _captions(example: Example) -> list[str]:
    said = example.answer is True and example.text.endswith(".")  # SHAPES' questions end in no mark
    return list(dict.fromkeys((*example.captions, *((example.text,) if said else ()))))


def _instances(example: Example, pixels: Pixels, mask: Pixels, shapes: dict[str, int]) -> Iterator[dict[str, Any]]:
    scale = pixels.shape[1] / example.scene.width
    for place, thing in enumerate(example.scene.objects):
        visible = mask == 1 + place
        if area := int(visible.sum()):
            left, top, right, bottom = (round(side * scale, 3) for side in thing.box)
            yield {
                "image_id": example.number,
                "category_id": shapes[thing.attributes["shape"]],
                "bbox": [left, top, round(right - left, 3), round(bottom - top, 3)],
                "area": area,
                "segmentation": run_lengths(visible),
                "iscrowd": 0,
                "attributes": dict(thing.attributes),
            }


def run_lengths(visible: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return a mask in COCO's run-length encoding: lengths of runs down the columns, starting with one of zeros.

    >>> run_lengths(np.array([[0, 1], [1, 1]], bool))
    {'size': [2, 2], 'counts': [1, 3]}
    """
    flat = np.concatenate([[0], visible.T.ravel().astype(np.int8)])
    starts = np.flatnonzero(np.diff(flat))
    return {"size": list(visible.shape), "counts": np.diff([0, *starts.tolist(), visible.size]).tolist()}
