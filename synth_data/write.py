"""A dataset on disk: a manifest and shards, each written whole or not at all, so that any run can be resumed.

::

    DIR/manifest.json        format, generator version, resolved config; "complete" once every shard is there
    DIR/00000.jsonl          a shard's examples, one JSON object a line
    DIR/00000.npy            their images, uint8 [examples height width 3]: red, green, blue, but in the style "shapes"
                             blue, green, red as in SHAPES' own files; or, as red, green, blue, 00000/000000.png, ...
    DIR/00000.masks.npy      if asked for: uint8 [examples height width], 0 background, 1 + i where object i is seen
    DIR/00000.sha256         checksums of the shard's files; written last, so that a shard with it is finished

A shard is a function of (config, number), whoever writes it and in whatever order.
"""

import hashlib
import io
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nmn.atomic import write_atomically
from nmn.config import settings_json
from nmn.errors import ConfigError, DataError, LexiconError
from nmn.lexicon import load_lexicon
from synth_data.config import SynthConfig
from synth_data.generate import blocks, generate_block, shard_size
from synth_data.maker import Maker
from synth_data.picture import as_stored, draw_block, index_mask
from synth_data.workers import worker_pool

FORMAT = 1
VERSION = "3"  # of the generator: raised whenever the same config gives other bytes
MANIFEST = "manifest.json"
ENGINES = ("local", "ray")
Report = Callable[[int], None]


def write_dataset(
    config: SynthConfig, directory: str | Path, workers: int = 1, engine: str = "local", report: Report | None = None
) -> None:
    """Write a dataset, or what is missing of it; ``report`` is told the number of examples of each finished shard.

    Raises DataError where the directory holds something else, cannot be written or runs full; finished shards stay.
    """
    if engine not in ENGINES:
        raise ConfigError(f"engine: expected one of {', '.join(ENGINES)}; got {engine!r}")
    root, begun = Path(directory), time.time()
    Maker(config)  # raises what is wrong with the configuration before anything is written
    try:
        _prepare(root, config)
    except OSError as error:
        raise DataError(f"{root}: cannot be written: {error.strerror}; choose a directory that can be") from error
    try:
        todo = [shard for shard in range(blocks(config)) if not _finished(root, config, shard)]
        tell = report or (lambda _: None)
        for shard in set(range(blocks(config))) - set(todo):
            tell(shard_size(config, shard))
        for shard in _run(config, root, todo, workers, engine):
            tell(shard_size(config, shard))
        _sweep(root, begun)
        write_atomically(root / MANIFEST, _manifest(config, complete=True))
    except ConfigError:  # found while scenes were placed: leave the directory to the settings that are tried next
        if not any(root.glob("*.sha256")):
            (root / MANIFEST).unlink(missing_ok=True)
        raise
    except OSError as error:
        raise DataError(
            f"{error.filename or root}: cannot be written: {error.strerror}; finished shards are kept, the same "
            "command goes on from them"
        ) from error
    except BrokenProcessPool as error:
        raise DataError(
            f"{root}: a worker was killed; finished shards are kept, the same command goes on from them"
        ) from error


def _sweep(root: Path, begun: float) -> None:
    """Remove what runs that were killed before this one began left half written."""
    for part in root.rglob(".*.part"):
        with suppress(FileNotFoundError):
            if part.stat().st_mtime < begun:
                part.unlink()


def write_shard(config: SynthConfig, directory: str, shard: int) -> int:
    """Generate and write one shard; return its number."""
    root, stem = Path(directory), f"{shard:05d}"
    examples = generate_block(config, shard)
    lines = "".join(json.dumps(example.to_json(), separators=(",", ":")) + "\n" for example in examples)
    files = {f"{stem}.jsonl": lines.encode()}
    if config.images != "none":
        pictures = draw_block(examples, config, shard)
        if config.images == "npy":
            files[f"{stem}.npy"] = _npy(as_stored(pictures, config))
        else:
            files |= _pngs(stem, pictures)
    if config.masks:
        files[f"{stem}.masks.npy"] = _npy(np.stack([index_mask(example.scene, config) for example in examples]))
    for name, content in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        write_atomically(root / name, content)
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    write_atomically(root / f"{stem}.sha256", sums.encode())
    return shard


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _pngs(stem: str, pictures: NDArray[np.uint8]) -> dict[str, bytes]:
    files = {}
    for place, pixels in enumerate(pictures):
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=1)
        files[f"{stem}/{place:06d}.png"] = buffer.getvalue()
    return files


