"""SHAPES' files (Andreas et al. 2016, as Hu et al. 2017 gave them out), which ``nmn.data.shapes`` reads.

::

    SPLIT.query          (is triangle (above (right_of square)))
    SPLIT.query_str.txt  is a triangle above right of a square
    SPLIT.output         true or false
    SPLIT.input.npy      uint8 [examples 30 30 3], blue, green, red

SHAPES relates cells, also empty ones, which are read off the pictures. An example whose answer is then another one, as
of a scene that was generated without them (empty_cells=false), is left out.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from nmn.data.shapes import decode_images
from nmn.errors import ConfigError, DataError
from nmn.layout import Layout
from nmn.scene import SceneGraph
from synth_data.dataset import Dataset
from synth_data.example import Example
from synth_data.export.files import Shards
from synth_data.house_styles import SHAPES_PX
from synth_data.picture import Pixels
from synth_data.reference import evaluate

WORLD = "shapes"


def write_shapes(dataset: Dataset, root: Path, split: str, shards: Shards) -> int:
    """Write the questions of SHAPES' language; return how many. Raises ConfigError for pictures of another kind."""
    config = dataset.config
    if {config.words.name, config.grammar, config.style} != {WORLD}:
        raise ConfigError(
            f'shapes: expected a dataset with lexicon, grammar and style "shapes", got {config.words.name}, '
            f"{config.grammar} and {config.style}; generate with --preset shapes"
        )
    written = 0
    with ExitStack() as stack:
        ends = (".query", ".query_str.txt", ".output")
        files = [stack.enter_context((root / (split + end)).open("w", encoding="utf-8", newline="\n")) for end in ends]
        pixels_file = stack.enter_context(TemporaryFile(dir=root))
        for shard in shards:
            images = np.stack([pixels[..., ::-1] for _, pixels in shard])  # blue first
            for (example, _), image, scene in zip(shard, images, _decoded(images), strict=True):
                if lines := _lines(example, scene, dataset):
                    written += 1
                    pixels_file.write(image.tobytes())
                    for file, line in zip(files, lines, strict=True):
                        file.write(line + "\n")
        pixels_file.seek(0)
        with (root / f"{split}.input.npy").open("wb") as npy:
            shape = (written, SHAPES_PX, SHAPES_PX, 3)
            np.lib.format.write_array_header_1_0(npy, {"descr": "|u1", "fortran_order": False, "shape": shape})
            shutil.copyfileobj(pixels_file, npy)
    return written


def _decoded(images: Pixels) -> list[SceneGraph]:
    """Return the cells that SHAPES' readers see in pictures; raise ConfigError where they see none."""
    try:
        return decode_images(images)
    except DataError as error:
        raise ConfigError(f"shapes: {error}; generate with the sizes and the grid of --preset shapes") from None


def _lines(example: Example, scene: SceneGraph, dataset: Dataset) -> tuple[str, str, str] | None:
    """Return an example's query, text and answer, or None where SHAPES does not have it; ``scene``: its cells."""
    question = query(example.layout)
    if question is None or evaluate(example.layout, scene, dataset.config.words) != example.answer:
        return None
    return question, example.text, "true" if example.answer else "false"


def query(layout: Layout) -> str | None:
    """Return a layout as SHAPES writes queries, or None where it is none of its language.

    >>> from nmn.layout import parse_layout
    >>> query(parse_layout("exists(and(find[red], relate[above](find[circle])))"))
    '(is red (above circle))'
    """
    if layout.module != "exists" or layout.operands[0].module != "and":
        return None
    subject, rest = layout.operands[0].operands
    words = list(_chain(rest))
    if subject.module != "find" or None in words or len(words) > 3:
        return None
    *relations, last = words
    return f"(is {subject.argument} {''.join(f'({name} ' for name in relations)}{last}{')' * len(relations)})"


def _chain(layout: Layout) -> Iterator[str | None]:
    """Yield the relations of a chain and the value at its end; None for what is no such chain."""
    while layout.module == "relate":
        yield layout.argument
        layout = layout.operands[0]
    yield layout.argument if layout.module == "find" else None
