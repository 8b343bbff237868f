"""Features on disk, so that a frozen backbone reads each picture once.

Under ``FOLDER/FINGERPRINT`` lie shards, one for each batch that was computed: safetensors files of the features, a
checksum for each image and, as metadata, the images' digests. They are written whole or not at all under names of their
own, so that several processes can share a folder; those of others are found when something is missing. Rows are read
through memory maps. A row whose checksum does not hold is computed again, and the newer shard counts; a file that is no
shard is deleted. In memory are the digests (about 200 bytes an image) and up to MAX_OPEN maps.
"""

import hashlib
import json
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from zlib import crc32

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor

from nmn.atomic import write_atomically
from nmn.checkpoint import read_header
from nmn.errors import CacheError, CheckpointError, ConfigError
from nmn.vision.backbone import Backbone

DTYPES = {"F32": np.float32, "F16": np.float16}
STORED = {"float32": torch.float32, "float16": torch.float16}
MAX_OPEN = 256  # memory maps; each holds one of the files that a process may have open
STALE_SECONDS = 3_600  # after which a part of a file is no longer being written
Compute = Callable[[list[int]], Tensor]


@dataclass(slots=True)
class Shard:
    """Where the rows of a file are, and which of them were found to be as they were written."""

    path: Path
    dtype: str
    begin: int
    shape: tuple[int, ...]
    checksums: list[int]
    verified: set[int] = field(default_factory=set)


