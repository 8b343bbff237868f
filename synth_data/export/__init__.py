"""Datasets in other people's formats: NLVR, NLVR2, SHAPES, CLEVR, COCO and Parquet.

One file a format. Each reads one shard at a time; lists that a format wants in a single JSON object are spooled to
disk, so memory does not grow with the dataset.
"""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nmn.errors import ConfigError, did_you_mean
from synth_data.dataset import Dataset
from synth_data.export.clevr import write_clevr
from synth_data.export.coco import write_coco
from synth_data.export.files import Shards, pictured, staged
from synth_data.export.nlvr import write_nlvr
from synth_data.export.pairs import write_pairs
from synth_data.export.parquet import write_parquet
from synth_data.export.shapes import write_shapes

SPLIT_NAME = re.compile(r"[\w-][\w.-]*")  # part of file names
log = logging.getLogger(__name__)


class Format(NamedTuple):
    """A format: what writes it, returning how many examples it took, and which examples it has room for."""

    write: Callable[[Dataset, Path, str, Shards], int]
    holds: str


FORMATS: dict[str, Format] = {
    "nlvr": Format(write_nlvr, "texts that are true or false"),
    "pairs": Format(write_pairs, "texts of two images that are true or false"),
    "shapes": Format(write_shapes, "questions of SHAPES' own language, with the answer that its nine cells give"),
    "clevr": Format(write_clevr, "texts that a word, a number, yes or no answers"),
    "coco": Format(write_coco, "every example"),
    "parquet": Format(write_parquet, "every example"),
}


def export_dataset(
    dataset: Dataset, out: str | Path, format: str, split: str = "train", report: Callable[[int], None] | None = None
) -> int:
    """Write a dataset in another format and return how many examples; ``report`` is told those of each shard done.

    What a format has no room for is left out, with a warning that counts it. The files appear in ``out`` together, when
    all are written. Raises ConfigError for an unknown format or one that fits no example, DataError where ``out`` is
    not empty or cannot be written.
    """
    if format not in FORMATS:
        raise ConfigError(f'no format "{format}"; there are {", ".join(FORMATS)}{did_you_mean(format, FORMATS)}')
    if not SPLIT_NAME.fullmatch(split):
        raise ConfigError(f"split: expected letters, digits, dots, - and _ for names of files; got {split!r}")
    with staged(Path(out)) as root:
        written = FORMATS[format].write(dataset, root, split, pictured(dataset, report or (lambda _: None)))
        if not written:
            raise ConfigError(f"{format} holds {FORMATS[format].holds}; {dataset.root} has none")
    if written < dataset.config.size:
        total = dataset.config.size
        log.warning("%s of %s examples left out: %s holds %s", total - written, total, format, FORMATS[format].holds)
    return written
