"""Pictures turned by quarters and mirrored, and what is seen of them turned back."""

import pytest
import torch

from nmn.vision.turns import MIRRORED, WAYS, distances_back, turned, turned_back

EVERY_WAY = pytest.mark.parametrize("way", range(WAYS))


def test_no_two_ways_are_the_same_and_the_first_changes_nothing() -> None:
    maps = torch.tensor([[1, 2], [3, 4]])
    assert len({tuple(turned(maps, way).flatten().tolist()) for way in range(WAYS)}) == WAYS
    assert torch.equal(turned(maps, 0), maps)
    assert turned(maps, 1).tolist() == [[2, 4], [1, 3]]
    assert turned(maps, MIRRORED).tolist() == [[2, 1], [4, 3]]


@EVERY_WAY
def test_turning_back_undoes_turning(way: int) -> None:
    maps = torch.arange(24).view(1, 2, 3, 4)
    assert torch.equal(turned_back(turned(maps, way), way), maps)


@EVERY_WAY
def test_distances_to_the_sides_are_those_of_the_picture_that_was_turned(way: int) -> None:
    """Distances from each pixel to the sides of a box, worked out in the turned picture from its pixels alone."""
    shown = torch.zeros(1, 5, 7, dtype=torch.bool)
    shown[0, 1:3, 2:7] = True
    assert torch.equal(distances_back(_distances(turned(shown, way)), way), _distances(shown))


def _distances(shown: torch.Tensor) -> torch.Tensor:
    y, x = shown[0].nonzero().unbind(-1)
    rows, columns = torch.meshgrid(*(torch.arange(side) + 0.5 for side in shown.shape[1:]), indexing="ij")
    sides = [columns - x.min(), rows - y.min(), x.max() + 1 - columns, y.max() + 1 - rows]
    return torch.stack(sides).unsqueeze(0)
