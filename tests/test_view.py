"""Attention shown on an image."""

import torch

from nmn.vision.fit import Fitted
from nmn.vision.view import View, brought, view_of
from tests.networks import regions

PIXELS = torch.zeros(3, 5, 7, dtype=torch.uint8)


def test_regions_without_owners_cover_their_boxes_and_the_most_attended_shows() -> None:
    view = View(PIXELS, torch.tensor([[0.0, 0, 3, 2], [2.4, 1, 9, 9]]), None)
    heat = view.heat([0.5, 0.25])
    assert heat[:2, :3].eq(0.5).all() and heat[2:, 2:].eq(0.25).all() and heat[1, 3] == 0.25
    assert not heat[2:, :2].any() and not heat[0, 3:].any()


def test_a_box_beyond_the_image_is_cut() -> None:
    heat = View(PIXELS, torch.tensor([[-4.0, -3, 1, 1]]), None).heat([1.0])
    assert heat.nonzero().tolist() == [[0, 0]]


def test_a_box_outside_of_the_image_is_not_shown() -> None:
    boxes = torch.tensor([[0.0, -24, 6, -3], [-9, 0, -2, 4], [0, 6, 3, 9], [8, 0, 9, 3]])
    assert not View(PIXELS, boxes, None).heat([1.0] * 4).any()


def test_regions_with_owners_cover_what_they_own() -> None:
    owners = torch.zeros(5, 7, dtype=torch.uint8)
    owners[0], owners[4] = 1, 2
    heat = View(PIXELS, torch.zeros(2, 4), owners).heat([0.25, 1.0])
    assert heat[0].eq(0.25).all() and heat[4].eq(1).all() and not heat[1:4].any()


def test_an_owner_that_has_no_attention_is_no_error() -> None:
    owners = torch.full((5, 7), 3, dtype=torch.uint8)
    assert View(PIXELS, torch.zeros(0, 4), owners).heat([]).eq(0).all()


def test_owners_are_written_down_row_by_row_and_equal_rows_once() -> None:
    owners = torch.zeros(5, 7, dtype=torch.uint8)
    owners[1:3, 2:6] = 2
    assert View(PIXELS, torch.zeros(2, 4), owners).owner_rows == [[1, 0, 7], [2, 0, 2, 2, 4, 0, 1], [2, 0, 7]]
    assert View(PIXELS, torch.zeros(2, 4), None).owner_rows is None


def test_attention_is_shown_on_the_boxes_that_are_written_down() -> None:
    view = View(PIXELS, torch.tensor([[1.496, 0, 3, 1]]), None)  # 1.5 on paper, so that it starts at 2
    assert view.places == [[1.5, 0, 3, 1]] and view.heat([1.0])[0].nonzero().flatten().tolist() == [2]


def test_an_image_is_brought_to_its_longer_side() -> None:
    fitted = brought(torch.zeros(3, 30, 90, dtype=torch.uint8), 45, square=False)
    assert fitted.pixels.shape == (3, 15, 45) and fitted.scale == (0.5, 0.5)


def test_boxes_and_owners_are_brought_back_to_the_image() -> None:
    some = regions(7, grid=False)
    image, fitted = (
        torch.zeros(3, 12, 16, dtype=torch.uint8),
        Fitted(torch.zeros(3, 6, 8, dtype=torch.uint8), (0.5, 0.5), 0, 0),
    )
    owners = torch.zeros(7, 3, 4, dtype=torch.uint8)
    owners[2, 1, 3] = 2
    view = view_of(image, fitted, {"owners": owners}, some, 2)
    assert torch.equal(view.boxes, some.boxes[2, :3] * 2)
    assert view.owners is not None and view.owners.shape == (12, 16)
    assert view.owners.nonzero().tolist() == [[y, x] for y in range(4, 8) for x in range(12, 16)]
    assert set(view.owners.flatten().tolist()) == {0, 2}
