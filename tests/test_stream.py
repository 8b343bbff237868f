"""Streams: every example once, whoever makes it, with the pictures that a written dataset has."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from nmn.errors import ConfigError
from synth_data.config import SynthConfig, load_config
from synth_data.dataset import read_dataset
from synth_data.generate import generate
from synth_data.render import from_jpeg
from synth_data.stream import ShapeStream, Streamed
from synth_data.write import write_dataset

# a fork of a process with threads, which is what DataLoader does on Linux, is warned of from Python 3.12 on
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def small(**settings: Any) -> SynthConfig:
    return load_config("world", **{"size": 34, "shard_size": 10, "families": ["existence", "query"], **settings})


def loaded(stream: ShapeStream, workers: int = 0) -> list[Streamed]:
    return list(DataLoader(stream, batch_size=None, num_workers=workers))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_workers_give_every_example_once(workers: int) -> None:
    config = small()
    examples = [item["example"] for item in loaded(ShapeStream(config, images=False), workers)]
    assert sorted(examples, key=lambda example: example.number) == list(generate(config))


@pytest.mark.parametrize("workers", [0, 2])
def test_ranks_share_the_examples_out(workers: int) -> None:
    config = small()
    ranks = [
        [item["example"] for item in loaded(ShapeStream(config, rank=rank, world_size=2, images=False), workers)]
        for rank in range(2)
    ]
    assert [len(examples) for examples in ranks] == [20, 14]
    both = [example for examples in ranks for example in examples]
    assert sorted(both, key=lambda example: example.number) == list(generate(config))


def test_pictures_are_those_of_the_written_dataset(tmp_path: Path) -> None:
    config = small(noise_sigma=12.0, texture="textured", textures="solid")
    write_dataset(config, tmp_path)
    dataset = read_dataset(tmp_path)
    items = loaded(ShapeStream(config), workers=2)
    assert len(items) == config.size
    for item in items:
        shard, place = divmod(item["example"].number, config.shard_size)
        stored = torch.tensor(dataset.images(shard)[place].tolist(), dtype=torch.uint8)
        assert item["image"].shape == (3, 64, 64) and torch.equal(item["image"].permute(1, 2, 0), stored)


def test_each_picture_is_stored_at_one_of_the_qualities_by_chance() -> None:
    plain, mixed = (list(ShapeStream(small(jpeg=qualities))) for qualities in ((), (0, 60)))
    stored = [from_jpeg(item["image"].permute(1, 2, 0).numpy(), 60) for item in plain]
    kinds = [
        (
            torch.equal(item["image"], before["image"]),
            np.array_equal(item["image"].permute(1, 2, 0).numpy(), again),
        )
        for item, before, again in zip(mixed, plain, stored, strict=True)
    ]
    assert set(kinds) == {(True, False), (False, True)}


def test_an_endless_stream_begins_as_the_dataset_does() -> None:
    config = small(size=10)
    stream = iter(ShapeStream(config, images=False, endless=True))
    examples = [next(stream)["example"] for _ in range(25)]
    assert examples[:10] == list(generate(config))
    assert [example.number for example in examples] == list(range(25))


def test_a_stream_begins_again() -> None:
    stream = ShapeStream(small(size=10), images=False)
    assert loaded(stream) == loaded(stream)


def test_a_rank_beyond_the_world_is_refused() -> None:
    with pytest.raises(ConfigError, match="rank: expected 0 to 1, of world_size 2; got 2"):
        ShapeStream(small(), rank=2, world_size=2)
