"""Datasets whose scenes are known, so that every call has an exact value: generated ones, SHAPES and NLVR."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nmn.assembler.trace import answer_text
from nmn.data.example import ImageExample
from nmn.data.nlvr import read_nlvr
from nmn.data.shapes import SPLITS as SHAPES_SPLITS
from nmn.data.shapes import read_pictures
from nmn.errors import DataError
from nmn.evaluation.generated import image_examples
from nmn.layout import Kind
from nmn.lexicon import Lexicon, load_lexicon
from nmn.vision.nlvr_format import nlvr_family, nlvr_scene
from synth_data.dataset import Dataset, read_dataset
from synth_data.write import MANIFEST


class Known(NamedTuple):
    """Examples with their scenes, what the words of these mean, and how questions are read: None as a network does."""

    examples: Sequence[ImageExample]
    lexicon: Lexicon
    grammar: str | None = None
    repair: bool = False


def read_known(folder: Path) -> Mapping[str, Known]:
    """Read the examples of a folder that have an answer in words, by split.

    A folder of SHAPES or NLVR has several splits, a split's folder of NLVR one. Raises DataError for a folder that is
    none of these, or whose scenes are not said.
    """
    name = folder.resolve().name
    if (folder / MANIFEST).is_file():
        return {name: known_of(read_dataset(folder), name)}
    if splits := [split for split in SHAPES_SPLITS if (folder / f"{split}.input.npy").is_file()]:
        words = load_lexicon("shapes")
        return {f"{name} {split}": Known(read_pictures(folder, split, scenes=True), words) for split in splits}
    listed = (folder.resolve() / f"{name}.json", *sorted(folder.resolve().glob("*/*.json")))
    if files := [path for path in listed if path.is_file() and path.stem == path.parent.name]:
        return {f"nlvr {path.stem}": _of_nlvr(path.parent) for path in files}
    raise DataError(
        f"{folder}: no dataset here whose every call has an exact value: expected {MANIFEST} of a generated one, or the"
        " files of SHAPES or of NLVR (SPLIT/SPLIT.json); CLEVR's have no boxes to compare attention with, and NLVR2 no"
        " scenes: nmn evaluate says how many of their answers are right"
    )


def _of_nlvr(folder: Path) -> Known:
    """Return a split's statements about the first of their pictures, read as they were written."""
    found = [
        ImageExample(one.sentence, image, answer_text(one.label, Kind.TRUTH), nlvr_family(boxes), scene)
        for one in read_nlvr(folder.parent, folder.name).examples
        if (boxes := one.structured_rep) and one.label is not None and (image := one.images[0].path)
        for scene in [nlvr_scene(boxes)]  # which checks the boxes
    ]
    if not found:
        raise DataError(f"{folder}: no statement has a label, a picture and the objects in it (structured_rep)")
    return Known(found, load_lexicon("nlvr"), "nlvr", repair=True)


def known_of(dataset: Dataset, name: str) -> Known:
    """Return the examples of a generated dataset; raise DataError where none has an answer in words."""
    examples = [example for _, example in image_examples(dataset)]
    if not examples:
        raise DataError(f"{name}: no question has an answer in words; those of the families refer point at objects")
    return Known(examples, dataset.config.words)
