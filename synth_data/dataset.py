"""Reading a dataset back: examples and images, shard by shard, without holding more than one shard."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nmn.config import build_settings
from nmn.errors import ConfigError, DataError, NmnError
from synth_data.config import SynthConfig
from synth_data.example import Example, example_from_json
from synth_data.generate import blocks, shard_size
from synth_data.picture import as_stored
from synth_data.write import MANIFEST, is_as_written, read_manifest, read_sums, shard_files

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Dataset:
    """A dataset's directory and configuration."""

    root: Path
    config: SynthConfig

    def __len__(self) -> int:
        return self.config.size

    def __iter__(self) -> Iterator[Example]:
        for shard in range(blocks(self.config)):
            yield from self.examples(shard)

    @property
    def shards(self) -> range:
        """The numbers of its shards."""
        return range(blocks(self.config))

    def examples(self, shard: int) -> list[Example]:
        """Read one shard's examples; raise DataError that names the file and line at fault."""
        path = self.root / f"{shard:05d}.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise DataError(
                f"{path}: cannot be read: {error.strerror}; generate the dataset again to complete it"
            ) from None
        except UnicodeDecodeError:
            raise DataError(f"{path}: corrupted: not UTF-8 text; {_anew(shard)}") from None
        if len(lines) != shard_size(self.config, shard):
            wanted = shard_size(self.config, shard)
            raise DataError(f"{path}: corrupted: {len(lines)} examples, expected {wanted}; {_anew(shard)}")
        return [self._example(path, shard, number, line) for number, line in enumerate(lines, 1)]

    def _example(self, path: Path, shard: int, number: int, line: str) -> Example:
        try:
            return example_from_json(json.loads(line))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            reason = error if isinstance(error, NmnError) else f"{type(error).__name__}: {error}"
            raise DataError(f"{path}, line {number}: corrupted: {reason}; {_anew(shard)}") from None

    def images(self, shard: int) -> Pictures:
        """Return one shard's images [examples height width 3], red, green, blue; an array of them is a memory map."""
        if self.config.images == "none":
            raise DataError(f"{self.root}: holds no images (images=none)")
        try:
            if self.config.images == "npy":
                return as_stored(np.load(self.root / f"{shard:05d}.npy", mmap_mode="r"), self.config)
            paths = sorted((self.root / f"{shard:05d}").glob("*.png"))
            return np.stack([np.asarray(Image.open(path)) for path in paths])
        except (OSError, ValueError, EOFError) as error:
            raise DataError(f"{self.root}: images of shard {shard} cannot be read: {error}; {_anew(shard)}") from None

    def masks(self, shard: int) -> Pictures:
        """Return one shard's masks [examples height width]: 0 background, 1 + i where object i is seen."""
        try:
            return np.load(self.root / f"{shard:05d}.masks.npy", mmap_mode="r")  # type: ignore[no-any-return]
        except (OSError, ValueError, EOFError):
            raise DataError(f"{self.root}: no masks of shard {shard}; generate with masks=true") from None

    def check_sums(self, shard: int) -> None:
        """Raise DataError naming the first file of a shard that is not what was written."""
        path = self.root / f"{shard:05d}.sha256"
        try:
            sums = read_sums(path)
        except (OSError, UnicodeDecodeError):
            raise DataError(f"{path}: missing: the dataset is not complete; generate it again to go on") from None
        if missing := set(shard_files(self.config, shard)) - sums.keys():
            raise DataError(f"{path}: corrupted: it has no checksum of {min(missing)}; {_anew(shard)}")
        for name, checksum in sums.items():
            if not is_as_written(self.root / name, checksum):
                raise DataError(
                    f"{self.root / name}: corrupted or missing: its checksum is not the one in {path.name};"
                    f" {_anew(shard)}"
                )


def _anew(shard: int) -> str:
    """Return how a shard is mended."""
    return f"generate the dataset again into its directory, which writes shard {shard} anew"


def read_dataset(directory: str | Path) -> Dataset:
    """Open a dataset; raise DataError where there is none, or one of another version."""
    root = Path(directory)
    manifest: dict[str, Any] = read_manifest(root)
    try:
        return Dataset(root, build_settings(SynthConfig, manifest["config"]))
    except ConfigError as error:
        raise DataError(f"{root / MANIFEST}: corrupted: {error}") from None