def _manifest(config: SynthConfig, complete: bool) -> bytes:
    data = {
        "format": FORMAT,
        "generator": VERSION,
        "complete": complete,
        "examples": config.size,
        "config": settings_json(config),
    }
    return (json.dumps(data, indent=1) + "\n").encode()


def _prepare(root: Path, config: SynthConfig) -> None:
    """Make the directory and its manifest, or check that what is there is the same dataset."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / MANIFEST
    if path.exists():
        old = read_manifest(root)["config"]
        changed = [
            _difference(key, old.get(key), value)
            for key, value in settings_json(config).items()
            if old.get(key) != value
        ]
        if changed:
            raise DataError(
                f"{root}: holds a dataset of another configuration ({'; '.join(changed[:3])}); choose another directory"
            )
        return
    if any(entry.name[0] != "." for entry in root.iterdir()):
        raise DataError(f"{root}: not empty, and no dataset of ours; choose an empty or a new directory")
    write_atomically(path, _manifest(config, complete=False))


def _difference(key: str, old: Any, new: Any) -> str:
    """Return in words how a setting differs; a lexicon of one's own is pages long, so its name alone."""
    if key != "lexicon":
        return f"{key}={old!r}, not {new!r}"
    named, other = load_lexicon(new).name, "another"
    with suppress(LexiconError):  # one that this version does not read
        other = load_lexicon(str(old)).name
    return f"lexicon {other}, not {named}" if other != named else f"other words in the lexicon {named}"


def read_manifest(root: Path) -> dict[str, Any]:
    """Return a dataset's manifest; raise DataError where it is missing, broken or of another version."""
    path = root / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        written = data["generator"], data["format"]
        data["config"]["size"]
    except FileNotFoundError:
        raise DataError(
            f"{root}: no dataset here: {MANIFEST} is missing; give a directory that synth-data generate wrote"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path}: not a readable manifest: {error}; put it back, or generate the dataset in another directory"
        ) from None
    if written != (VERSION, FORMAT):
        raise DataError(
            f"{path}: written by generator version {written[0]}, format {written[1]}; this one is version {VERSION}, "
            f"format {FORMAT}: generate the dataset again from its config"
        )
    return data  # type: ignore[no-any-return]


def _finished(root: Path, config: SynthConfig, shard: int) -> bool:
    """Whether a shard's checksums are there, and every file that they are of is as it was written."""
    path = root / f"{shard:05d}.sha256"
    if not path.is_file():
        return False
    try:
        sums = read_sums(path)
    except UnicodeDecodeError:
        return False
    return sums.keys() >= set(shard_files(config, shard)) and all(
        is_as_written(root / name, sums[name]) for name in sums
    )


def read_sums(path: Path) -> dict[str, str]:
    """Return the checksum of each file that a shard's checksums are of; raise OSError and UnicodeDecodeError."""
    lines = path.read_text(encoding="ascii").splitlines()
    return {name: checksum for checksum, _, name in (line.partition("  ") for line in lines)}


def is_as_written(path: Path, checksum: str) -> bool:
    """Whether a file is there and has its checksum."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == checksum


def shard_files(config: SynthConfig, shard: int) -> list[str]:
    """Return the names of a shard's files."""
    stem = f"{shard:05d}"
    images = {
        "npy": [f"{stem}.npy"],
        "png": [f"{stem}/{place:06d}.png" for place in range(shard_size(config, shard))],
        "none": [],
    }
    return [f"{stem}.jsonl", *images[config.images], *([f"{stem}.masks.npy"] if config.masks else [])]


def _run(config: SynthConfig, root: Path, todo: list[int], workers: int, engine: str) -> Iterator[int]:
    """Yield the number of each shard as it is finished."""
    if engine == "ray":
        yield from _run_ray(config, root, todo, workers)
    elif workers <= 1 or len(todo) <= 1:
        for shard in todo:
            yield write_shard(config, str(root), shard)
    else:
        with worker_pool(min(workers, len(todo))) as pool:
            futures = [pool.submit(write_shard, config, str(root), shard) for shard in todo]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                pool.shutdown(cancel_futures=True)


def _run_ray(config: SynthConfig, root: Path, todo: Iterable[int], workers: int) -> Iterator[int]:
    """Write shards on a Ray cluster whose nodes share the directory: the running one, else one of its own."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise ConfigError('engine=ray needs Ray: pip install "nmn-reasoner[ray]"') from None
    if not ray.is_initialized():
        ray.init(num_cpus=max(1, workers), include_dashboard=False, log_to_driver=False)
    remote = ray.remote(num_cpus=1)(write_shard)
    running = [remote.remote(config, str(root.resolve()), shard) for shard in todo]
    while running:
        done, running = ray.wait(running)
        yield from ray.get(done)
