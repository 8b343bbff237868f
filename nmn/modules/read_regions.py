"""Regions with what a network has worked out of them once for all calls, which then only gather."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from nmn.modules.grid import GridTables, windows
from nmn.modules.rows import Rows
from nmn.regions import Regions


@dataclass(frozen=True)
class ReadRegions(Regions):
    """Regions with what the network makes of them, for all its words: see the module's docstring.

    ``logits`` have a last value of minus infinity, for attributes with fewer values than others. ``by_image`` are rates
    of relations, then of superlatives; on a grid all images share ``by_offset`` instead. ``things``: the truth that
    there is something in a region.
    """

    logits: Float[Tensor, "batch values regions"]
    by_image: Float[Tensor, "batch words others regions"] | None
    by_offset: GridTables | None
    sides: Float[Tensor, "batch sides regions"]
    panel_pairs: Float[Tensor, "batch words panels panels"]
    things: Float[Tensor, "batch regions"]

    @property
    def presence(self) -> Float[Tensor, "batch regions"]:
        """The truth that there is something in a region."""
        return self.things

    @cached_property
    def truths(self) -> Float[Tensor, "batch values regions"]:
        """The truth of every word of every region, all at once; a run takes those that it needs with ``truth``."""
        return torch.sigmoid(self.logits) * self.things.unsqueeze(1)

    def truth(self, image: Tensor, value: Tensor) -> Float[Tensor, "*calls regions"]:
        """Return the truth of a word of every region of an image, one of each a call; ``value`` may have more axes."""
        lead = image.view(-1, *[1] * (value.ndim - 1))
        logits = self._logit_rows.read((lead * self.logits.shape[1] + value).flatten())
        return torch.sigmoid(logits).view(*value.shape, -1) * self.things[image].view(*lead.shape, -1)

    def rate(self, image: Tensor, word: Tensor) -> Float[Tensor, "calls others regions"]:
        """Return the rates of pairs of an image, of a word a call."""
        return _read_pairs(self._rate_rows, self.rates, image, word)

    def pair(self, image: Tensor, word: Tensor) -> Float[Tensor, "calls others regions"]:
        """Return that pairs of an image hold, of a word a call."""
        return _read_pairs(self._pair_rows, self.pairs, image, word)

    @cached_property
    def _logit_rows(self) -> Rows:
        return Rows(self.logits.flatten(0, 1))

    @cached_property
    def _rate_rows(self) -> Rows:
        return Rows(self.rates.flatten(0, 1))

    @cached_property
    def _pair_rows(self) -> Rows:
        return Rows(self.pairs.flatten(0, 1))

    @cached_property
    def rates(self) -> Float[Tensor, "images words others regions"]:
        """The rates of pairs; the first axis is 1 where all images share them."""
        if self.by_offset is not None:
            return windows(self.by_offset.rates).unsqueeze(0)
        assert self.by_image is not None
        return self.by_image

    @cached_property
    def pairs(self) -> Float[Tensor, "images words others regions"]:
        """That each pair holds, ``1 - exp(-rate)``."""
        return -torch.expm1(-self.rates)


def _read_pairs(rows: Rows, tables: Tensor, image: Tensor, word: Tensor) -> Tensor:
    return rows.read(word if len(tables) == 1 else image * tables.shape[1] + word)
