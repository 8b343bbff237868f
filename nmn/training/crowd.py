"""NLVR's statements, as people wrote them, as examples beside generated ones; an image of each, the one of order 0."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from nmn.data.nlvr import read_nlvr, read_pixels
from nmn.errors import DataError
from nmn.language.crowd.read import read_statement
from nmn.vision.nlvr_format import nlvr_scene
from synth_data.example import Example

FAMILY = "crowd"


@lru_cache(maxsize=4)
def crowd_statements(folder: str, split: str) -> tuple[tuple[Example, ...], UInt8[Tensor, "images 3 height width"]]:
    """Return the labelled statements of a split whose image is there, numbered as their images are.

    A layout is what the grammar reads. Raises DataError for files that are no split of NLVR.
    """
    examples: list[Example] = []
    images = []
    for one in read_nlvr(Path(folder), split).examples:
        path = one.images[0].path
        if path is None or one.label is None or not one.structured_rep:
            continue
        images.append(np.ascontiguousarray(read_pixels(path).transpose(2, 0, 1)))
        layout, scene = read_statement(one.sentence).layout, nlvr_scene(one.structured_rep)
        examples.append(Example(len(examples), FAMILY, one.sentence, layout, one.label, scene, ()))
    if not examples:
        raise DataError(f"{folder}: no statement of {split} has a label, a scene and an image")
    return tuple(examples), torch.from_numpy(np.stack(images))
