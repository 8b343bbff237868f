"""Examples generated while a model trains, instead of read: for torch's DataLoader, on any number of processes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypedDict

import torch
from torch.utils.data import IterableDataset, get_worker_info

from nmn.errors import ConfigError
from synth_data.config import SynthConfig
from synth_data.example import Example
from synth_data.generate import blocks, generate_block
from synth_data.picture import draw_block

MOST = 10**9  # examples of an endless stream


class Streamed(TypedDict, total=False):
    """An example with its picture, uint8 [channels height width]: red, green, blue."""

    example: Example
    image: torch.Tensor


class ShapeStream(IterableDataset[Streamed]):
    """The examples of a configuration, made as they are asked for.

    Blocks are dealt out over ranks, and each rank's over the workers of its DataLoader, so that every block is made
    exactly once: together they give the examples that ``generate(config)`` gives, with the pictures that
    ``write_dataset`` writes. Which rank makes an example does not depend on the number of workers. ``endless`` goes on
    after ``config.size`` examples, up to MOST. A block is made whole before its first
    example comes.

    Examples do not stack, so give DataLoader a ``collate_fn`` or ``batch_size=None``:

    >>> from torch.utils.data import DataLoader
    >>> from synth_data import load_config
    >>> stream = ShapeStream(load_config("world", size=4, shard_size=4, families=["count"]))
    >>> [item["image"].shape for item in DataLoader(stream, batch_size=None)][:1]
    [torch.Size([3, 64, 64])]
    """

    def __init__(
        self, config: SynthConfig, *, rank: int = 0, world_size: int = 1, images: bool = True, endless: bool = False
    ) -> None:
        if not 0 <= rank < world_size:
            raise ConfigError(f"rank: expected 0 to {world_size - 1}, of world_size {world_size}; got {rank}")
        self.config = replace(config, size=MOST) if endless else config
        self.rank, self.world_size, self.images = rank, world_size, images

    def __iter__(self) -> Iterator[Streamed]:
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for block in range(blocks(self.config))[self.rank :: self.world_size][first::step]:
            yield from self._block(block)

    def _block(self, block: int) -> Iterator[Streamed]:
        examples = generate_block(self.config, block)
        if not self.images:
            yield from (Streamed(example=example) for example in examples)
            return
        pictures = torch.from_numpy(draw_block(examples, self.config, block)).permute(0, 3, 1, 2).contiguous()
        for example, image in zip(examples, pictures, strict=True):
            yield Streamed(example=example, image=image.clone())  # of its own, so that a worker sends it alone