class FeatureCache:
    """Features of images by the images' digests, for one backbone.

    ::

        cache = FeatureCache.of(backbone, "cache")
        digests = [image_digest(image) for image in images]
        features = cache.features(digests, lambda places: backbone(images[places].float() / 255))

    ``stored`` is "float32", or "float16" in half the space; what is returned is float32 and the same the first time as
    later. Threads may share a cache, and processes its folder. Raises CacheError where the folder cannot be written;
    what it held stays.
    """

    def __init__(self, folder: str | Path, fingerprint: str, stored: str = "float32") -> None:
        if stored not in STORED:
            raise ConfigError(f"stored: expected float32 or float16, got {stored!r}")
        self._made_from = (folder, fingerprint, stored)
        self.folder = Path(folder) / f"{fingerprint}-{stored}"
        self._stored = STORED[stored]
        self._rows: dict[str, tuple[Shard, int]] = {}
        self._known: set[str] = set()
        self._maps: OrderedDict[Path, NDArray[Any]] = OrderedDict()
        self._lock = Lock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_written(self.folder, error) from None
        self._discard_parts()
        self._find_shards()

    @classmethod
    def of(cls, backbone: Backbone, folder: str | Path, stored: str = "float32") -> "FeatureCache":
        """Return the cache of a frozen backbone; raise ConfigError for one that training would change."""
        if not backbone.frozen:
            raise ConfigError(f"{backbone.name}: features of a backbone that is trained cannot be kept; freeze it")
        return cls(folder, backbone.fingerprint, stored)

    def __len__(self) -> int:
        return len(self._rows)

    def __reduce__(self) -> tuple[object, ...]:
        return FeatureCache, self._made_from  # a process that gets a copy reads the folder by itself

    def features(self, digests: Sequence[str], compute: Compute) -> Float[Tensor, "batch channels rows columns"]:
        """Return features by digest; ``compute`` is called once, with the places of those missing, or not at all.

        So that what is known need not even be loaded: a digest may be any text that names an image's content. All
        images of one call give features of one shape.
        """
        found = self._read(digests)
        missing = {digest: place for place, digest in reversed(list(enumerate(digests))) if digest not in found}
        if missing:
            places = sorted(missing.values())
            rows = compute(places).detach().to("cpu", self._stored).contiguous()
            new = [digests[place] for place in places]
            self._write(new, rows)
            found |= zip(new, rows.numpy(), strict=True)
        shapes = {row.shape for row in found.values()}
        if len(shapes) > 1:
            raise CacheError(f"features of shapes {sorted(shapes)} in one batch; give images of one size")
        out = np.stack([found[digest] for digest in digests]) if digests else np.zeros((0, 0, 0, 0), np.float32)
        return torch.from_numpy(out).float()

    def _read(self, digests: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Return the rows that are known and whole, and forget those that are damaged."""
        with self._lock:
            if any(digest not in self._rows for digest in digests):
                self._find_shards()
            found: dict[str, NDArray[Any]] = {}
            for digest in digests:
                if digest in self._rows and digest not in found:
                    row = self._whole_row(digest, *self._rows[digest])
                    if row is None:
                        del self._rows[digest]
                    else:
                        found[digest] = row
            return found

    def _whole_row(self, digest: str, shard: Shard, place: int) -> NDArray[Any] | None:
        try:
            row: NDArray[Any] = self._map(shard)[place]
        except (OSError, ValueError):  # deleted since
            return None
        if place not in shard.verified:
            if _checksum(digest, row) != shard.checksums[place]:
                return None
            shard.verified.add(place)
        return row

    def _map(self, shard: Shard) -> NDArray[Any]:
        if shard.path not in self._maps:
            self._maps[shard.path] = np.asarray(
                np.memmap(shard.path, DTYPES[shard.dtype], "r", shard.begin, shard.shape)
            )
            if len(self._maps) > MAX_OPEN:
                self._maps.popitem(last=False)
        self._maps.move_to_end(shard.path)
        return self._maps[shard.path]

    def _write(self, digests: list[str], rows: Tensor) -> None:
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}.safetensors"
        checksums = torch.tensor([_checksum(digest, row) for digest, row in zip(digests, rows.numpy(), strict=True)])
        content = save({"features": rows, "checksums": checksums}, {"digests": json.dumps(digests)})
        try:
            write_atomically(self.folder / name, content, durable=False)
        except OSError as error:
            raise _not_written(self.folder, error) from None
        with self._lock:
            self._take(self.folder / name)

    def _find_shards(self) -> None:
        """Take in shards that were not there before, in the order of their age, so that the newest row counts."""
        try:
            names = {entry.name for entry in os.scandir(self.folder) if entry.name.endswith(".safetensors")}
        except OSError:
            return
        for name in sorted(names - self._known):
            self._take(self.folder / name)

    def _take(self, path: Path) -> None:
        self._known.add(path.name)
        try:
            shard, digests = read_shard(path)
        except OSError:  # it may be readable later
            self._known.discard(path.name)
            return
        except CheckpointError as error:
            if not isinstance(error.__context__, OSError):
                with suppress(OSError):
                    path.unlink()
            return
        self._rows.update((digest, (shard, place)) for place, digest in enumerate(digests))

    def _discard_parts(self) -> None:
        """Delete what processes that were killed left half written."""
        with suppress(OSError):
            for path in self.folder.glob(".*.part"):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()


def read_shard(path: Path) -> tuple[Shard, list[str]]:
    """Return a file's shard and the digest of each of its rows; raise CheckpointError where it is no whole shard."""
    header, begin = read_header(path)
    try:
        digests = json.loads(header["__metadata__"]["digests"])
        rows, sums = header["features"], header["checksums"]
        shape, dtype, start = tuple(rows["shape"]), rows["dtype"], begin + rows["data_offsets"][0]
        checksums = np.fromfile(path, np.int64, len(digests), offset=begin + sums["data_offsets"][0]).tolist()
        if dtype not in DTYPES or len(shape) != 4 or not shape[0] == len(digests) == len(checksums):
            raise ValueError
    except (KeyError, TypeError, ValueError, IndexError):
        raise CheckpointError(f"{path}: not a shard of a feature cache") from None
    return Shard(path, dtype, start, shape, checksums), digests


def image_digest(image: UInt8[Tensor, "3 height width"]) -> str:
    """Return 32 hexadecimal digits of an image's size and pixels."""
    digest = hashlib.sha256(f"{list(image.shape)}".encode())
    digest.update(image.cpu().contiguous().numpy().data)
    return digest.hexdigest()[:32]


def _checksum(digest: str, row: NDArray[Any]) -> int:
    """Return a checksum of a row's bytes, of their type and shape, and of the image that they belong to."""
    return crc32(row.tobytes(), crc32(f"{digest} {row.dtype} {row.shape}".encode()))


def _not_written(folder: Path, error: OSError) -> CacheError:
    return CacheError(
        f"{folder}: cannot be written: {error.strerror or error}; what was cached before is as it was: free some space"
        " or choose another folder"
    )
