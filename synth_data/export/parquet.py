"""Parquet shards that ``datasets.load_dataset("parquet", data_files=...)`` reads with images decoded.

A row is an example. The schema's metadata names the columns' features under the key ``huggingface``, an image being a
struct of the bytes of its file and a path, as Hugging Face's ``datasets`` writes them.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from nmn.errors import ConfigError
from synth_data.dataset import Dataset
from synth_data.example import Answer, Example
from synth_data.export.files import Shards, png_bytes

FEATURES: dict[str, str] = {
    "number": "int64", "image": "image", "text": "string", "family": "string", "answer": "string", "layout": "string",
    "scene": "string", "way": "string", "group": "int64",
}  # fmt: skip
ROW_GROUP = 100  # rows; what Hugging Face takes for images, so that a viewer can show a page of them


def write_parquet(dataset: Dataset, root: Path, split: str, shards: Shards) -> int:
    """Write data/SPLIT-00000-of-00012.parquet, ...; return how many examples. Raises ConfigError without pyarrow."""
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigError('format parquet needs pyarrow: pip install "nmn-reasoner[data]"') from None
    schema, written = _schema(arrow), 0
    (root / "data").mkdir()
    for shard, examples in enumerate(shards):
        rows = [_row(example, png_bytes(pixels)) for example, pixels in examples]
        path = root / "data" / f"{split}-{shard:05d}-of-{len(dataset.shards):05d}.parquet"
        parquet.write_table(arrow.Table.from_pylist(rows, schema=schema), path, row_group_size=ROW_GROUP)
        written += len(rows)
    return written


def answer_text(answer: Answer) -> str:
    """Return an answer as text: "true", "3", "red", "0 2" for objects.

    >>> answer_text(True), answer_text((0, 2))
    ('true', '0 2')
    """
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return " ".join(map(str, answer)) if isinstance(answer, tuple) else str(answer)


def hugging_face_features() -> dict[str, Any]:
    """Return the features of the columns as Hugging Face's ``Features.to_dict`` gives them."""
    return {
        name: {"_type": "Image"} if kind == "image" else {"dtype": kind, "_type": "Value"}
        for name, kind in FEATURES.items()
    }


def _schema(arrow: Any) -> Any:
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    kinds = {"int64": arrow.int64(), "string": arrow.string(), "image": image}
    metadata = json.dumps({"info": {"features": hugging_face_features()}})
    return arrow.schema([(name, kinds[kind]) for name, kind in FEATURES.items()], {"huggingface": metadata})


def _row(example: Example, png: bytes) -> dict[str, Any]:
    return {
        "number": example.number,
        "image": {"bytes": png, "path": f"{example.number:06d}.png"},
        "text": example.text,
        "family": example.family,
        "answer": answer_text(example.answer),
        "layout": str(example.layout),
        "scene": json.dumps(example.scene.to_json(), separators=(",", ":")),
        "way": example.way,
        "group": example.group,
    }
