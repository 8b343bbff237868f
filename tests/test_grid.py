"""Cells of a feature grid as regions."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from nmn.vision.grid import grid_regions


def test_cells_are_row_by_row_with_their_features_and_boxes() -> None:
    features = torch.rand(2, 5, 3, 7)
    regions = grid_regions(features, width=70, height=60)
    assert regions.features.shape == (2, 21, 5)
    assert torch.equal(regions.features[1, 7 * 2 + 4], features[1, :, 2, 4])
    assert regions.boxes[1, 7 * 2 + 4].tolist() == [40, 40, 50, 60]
    assert regions.mask.all()


def test_each_image_is_one_panel() -> None:
    regions = grid_regions(torch.rand(2, 5, 3, 7), width=70, height=60)
    assert regions.panels.boxes.tolist() == [[[0, 0, 70, 60]]] * 2
    assert regions.panels.members.shape == (2, 1, 21)
    assert regions.panels.members.all()
    assert regions.seen.shape == (2, 2, 21)


def test_features_are_a_view_that_gradients_pass() -> None:
    features = torch.rand(2, 5, 3, 7, requires_grad=True)
    regions = grid_regions(features, 70, 60)
    assert regions.features.data_ptr() == features.data_ptr()
    (gradient,) = torch.autograd.grad(regions.features.sum(), features)
    assert (gradient == 1).all()


@given(st.integers(1, 13), st.integers(1, 13), st.integers(1, 500), st.integers(1, 500))
def test_cells_tile_the_image(rows: int, columns: int, width: int, height: int) -> None:
    boxes = grid_regions(torch.zeros(1, 2, rows, columns), width, height).boxes[0].view(rows, columns, 4)
    assert torch.equal(boxes[:, 1:, 0], boxes[:, :-1, 2])
    assert torch.equal(boxes[1:, :, 1], boxes[:-1, :, 3])
    corners = [*boxes[0, 0, :2].tolist(), *boxes[-1, -1, 2:].tolist()]
    assert torch.allclose(torch.tensor(corners), torch.tensor([0.0, 0, width, height]))
